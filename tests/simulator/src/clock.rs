//! The clock that the platform and the test share.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
    state: Arc<Mutex<State>>,
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
        Self { state: Arc::new(Mutex::new(State { base: base.min(LAST), running_since })) }
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
        UNIX_EPOCH + lock(&self.state).now()
    }

    /// The virtual time in whole seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn unix(&self) -> u64 {
        lock(&self.state).now().as_secs()
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let mut state = lock(&self.state);
        let target = state.now().saturating_add(by);
        state.set(target);
    }

    /// Sets the clock to a moment, which may lie in the past.
    pub fn set(&self, time: SystemTime) {
        lock(&self.state).set(since_epoch(time));
    }

    /// Stops the clock where it is.
    pub fn freeze(&self) {
        let mut state = lock(&self.state);
        state.base = state.now();
        state.running_since = None;
    }

    /// Lets the clock run with real time from where it is.
    pub fn run(&self) {
        let mut state = lock(&self.state);
        state.base = state.now();
        state.running_since = Some(Instant::now());
    }

    /// Whether the clock moves only when it is told to.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        lock(&self.state).running_since.is_none()
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
