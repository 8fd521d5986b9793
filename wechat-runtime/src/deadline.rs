//! The moment by which a call has to be over.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::Error;
use crate::errcode::ErrorKind;

/// Past every deadline, and still a time that the timer takes, and every system's clock: 100 years are too many for one.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// The moment by which a call has to be over, with all that it waits for.
///
/// Whatever waits is given it, in place of one timer around the whole: an attempt that has its own limit needs then one
/// timer, not two.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    /// The one of a call that begins now, and may take so long.
    pub(crate) fn after(limit: Duration) -> Self {
        Self { at: Instant::now() + limit.min(FOR_EVER), limit }
    }

    /// Waits for what is a part of the call.
    pub(crate) async fn wait<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        timeout_at(self.at, work).await.unwrap_or_else(|_| Err(self.missed()))
    }

    /// Waits for what has a limit of its own besides: where that ends it, the error is `late`.
    pub(crate) async fn wait_within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Error>>,
        late: impl FnOnce() -> Error,
    ) -> Result<T, Error> {
        let due = Instant::now() + limit.min(FOR_EVER);
        let outcome = timeout_at(due.min(self.at), work).await;
        outcome.unwrap_or_else(|_| Err(if due < self.at { late() } else { self.missed() }))
    }

    /// Whether there is still time after such a pause.
    pub(crate) fn leaves_room_for(&self, pause: Duration) -> bool {
        Instant::now() + pause < self.at
    }

    fn missed(&self) -> Error {
        Error::new(ErrorKind::Timeout, format!("the call took longer than {:?}", self.limit))
            .advising(
                "allow more time by `timeout`; WeChat may have acted on the request: check before sending it again",
            )
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    async fn missed(deadline: Deadline, limit: Duration) -> String {
        let late = || Error::new(ErrorKind::Timeout, "the attempt is late");
        deadline.wait_within(limit, pending::<Result<(), _>>(), late).await.unwrap_err().to_string()
    }

    #[tokio::test(start_paused = true)]
    async fn the_nearer_of_two_limits_ends_it_and_is_told() {
        let deadline = Deadline::after(3 * SECOND);
        assert!(missed(deadline, SECOND).await.contains("the attempt is late"));
        assert!(missed(deadline, 10 * SECOND).await.contains("longer than 3s"));
        assert!(missed(deadline, SECOND).await.contains("longer than 3s"), "it is over");
        assert!(deadline.wait(async { Ok(1) }).await.is_ok(), "what does not wait is not late");
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_is_too_long_for_the_timer() {
        let deadline = Deadline::after(Duration::MAX);
        assert!(deadline.wait_within(Duration::MAX, async { Ok(1) }, || unreachable!()).await.is_ok());
    }
}
