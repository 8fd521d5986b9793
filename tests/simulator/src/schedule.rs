//! Pushing to third-party platforms: tickets when they are due, and whatever a test wants.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::delivery::Delivery;
use crate::platform::Platform;
use crate::push::Push;
use crate::pusher::{GONE, Pusher};
use crate::state::{DueTicket, Outlet};
use crate::sync::lock;

/// What is said of a push that has nowhere to go.
const NOWHERE: &str = "the component has no callback: give it one with Component::callback";

/// Pushes tickets whenever they are due, for ever.
pub(crate) async fn run(platform: Arc<Platform>) {
    let mut moves = platform.clock.moves();
    let mut changes = platform.rescheduled.subscribe();
    loop {
        push_due(&platform, &Handle::current());
        tokio::select! {
            // Neither can fail while the platform, which has both senders, is there.
            _ = moves.changed() => {}
            _ = changes.changed() => {}
            () = next_due(&platform) => {}
        }
    }
}

/// Waits until a clock that runs reaches the next ticket; for ever if it stands still.
async fn next_due(platform: &Platform) {
    let next_at = lock(&platform.state).next_ticket_at();
    match next_at.and_then(|unix| platform.clock.real_time_until(unix)) {
        Some(real_time) => sleep(real_time.max(Duration::from_millis(1))).await,
        None => std::future::pending().await,
    }
}

/// Begins the push of every ticket that is due.
pub(crate) fn push_due(platform: &Arc<Platform>, runtime: &Handle) {
    // Taken and begun under one lock, so that whoever waits for pushes waits for these. The clock is read under it
    // too: a time that was read before another thread's would look like a clock that was set back.
    let mut state = lock(&platform.state);
    let unix = platform.clock.unix();
    for DueTicket { component, ticket } in state.due_tickets(unix) {
        if let Some(outlet) = state.outlet(&component) {
            begin(platform, runtime, &component, Push::component_verify_ticket(ticket), outlet);
        }
    }
}

/// Pushes something to a third-party platform and tells what became of it. Without a callback nothing is tried: the
/// delivery's one attempt says so.
pub(crate) async fn push(
    platform: &Arc<Platform>,
    runtime: &Handle,
    component: &str,
    push: Push,
) -> Delivery {
    let outlet = lock(&platform.state).outlet(component);
    let Some(outlet) = outlet else {
        return Delivery::unreachable(NOWHERE);
    };
    let pushed = begin(platform, runtime, component, push, outlet);
    pushed.await.unwrap_or_else(|_| Delivery::unreachable(GONE))
}

/// Begins a push, which is under way until its last try is over.
fn begin(
    platform: &Arc<Platform>,
    runtime: &Handle,
    component: &str,
    push: Push,
    outlet: Outlet,
) -> JoinHandle<Delivery> {
    let Outlet { callback, underway } = outlet;
    let pusher = Pusher::new(platform, runtime, component.to_owned(), callback);
    runtime.spawn(async move {
        let delivery = match pusher {
            Ok(pusher) => pusher.push(push).await,
            Err(error) => Delivery::unreachable(&error.to_string()),
        };
        drop(underway);
        delivery
    })
}
