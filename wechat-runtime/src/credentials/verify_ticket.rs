//! A component's verify ticket: the newest one, and what to say where there is none.

#[cfg(feature = "callback-codec")]
use std::sync::LazyLock;
use std::time::Duration;

use super::Credentials;
#[cfg(feature = "callback-codec")]
use super::lane::Lane;
use crate::clock::Moment;
use crate::errcode::ErrorKind;
#[cfg(feature = "callback-codec")]
use crate::flight::Flights;
use crate::storage::store::Owner;
use crate::{Error, VerifyTicket};

/// How long WeChat takes a verify ticket for good.
const LIFE: Duration = Duration::from_secs(12 * 3600);

/// The tickets that are being kept in this process. Each looks before it saves, and so they come one after the other.
#[cfg(feature = "callback-codec")]
static KEEPING: LazyLock<Flights<Lane, Result<(), Error>>> = LazyLock::new(Flights::new);

impl Credentials {
    /// The newest verify ticket, old or not.
    pub(super) async fn verify_ticket(&self, owner: &dyn Owner) -> Result<Option<VerifyTicket>, Error> {
        let read = self.component_owner(owner)?.verify_ticket(&self.key.account.appid);
        let ticket = self.ask_storage_for("read", "component verify ticket", read).await?;
        Ok(ticket.filter(|ticket| !ticket.component_verify_ticket().expose().is_empty()))
    }

    /// Refuses to ask WeChat with a ticket that it is certain to refuse.
    pub(super) fn check_verify_ticket(&self, ticket: Option<VerifyTicket>) -> Result<VerifyTicket, Error> {
        let Some(ticket) = ticket else {
            const NONE: &str = "WeChat has pushed no component verify ticket that was kept";
            return Err(self.error(ErrorKind::NoVerifyTicket, NONE));
        };
        let age = self.now().since(Moment::from_unix(ticket.timestamp()));
        if age < LIFE {
            return Ok(ticket);
        }
        let (hours, minutes) = (age.as_secs() / 3600, age.as_secs() / 60 % 60);
        let old = format!(
            "the last component verify ticket was pushed {hours} h {minutes} min ago, and is good for 12 h"
        );
        Err(self.error(ErrorKind::NoVerifyTicket, old).with_verify_ticket_age(age))
    }

    /// Keeps a verify ticket that was pushed, unless a newer one is kept already.
    #[cfg(feature = "callback-codec")]
    pub(crate) async fn keep_verify_ticket(&self, pushed: VerifyTicket) -> Result<(), Error> {
        let this = self.clone();
        let work = move || {
            let (this, pushed) = (this.clone(), pushed.clone());
            async move { this.keep_verify_ticket_now(pushed).await }
        };
        // A read and a save.
        let within = self.storage_patience().saturating_mul(3);
        let kept = KEEPING.in_turn(self.lane(), within, work).await;
        kept.unwrap_or_else(|| Err(self.shutting_down()))
    }

    #[cfg(feature = "callback-codec")]
    async fn keep_verify_ticket_now(&self, pushed: VerifyTicket) -> Result<(), Error> {
        let owner = self.owner()?;
        let newer = self.verify_ticket(owner).await?.filter(|kept| kept.timestamp() > pushed.timestamp());
        if newer.is_some() {
            tracing::debug!("a component verify ticket that is older than the one kept is not kept");
            return Ok(());
        }
        let save = self.component_owner(owner)?.save_verify_ticket(&self.key.account.appid, pushed);
        self.ask_storage_for("save", "component verify ticket", save).await.map(drop)
    }
}
