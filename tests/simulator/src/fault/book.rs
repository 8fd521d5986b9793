//! The faults that wait for calls.

use std::sync::Mutex;

use tokio::sync::watch;

use super::{Fault, Kind, ScriptedFault};
use crate::sync::lock;

/// The path that stands for every path.
const EVERY_PATH: &str = "*";

/// The scripted faults, in the order they were scripted.
#[derive(Debug, Default)]
pub(crate) struct FaultBook {
    entries: Mutex<Vec<Entry>>,
    /// Changes when the faults are cleared.
    clearings: watch::Sender<()>,
}

#[derive(Debug)]
struct Entry {
    path: String,
    fault: Fault,
}

/// A fault that strikes a call.
#[derive(Debug)]
pub(crate) struct Struck {
    pub(crate) kind: Kind,
    cleared: watch::Receiver<()>,
}

impl Struck {
    /// Waits until the faults are cleared.
    pub(crate) async fn cleared(&mut self) {
        // An error means that the platform is gone, which ends the wait as well.
        let _ = self.cleared.changed().await;
    }
}

impl FaultBook {
    pub(crate) fn add(&self, path: &str, fault: Fault) {
        if fault.times == Some(0) {
            return;
        }
        let path =
            if path == EVERY_PATH || path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        lock(&self.entries).push(Entry { path, fault });
    }

    /// The fault that strikes a call to a path: those for that very path come before those for every
    /// path, then those scripted earlier before those scripted later.
    pub(crate) fn strike(&self, path: &str) -> Option<Struck> {
        let mut entries = lock(&self.entries);
        let exact = entries.iter().position(|entry| entry.path == path);
        let index = exact.or_else(|| entries.iter().position(|entry| entry.path == EVERY_PATH))?;
        // Subscribed under the lock, so that a clearing from now on is seen.
        let struck = Struck { kind: entries[index].fault.kind.clone(), cleared: self.clearings.subscribe() };
        if let Some(times) = &mut entries[index].fault.times {
            *times -= 1;
            if *times == 0 {
                entries.remove(index);
            }
        }
        Some(struck)
    }

    pub(crate) fn list(&self) -> Vec<ScriptedFault> {
        let listed = |entry: &Entry| ScriptedFault {
            path: entry.path.clone(),
            kind: entry.fault.kind.name(),
            times: entry.fault.times,
        };
        lock(&self.entries).iter().map(listed).collect()
    }

    pub(crate) fn clear(&self) {
        let mut entries = lock(&self.entries);
        entries.clear();
        self.clearings.send_replace(());
    }
}
