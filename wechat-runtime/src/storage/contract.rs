//! A test-suite for storage adapters: what the traits' documentation asks of yours, tried on it.
//!
//! One line in a test of yours:
//!
//! ```
//! use wechat_runtime::{adapters::Memory, storage::contract};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! contract::hub(Memory::new(), ()).check().await;
//! # }
//! ```
//!
//! Some checks need more than one adapter, and are listed as not run without it:
//!
//! ```
//! # use wechat_runtime::{Secret, Ticket, TicketType, Token, async_trait, storage};
//! # struct NoServer;
//! # fn down() -> storage::Error { storage::Error::msg("no server") }
//! # #[async_trait]
//! # impl storage::Hub for NoServer {
//! #     type Args = ();
//! #     async fn fetch_secret_key(&self, _: &str, _: &()) -> storage::Result<Option<Secret>> { Err(down()) }
//! #     async fn fetch_access_token(&self, _: &str, _: &()) -> storage::Result<Option<Token>> { Err(down()) }
//! #     async fn save_access_token(&self, _: &str, _: Token, _: &()) -> storage::Result<Token> { Err(down()) }
//! #     async fn fetch_ticket(&self, _: &str, _: &TicketType, _: &()) -> storage::Result<Option<Ticket>> { Err(down()) }
//! #     async fn save_ticket(&self, _: &str, _: Ticket, _: &()) -> storage::Result<Ticket> { Err(down()) }
//! # }
//! use wechat_runtime::{adapters::Memory, storage::contract};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let first = Memory::new().with_secret("wx1f2e3d4c5b6a7988", "the app secret");
//! let second = first.clone(); // for yours: another connection to the same storage
//!
//! let report = contract::hub(first, ())
//!     .also(second, ())
//!     .unreachable(NoServer, ()) // for yours: the adapter, led to a port where nobody listens
//!     .with_secret("wx1f2e3d4c5b6a7988", "the app secret")
//!     .report()
//!     .await;
//! println!("{report}");
//! report.assert();
//! # }
//! ```
//!
//! Storages of component applications are tried by [`component_hub`], in the same way. A type that implements both traits is
//! tried by both:
//!
//! ```
//! use wechat_runtime::{adapters::Memory, storage::contract};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let memory = Memory::new();
//! contract::hub(memory.clone(), ()).check().await;
//! contract::component_hub(memory, ()).check().await;
//! # }
//! ```
//!
//! # What is checked
//!
//! Nothing saved is `Ok(None)`. A record is read back whole, be it expired, of either
//! [kind](crate::TokenKind), 512 characters long or full of punctuation; it replaces the one before, is seen
//! by every read that begins after its save has answered, and is not seen under another account, another
//! ticket type, or as a ticket when it is a token. Savers and readers at once tear no record, lose none, and
//! bring none back.
//! A storage that cannot be reached is an `Err`, and the error does not tell what was to be saved.
//!
//! Of a [`ComponentHub`], all of this is tried with the component's own token and verify ticket, with the record of an
//! authorizer, all its fields, and with an authorizer's tickets. Another account is another component, another
//! authorizer of the same one, or the same authorizer of another. Besides, what an authorizer's record does not tell
//! stays as it is stored; a refresh token that is replaced becomes the previous one; of two times, the later stays; and
//! several who save at once, each something else, take nothing from each other, which needs a transaction. The access
//! token in such a record expires, and the refresh token does not: who lets the record go with the one has lost what
//! the next is bought with.
//!
//! Of a storage that answers with a [`Coordinator`](super::Coordinator), its promises are tried in every [`Slot`](super::Slot)
//! that is led, through all adapters given by `also`, as several processes would. Of many who begin at once, one leads; each
//! lead's fence is higher than all before; who dies is followed by exactly one when its lease lapses; what is committed or
//! noted is read whole by `fetch_*` and by whoever begins; what comes late, or with a fence that nobody has, changes nothing;
//! and `save_*` past the lead ends it. Commits, saves and leads at once miss nothing of each other, which needs a transaction
//! for each call. Leases of 300 ms are waited for, by the coordinator's own clock: some three seconds in all. Where there is no
//! coordinator, these checks are [`NotApplicable`](Verdict::NotApplicable), and one line of the report says so.
//!
//! A callback that panics, or does not answer [in time](Contract::time_limit), has failed the check. One
//! that blocks its thread for ever cannot be cut short, here as elsewhere.
//!
//! Not checked: `refresh_access_token` and `refresh_component_access_token`, because one that is overridden is obeyed
//! whatever it answers; appids that differ in upper and lower case only, because there are none; and whether a coordinator's
//! clock is right, as long as it is one, and moves.
//!
//! # What it leaves behind
//!
//! Each run writes some hundreds of records, of accounts that no run before it used: their appids begin with
//! `wxfeed`, followed by twelve random hexadecimal digits (and, to try what looks alike, a few characters
//! more). So it can be run again on the same storage, and several times at once. The traits have no way to
//! delete, so the records stay; their values begin with `not-a-token-`, and grant nothing.

mod checks;
mod erased;
mod led;
mod record;
mod report;
mod slot;
mod storm;
mod trial;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use self::erased::{ComponentHubStorage, HubStorage, Storage};
pub use self::report::{Checked, Report, Verdict};
use self::trial::Trial;
use super::{ComponentHub, Hub};
use crate::Secret;
use crate::application::{Application, Common, Component};

/// Begins the contract of [`storage::Hub`](Hub) on `adapter`: go on with [`check`](Contract::check).
#[must_use = "nothing is checked until `check` or `report` is awaited"]
pub fn hub<S: Hub>(adapter: S, args: S::Args) -> HubContract {
    Contract::of(HubStorage { adapter, args })
}

/// Begins the contract of [`storage::ComponentHub`](ComponentHub) on `adapter`: go on with [`check`](Contract::check).
#[must_use = "nothing is checked until `check` or `report` is awaited"]
pub fn component_hub<S: ComponentHub>(adapter: S, args: S::Args) -> ComponentHubContract {
    Contract::of(ComponentHubStorage { adapter, args })
}

/// What is to be checked of a [`storage::Hub`](Hub): made by [`hub`].
pub type HubContract = Contract<Common>;

/// What is to be checked of a [`storage::ComponentHub`](ComponentHub): made by [`component_hub`].
pub type ComponentHubContract = Contract<Component>;

/// What is to be checked, and on which adapters: made by [`hub`] and [`component_hub`].
#[must_use = "nothing is checked until `check` or `report` is awaited"]
pub struct Contract<App> {
    trial: Trial,
    application: PhantomData<fn() -> App>,
}

impl Contract<Common> {
    /// Adds an adapter of the same storage, such as a second connection: what one has saved the others must
    /// read.
    pub fn also<S: Hub>(self, adapter: S, args: S::Args) -> Self {
        self.with_another(HubStorage { adapter, args })
    }

    /// Gives an adapter that cannot reach its storage: each of its callbacks must answer `Err`. (Its secrets
    /// may come from elsewhere: only one given [`with_secret`](Self::with_secret) must not be `Ok(None)`.)
    pub fn unreachable<S: Hub>(self, adapter: S, args: S::Args) -> Self {
        self.with_unreachable(HubStorage { adapter, args })
    }
}

impl Contract<Component> {
    /// Adds an adapter of the same storage, such as a second connection: what one has saved the others must
    /// read, and what several save at once is to be kept.
    pub fn also<S: ComponentHub>(self, adapter: S, args: S::Args) -> Self {
        self.with_another(ComponentHubStorage { adapter, args })
    }

    /// Gives an adapter that cannot reach its storage: each of its callbacks must answer `Err`. (Its secrets
    /// may come from elsewhere: only one given [`with_secret`](Self::with_secret) must not be `Ok(None)`.)
    pub fn unreachable<S: ComponentHub>(self, adapter: S, args: S::Args) -> Self {
        self.with_unreachable(ComponentHubStorage { adapter, args })
    }
}

impl<App: Application> Contract<App> {
    fn of(storage: impl Storage + 'static) -> Self {
        Self { trial: Trial::new(App::KIND, Arc::new(storage)), application: PhantomData }
    }

    fn with_another(mut self, storage: impl Storage + 'static) -> Self {
        self.trial.adapters.push(Arc::new(storage));
        self
    }

    fn with_unreachable(mut self, storage: impl Storage + 'static) -> Self {
        self.trial.unreachable = Some(Arc::new(storage));
        self
    }

    /// Tells of a secret that the storage holds: it must be answered.
    pub fn with_secret(mut self, appid: impl Into<String>, secret: impl Into<Secret>) -> Self {
        self.trial.secrets.push((appid.into(), secret.into()));
        self
    }

    /// How long a callback may take: 5 s by default.
    ///
    /// By Tokio's clock: where a test has paused it, a storage behind a network is always too slow, and a lease by another
    /// clock never lapses.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.trial.limit = limit;
        self
    }

    /// Runs every check, and reports which hold. Needs a Tokio runtime, of any flavour.
    pub async fn report(&self) -> Report {
        Report(checks::run(&self.trial).await)
    }

    /// Runs every check.
    ///
    /// # Panics
    ///
    /// With the whole report, if a check has failed.
    pub async fn check(&self) {
        self.report().await.assert();
    }
}

impl<App> fmt::Debug for Contract<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract").finish_non_exhaustive()
    }
}
