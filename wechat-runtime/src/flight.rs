//! Single-flight: many callers, one piece of work, in a task of its own.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// The pieces of work under way, by key.
///
/// The work runs in a task of its own, so a caller that goes away takes nothing with it. When the runtime
/// of that task goes away, those who wait are told so, and the next of them begins anew.
pub(crate) struct Flights<K, V>(Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>);

/// A seat on a flight: what to wait on, and whether the caller is the one who started it.
pub(crate) struct Seat<V> {
    outcome: watch::Receiver<Option<V>>,
    led: bool,
}

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Waits for the outcome of the flight of this key, starting it where there is none; says besides whether
    /// this caller was the one who did.
    pub(crate) async fn share<F>(&self, key: &K, work: impl Fn() -> F) -> (V, bool)
    where
        F: Future<Output = V> + Send + 'static,
    {
        loop {
            let seat = self.board(key, &work);
            let led = seat.led;
            if let Some(value) = seat.outcome().await {
                return (value, led);
            }
            // The runtime that did the work went away. It may be ours that is going: let it take us along.
            tokio::task::yield_now().await;
        }
    }

    /// Takes a seat on the flight of this key, starting it where there is none.
    pub(crate) fn board<F>(&self, key: &K, work: impl FnOnce() -> F) -> Seat<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let (arrival, outcome) = {
            let mut flights = lock(&self.0);
            if let Some(outcome) = flights.get(key) {
                return Seat {
                    outcome: outcome.clone(),
                    led: false,
                };
            }
            let (tx, outcome) = watch::channel(None);
            flights.insert(key.clone(), outcome.clone());
            (
                Arrival {
                    flights: self.0.clone(),
                    key: key.clone(),
                    tx,
                },
                outcome,
            )
        };
        // Outside the lock: a runtime that is shutting down drops the task at once, and `arrival` locks.
        let work = work();
        tokio::spawn(async move {
            let value = work.await;
            arrival.announce(value);
        });
        Seat { outcome, led: true }
    }
}

impl<V: Clone> Seat<V> {
    /// The outcome; none when the runtime that did the work went away.
    async fn outcome(mut self) -> Option<V> {
        self.outcome
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|value| value.clone())
    }
}

/// Takes the flight off the board, however it ends: announced, or dropped with its task.
struct Arrival<K: Eq + Hash, V> {
    flights: Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>,
    key: K,
    tx: watch::Sender<Option<V>>,
}

impl<K: Eq + Hash, V> Arrival<K, V> {
    fn announce(self, value: V) {
        // Whoever comes after this line must begin anew, so the board is cleared before anybody wakes.
        lock(&self.flights).remove(&self.key);
        self.tx.send_replace(Some(value));
    }
}

impl<K: Eq + Hash, V> Drop for Arrival<K, V> {
    fn drop(&mut self) {
        let mut flights = lock(&self.flights);
        let ours = flights
            .get(&self.key)
            .is_some_and(|outcome| outcome.same_channel(&self.tx.subscribe()));
        if ours {
            flights.remove(&self.key);
        }
    }
}

/// A map is whole after every operation, so a panic elsewhere leaves nothing half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn all_who_board_share_one_outcome() {
        let flights = Flights::new();
        let count = Arc::new(AtomicUsize::new(0));
        let seats: Vec<_> = (0..10)
            .map(|_| {
                let count = count.clone();
                flights.board(&"key", || async move { count.fetch_add(1, Ordering::SeqCst) })
            })
            .collect();
        assert_eq!(seats.iter().filter(|seat| seat.led).count(), 1);
        for seat in seats {
            assert_eq!(seat.outcome().await, Some(0));
        }
        assert!(
            flights.board(&"key", || async { 7 }).led,
            "an ended flight is off the board"
        );
    }

    #[test]
    fn a_lost_runtime_tells_those_who_wait_and_clears_the_board() {
        let flights: Arc<Flights<&str, u8>> = Arc::new(Flights::new());
        let doomed = tokio::runtime::Runtime::new().unwrap();
        let seat = {
            let _inside = doomed.enter();
            flights.board(&"key", std::future::pending)
        };
        doomed.shutdown_background();
        let survivor = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(survivor.block_on(seat.outcome()), None);
        survivor.block_on(async {
            let again = flights.board(&"key", || async { 1 });
            assert!(again.led);
            assert_eq!(again.outcome().await, Some(1));
        });
    }
}
