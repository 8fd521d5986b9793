//! Tickets that are due, and pushes under way.

use std::sync::Arc;

use tokio::sync::watch;

use super::State;
use crate::callback::Callback;

/// A ticket that is to be pushed now.
#[derive(Debug)]
pub(crate) struct DueTicket {
    pub(crate) component: String,
    pub(crate) ticket: String,
}

/// Where a third-party platform's pushes go, and one of them while it is under way.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub(crate) callback: Callback,
    pub(crate) underway: Underway,
}

/// How many pushes are under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deliveries {
    underway: Arc<watch::Sender<usize>>,
}

/// A push that is under way until this is dropped.
#[derive(Debug)]
pub(crate) struct Underway {
    deliveries: Deliveries,
}

impl Deliveries {
    fn begin(&self) -> Underway {
        self.underway.send_modify(|count| *count += 1);
        Underway { deliveries: self.clone() }
    }

    /// Waits until none is under way.
    pub(crate) async fn settled(&self) {
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = self.underway.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.deliveries.underway.send_modify(|count| *count -= 1);
    }
}

impl State {
    /// A new ticket for every third-party platform that is due one.
    pub(crate) fn due_tickets(&mut self, unix: u64) -> Vec<DueTicket> {
        let mut due = Vec::new();
        for (appid, component) in &mut self.components {
            // The period passes also where nothing is pushed.
            if component.schedule.passed(unix) && component.is_pushed_to() {
                let ticket = component.tickets.issue(unix);
                due.push(DueTicket { component: appid.clone(), ticket });
            }
        }
        due
    }

    /// When the next ticket is due, in Unix seconds.
    pub(crate) fn next_ticket_at(&self) -> Option<u64> {
        let pushed_to = self.components.values().filter(|component| component.is_pushed_to());
        pushed_to.map(|component| component.schedule.next_at()).min()
    }

    /// Begins a push to a third-party platform, if it has somewhere to push to.
    pub(crate) fn outlet(&self, component: &str) -> Option<Outlet> {
        let component = self.components.get(component)?;
        let callback = component.settings.callback.clone()?;
        Some(Outlet { callback, underway: component.deliveries.begin() })
    }
}
