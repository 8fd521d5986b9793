//! Everything that one simulated platform consists of.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hyper::header::HeaderValue;
use tokio::sync::watch;

use crate::account::Account;
use crate::app::App;
use crate::clock::SimClock;
use crate::component::Component;
use crate::dialect;
use crate::error::ControlError;
use crate::fault::FaultBook;
use crate::ledger::Recorder;
use crate::state::State;
use crate::sync::lock;

/// The platform. The library's controls and those over HTTP work on the same one.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) clock: SimClock,
    pub(crate) state: Mutex<State>,
    pub(crate) faults: FaultBook,
    pub(crate) ledger: Recorder,
    pub(crate) connections: Connections,
    pub(crate) quirks: Quirks,
    pub(crate) content_types: ContentTypes,
    pub(crate) phase: watch::Sender<Phase>,
    /// Tells who pushes tickets that one may be due earlier than it was.
    pub(crate) rescheduled: watch::Sender<()>,
    /// The longest request body that is read, in bytes.
    pub(crate) body_limit: usize,
}

/// How far the simulator's life has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    #[default]
    Serving,
    /// No new connections; calls under way are answered.
    Stopping,
    /// Everything is closed at once.
    Stopped,
}

/// Behaviour that sources disagree on, or that a test may want out of its way.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Quirks {
    pub(crate) malformed_is_40014: bool,
    pub(crate) menu_refuses_unicode_escapes: bool,
    pub(crate) escape_slashes: bool,
    pub(crate) new_ticket_each_call: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            malformed_is_40014: false,
            menu_refuses_unicode_escapes: true,
            escape_slashes: true,
            new_ticket_each_call: false,
        }
    }
}

impl Platform {
    /// Adds an account.
    pub(crate) fn add_app(self: &Arc<Self>, app: App) -> Result<Account, ControlError> {
        let appid = app.appid.clone();
        lock(&self.state).add(app)?;
        Account::find(self, &appid).ok_or_else(|| ControlError::new("the app is gone"))
    }

    /// Adds a third-party platform.
    pub(crate) fn add_component(&self, component: Component) -> Result<(), ControlError> {
        if let Some(callback) = &component.settings.callback {
            callback.check(&component.appid)?;
        }
        lock(&self.state).add_component(component, self.clock.unix())?;
        self.rescheduled.send_replace(());
        Ok(())
    }

    /// Forgets every token, count, note and fault; accounts and third-party platforms are again as they were
    /// declared. The clock stays, and so do Content-Types.
    pub(crate) fn reset(&self) {
        self.faults.clear();
        lock(&self.state).reset(self.clock.unix());
        self.rescheduled.send_replace(());
        self.ledger.clear();
        self.connections.reset_peak();
    }

    /// Waits until a phase is reached or passed.
    pub(crate) async fn reached(&self, phase: Phase) {
        // An error means that the sender is gone, and it is a part of `self`.
        let _ = self.phase.subscribe().wait_for(|now| *now >= phase).await;
    }
}

/// Content-Types that a test wants in place of the platform's.
#[derive(Debug, Default)]
pub(crate) struct ContentTypes {
    overrides: Mutex<Vec<(String, String)>>,
}

impl ContentTypes {
    /// Has a path answer JSON with a Content-Type; `*` is every path without one of its own.
    pub(crate) fn set(&self, path: &str, content_type: &str) -> Result<(), ControlError> {
        if HeaderValue::from_str(content_type).is_err() {
            return Err(ControlError::new(format!(
                "content_type {content_type:?} cannot be the value of a header"
            )));
        }
        let mut overrides = lock(&self.overrides);
        overrides.retain(|(known, _)| known != path);
        overrides.push((path.to_owned(), content_type.to_owned()));
        Ok(())
    }

    /// Goes back to the platform's own.
    pub(crate) fn clear(&self) {
        lock(&self.overrides).clear();
    }

    pub(crate) fn list(&self) -> Vec<(String, String)> {
        lock(&self.overrides).clone()
    }

    /// The Content-Type of JSON at a path.
    pub(crate) fn of(&self, path: &str) -> String {
        let overrides = lock(&self.overrides);
        let find = |wanted: &str| overrides.iter().find(|(path, _)| path == wanted);
        let found = find(path).or_else(|| find("*"));
        found.map_or_else(|| dialect::of(path).content_type.to_owned(), |(_, value)| value.clone())
    }
}

/// How many connections are open, and how many were at most.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: AtomicUsize,
    peak: AtomicUsize,
}

impl Connections {
    pub(crate) fn opened(&self) {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(open, Ordering::SeqCst);
    }

    pub(crate) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }

    fn reset_peak(&self) {
        self.peak.store(self.open(), Ordering::SeqCst);
    }
}
