//! Single-flight: many callers, one piece of work, in a task of its own.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::task;

/// The pieces of work under way, by key.
///
/// The work runs in a task of its own, so a caller that goes away takes nothing with it. When the runtime
/// of that task goes away, or is not driven any more, those who wait begin anew.
pub(crate) struct Flights<K, V>(Board<K, V>);

type Board<K, V> = Arc<Mutex<HashMap<K, Flight<V>>>>;

struct Flight<V> {
    outcome: watch::Receiver<Option<V>>,
    /// From when on nobody waits for it any more: it may be parked in a runtime that nobody drives.
    overdue: Instant,
}

/// A seat on a flight: what to wait on, how long, and whether the caller is the one who started it.
pub(crate) struct Seat<V> {
    outcome: watch::Receiver<Option<V>>,
    overdue: Instant,
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

    /// Waits for the outcome of the flight of this key, starting it where there is none or where it has not
    /// landed `within` its time; says besides whether this caller was the one who started it. None when the
    /// caller's own runtime is going away.
    pub(crate) async fn share<F>(&self, key: &K, within: Duration, work: impl Fn() -> F) -> Option<(V, bool)>
    where
        F: Future<Output = V> + Send + 'static,
    {
        loop {
            let seat = self.board(key, within, &work);
            if seat.led {
                return seat.outcome().await.map(|value| (value, true));
            }
            if let Ok(Some(value)) = timeout_at(seat.overdue, seat.outcome()).await {
                return Some((value, false));
            }
        }
    }

    /// Waits until no flight of this key is under way, and then for one of the caller's own: so they come one after the
    /// other. None when the caller's own runtime is going away.
    ///
    /// The waiting, too, is in a task of its own: a caller that goes away meanwhile takes nothing with it.
    pub(crate) async fn in_turn<F>(
        &'static self,
        key: K,
        within: Duration,
        work: impl Fn() -> F + Send + Sync + 'static,
    ) -> Option<V>
    where
        K: Sync,
        F: Future<Output = V> + Send + 'static,
    {
        let waiting = task::begin(async move {
            loop {
                let (value, led) = self.share(&key, within, &work).await?;
                if led {
                    return Some(value);
                }
            }
        });
        waiting.await.ok().flatten()
    }

    /// Takes a seat on the flight of this key, starting it where there is none that will land.
    pub(crate) fn board<F>(&self, key: &K, within: Duration, work: impl FnOnce() -> F) -> Seat<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let now = Instant::now();
        let (arrival, seat) = {
            let mut flights = lock(&self.0);
            if let Some(flight) = flights.get(key).filter(|flight| now < flight.overdue) {
                return Seat { outcome: flight.outcome.clone(), overdue: flight.overdue, led: false };
            }
            let (tx, outcome) = watch::channel(None);
            let overdue = now.checked_add(within).unwrap_or(now);
            flights.insert(key.clone(), Flight { outcome: outcome.clone(), overdue });
            let arrival = Arrival { flights: self.0.clone(), key: key.clone(), tx };
            (arrival, Seat { outcome, overdue, led: true })
        };
        // Outside the lock: a runtime that is shutting down drops the task at once, and `arrival` locks.
        let work = work();
        task::begin(async move {
            let value = work.await;
            arrival.announce(value);
        });
        seat
    }
}

impl<V: Clone> Seat<V> {
    /// The outcome; none when the runtime that did the work went away.
    async fn outcome(mut self) -> Option<V> {
        self.outcome.wait_for(Option::is_some).await.ok().and_then(|value| value.clone())
    }
}

/// Takes the flight off the board, however it ends: announced, or dropped with its task.
struct Arrival<K: Eq + Hash, V> {
    flights: Board<K, V>,
    key: K,
    tx: watch::Sender<Option<V>>,
}

impl<K: Eq + Hash, V> Arrival<K, V> {
    fn announce(self, value: V) {
        // Whoever comes after this line must begin anew, so the board is cleared before anybody wakes.
        self.leave();
        self.tx.send_replace(Some(value));
    }

    /// Leaves the board to whoever has taken the place of an overdue flight.
    fn leave(&self) {
        let mut flights = lock(&self.flights);
        let ours =
            flights.get(&self.key).is_some_and(|flight| flight.outcome.same_channel(&self.tx.subscribe()));
        if ours {
            flights.remove(&self.key);
        }
    }
}

impl<K: Eq + Hash, V> Drop for Arrival<K, V> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A map is whole after every operation, so a panic elsewhere leaves nothing half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt as _;
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn all_who_board_share_one_outcome() {
        let flights = Flights::new();
        let count = Arc::new(AtomicUsize::new(0));
        let seats: Vec<_> = (0..10)
            .map(|_| {
                let count = count.clone();
                flights.board(&"key", SOON, || async move { count.fetch_add(1, Ordering::SeqCst) })
            })
            .collect();
        assert_eq!(seats.iter().filter(|seat| seat.led).count(), 1);
        for seat in seats {
            assert_eq!(seat.outcome().await, Some(0));
        }
        assert!(flights.board(&"key", SOON, || async { 7 }).led, "an ended flight is off the board");
    }

    #[tokio::test]
    async fn who_goes_away_while_it_waits_for_its_turn_has_its_work_done() {
        static FLIGHTS: LazyLock<Flights<&str, u8>> = LazyLock::new(Flights::new);
        let (release, released) = oneshot::channel();
        drop(FLIGHTS.board(&"key", SOON, || async { released.await.unwrap() }));
        let (done, mut is_done) = watch::channel(false);
        let waiting = FLIGHTS.in_turn("key", SOON, move || {
            let done = done.clone();
            async move {
                done.send_replace(true);
                2
            }
        });
        assert!(waiting.now_or_never().is_none(), "it is not its turn");
        release.send(1).unwrap();
        timeout(SOON, is_done.wait_for(|done| *done)).await.expect("it has its turn").unwrap();
    }

    #[test]
    fn a_lost_runtime_lets_those_who_wait_begin_anew() {
        let flights: Arc<Flights<&str, u8>> = Arc::new(Flights::new());
        let doomed = tokio::runtime::Runtime::new().unwrap();
        let seat = {
            let _inside = doomed.enter();
            flights.board(&"key", SOON, std::future::pending)
        };
        doomed.shutdown_background();
        let survivor = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        assert_eq!(survivor.block_on(seat.outcome()), None);
        assert_eq!(survivor.block_on(flights.share(&"key", SOON, || async { 1 })), Some((1, true)));
    }

    #[test]
    fn a_runtime_that_is_not_driven_holds_nobody_past_the_flights_time() {
        let flights: Arc<Flights<&str, u8>> = Arc::new(Flights::new());
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let parked = runtime();
        let overdue = Duration::from_millis(20);
        parked.block_on(async { drop(flights.board(&"key", overdue, || async { 1 })) });
        let other = runtime();
        let taken = other.block_on(flights.share(&"key", SOON, || async { 2 }));
        assert_eq!(taken, Some((2, true)));

        // The late one announces to nobody, and leaves what has taken its place.
        let _inside = other.enter();
        let place = flights.board(&"key", SOON, std::future::pending);
        assert!(place.led);
        parked.block_on(tokio::task::yield_now());
        assert!(!flights.board(&"key", SOON, std::future::pending).led);
    }

    #[test]
    fn ones_own_runtime_going_away_ends_the_wait() {
        let flights: Arc<Flights<&str, u8>> = Arc::new(Flights::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _inside = handle.enter();
        let waiting = std::pin::pin!(flights.share(&"key", SOON, || async { 1 }));
        let waker = std::task::Waker::noop();
        let polled = waiting.poll(&mut std::task::Context::from_waker(waker));
        assert_eq!(polled, std::task::Poll::Ready(None));
    }

    /// Nothing may be locked while the task is begun: it is dropped at once, and what it holds locks.
    #[test]
    fn a_runtime_that_is_gone_already_clears_the_board_at_once() {
        let (done, finished) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let flights: Flights<&str, u8> = Flights::new();
            let gone = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let handle = gone.handle().clone();
            drop(gone);
            let _inside = handle.enter();
            drop(flights.board(&"key", SOON, std::future::pending));
            let cleared = lock(&flights.0).is_empty();
            done.send(cleared).unwrap();
        });
        assert_eq!(finished.recv_timeout(SOON), Ok(true));
    }

    /// Boards at the moment it is woken.
    struct BoardsAtOnce {
        flights: Flights<&'static str, u8>,
        led: std::sync::atomic::AtomicBool,
    }

    impl std::task::Wake for BoardsAtOnce {
        fn wake(self: Arc<Self>) {
            let seat = self.flights.board(&"key", SOON, std::future::pending);
            self.led.store(seat.led, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn who_comes_after_the_outcome_begins_anew_and_stays_on_the_board() {
        let next = Arc::new(BoardsAtOnce { flights: Flights::new(), led: false.into() });
        let waker = std::task::Waker::from(next.clone());
        let mut outcome = Box::pin(next.flights.board(&"key", SOON, || async { 1 }).outcome());
        let first = outcome.as_mut().poll(&mut std::task::Context::from_waker(&waker));
        assert!(first.is_pending());
        tokio::task::yield_now().await;
        assert_eq!(outcome.await, Some(1));
        assert!(next.led.load(Ordering::SeqCst), "the flight had landed");
        assert!(
            !next.flights.board(&"key", SOON, std::future::pending).led,
            "the next flight is on the board"
        );
    }
}
