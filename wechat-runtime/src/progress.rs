//! How far a transfer has come: told to the caller, and watched so that it does not stand still.

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::Error;
use crate::deadline::{FOR_EVER, late_attempt};
use crate::flight::lock;

/// How far an upload or a download has come, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How much has been handed to, or come from, the network. It begins at 0 again when an upload is sent again.
    pub transferred: u64,
    /// How much there is in all, where that is known.
    pub total: Option<u64>,
}

/// What is told of each step.
pub(crate) struct Listener(Mutex<Box<dyn FnMut(Progress) + Send>>);

impl Listener {
    pub(crate) fn new(listener: impl FnMut(Progress) + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(listener)))
    }

    pub(crate) fn tell(&self, progress: Progress) {
        (*lock(&self.0))(progress);
    }
}

/// When something last moved.
pub(crate) struct Pulse(Mutex<Instant>);

impl Pulse {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    pub(crate) fn beat(&self) {
        *lock(&self.0) = Instant::now();
    }

    fn due(&self, limit: Duration) -> Instant {
        *lock(&self.0) + limit.min(FOR_EVER)
    }

    /// Waits for `work` as long as it is never still for longer than `limit`.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut work = pin!(work);
        self.beat();
        loop {
            let due = self.due(limit);
            match timeout_at(due, &mut work).await {
                Ok(outcome) => return outcome,
                Err(_) if self.due(limit) > due => {}
                Err(_) => {
                    return Err(late_attempt(format!("nothing moved, and no answer came, within {limit:?}")));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errcode::ErrorKind;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn what_moves_may_take_longer_than_what_stands_still() {
        let pulse = Pulse::new();
        let moving = async {
            for _ in 0..5 {
                tokio::time::sleep(LIMIT / 2).await;
                pulse.beat();
            }
            Ok(())
        };
        assert!(pulse.within(LIMIT, moving).await.is_ok());
        let still = async {
            tokio::time::sleep(LIMIT * 2).await;
            Ok(())
        };
        assert_eq!(pulse.within(LIMIT, still).await.unwrap_err().kind(), ErrorKind::Timeout);
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_is_too_long_for_the_timer() {
        assert!(Pulse::new().within(Duration::MAX, async { Ok(()) }).await.is_ok());
    }
}
