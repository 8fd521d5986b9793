//! A component's verify ticket: the newest one, and what to say where there is none.

use std::time::Duration;

use super::Credentials;
use crate::clock::Moment;
use crate::errcode::ErrorKind;
use crate::storage::store::Owner;
use crate::{Error, VerifyTicket};

/// How long WeChat takes a verify ticket for good.
const LIFE: Duration = Duration::from_secs(12 * 3600);

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
