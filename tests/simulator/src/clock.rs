//! The clock that the platform and the test share.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::sync::lock;

/// The last moment the clock can show, 2106-02-07: the last second that fits into a `rid`.
const LAST: Duration = Duration::from_secs(u32::MAX as u64);

/// A clock that stands still until it is moved, or runs with an offset.
///
/// Clones show and move the same time, so a test can hand one to the client under test. A frozen
/// clock starts at a whole second. The clock never leaves 1970-01-01 … 2106-02-07: moving it further
/// leaves it at that end.
///
/// ```
/// use std::time::Duration;
/// use wechat_simulator::SimClock;
///
/// let clock = SimClock::frozen();
/// let before = clock.unix();
/// clock.advance(Duration::from_secs(7200));
/// assert_eq!(clock.unix(), before + 7200);
/// ```
#[derive(Clone)]
pub struct SimClock {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Changes whenever the clock is moved, stopped or let run.
    moves: watch::Sender<()>,
}

struct State {
    /// Virtual time since 1970 at `running_since`, or now if the clock is frozen.
    base: Duration,
    running_since: Option<Instant>,
}

impl State {
    fn now(&self) -> Duration {
        let elapsed = self.running_since.map_or(Duration::ZERO, |since| since.elapsed());
        self.base.saturating_add(elapsed).min(LAST)
    }

    fn set(&mut self, base: Duration) {
        self.base = base.min(LAST);
        self.running_since = self.running_since.map(|_| Instant::now());
    }
}

impl SimClock {
    fn new(base: Duration, running: bool) -> Self {
        let running_since = running.then(Instant::now);
        let state = Mutex::new(State { base: base.min(LAST), running_since });
        Self { shared: Arc::new(Shared { state, moves: watch::Sender::default() }) }
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&lock(&self.shared.state))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.shared.state));
        self.shared.moves.send_replace(());
    }

    /// What changes whenever the clock is moved, stopped or let run.
    pub(crate) fn moves(&self) -> watch::Receiver<()> {
        self.shared.moves.subscribe()
    }

    /// How long it takes the clock to show a Unix second, if it runs.
    pub(crate) fn real_time_until(&self, unix: u64) -> Option<Duration> {
        self.read(|state| state.running_since.map(|_| Duration::from_secs(unix).saturating_sub(state.now())))
    }

    /// A clock frozen at the present whole second.
    #[must_use]
    pub fn frozen() -> Self {
        Self::frozen_at(SystemTime::now())
    }

    /// A clock frozen at the given moment, cut to whole seconds.
    #[must_use]
    pub fn frozen_at(time: SystemTime) -> Self {
        Self::new(Duration::from_secs(since_epoch(time).as_secs()), false)
    }

    /// A clock that starts at the present and runs with real time.
    #[must_use]
    pub fn running() -> Self {
        Self::new(since_epoch(SystemTime::now()), true)
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        UNIX_EPOCH + self.read(State::now)
    }

    /// The virtual time in whole seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn unix(&self) -> u64 {
        self.read(State::now).as_secs()
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.change(|state| {
            let target = state.now().saturating_add(by);
            state.set(target);
        });
    }

    /// Sets the clock to a moment, which may lie in the past.
    pub fn set(&self, time: SystemTime) {
        self.change(|state| state.set(since_epoch(time)));
    }

    /// Stops the clock where it is.
    pub fn freeze(&self) {
        self.change(|state| {
            state.base = state.now();
            state.running_since = None;
        });
    }

    /// Lets the clock run with real time from where it is.
    pub fn run(&self) {
        self.change(|state| {
            state.base = state.now();
            state.running_since = Some(Instant::now());
        });
    }

    /// Whether the clock moves only when it is told to.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.read(|state| state.running_since.is_none())
    }
}

impl fmt::Debug for SimClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimClock").field("unix", &self.unix()).field("frozen", &self.is_frozen()).finish()
    }
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}
