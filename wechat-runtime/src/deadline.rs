//! The moment by which a call has to be over.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::Error;
use crate::errcode::ErrorKind;

/// Past every deadline, and still a time that the timer takes, and every system's clock: 100 years are too many for one.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// What a call waits for: what was missing when its time was over, and what can be done then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// A token, or what else it is made with, or asks for by name.
    Credential,
    /// What it sends, from a file.
    Body,
    /// What WeChat answers.
    Answer,
    /// The rest of a file.
    File,
    /// That what came with a success is stored.
    Keeping,
}

impl Awaited {
    fn missing(self) -> &'static str {
        match self {
            Self::Credential => "its credential was not there yet",
            Self::Body => "what it sends was not read yet",
            Self::Answer => "its answer was not there yet",
            Self::File => "the file was not whole yet",
            Self::Keeping => "what follows from its answer was not kept yet",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Credential => "allow more time by `timeout`; the call may be sent again",
            Self::Body => "allow more time by `timeout`; nothing was sent",
            Self::Answer => {
                "allow more time by `timeout`; WeChat may have acted on the request: check before sending it again"
            }
            Self::File => "allow more time by `timeout`, and download it again",
            Self::Keeping => {
                "allow more time by `timeout`; WeChat has acted on the request: do not send it again"
            }
        }
    }
}

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
    pub(crate) async fn wait_for<T>(
        &self,
        awaited: Awaited,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        timeout_at(self.at, work).await.unwrap_or_else(|_| Err(self.missed(awaited)))
    }

    /// Waits for what has a limit of its own besides: where that ends it, the error is `late`.
    pub(crate) async fn wait_within<T>(
        &self,
        awaited: Awaited,
        limit: Duration,
        work: impl Future<Output = Result<T, Error>>,
        late: impl FnOnce() -> Error,
    ) -> Result<T, Error> {
        let due = Instant::now() + limit.min(FOR_EVER);
        let outcome = timeout_at(due.min(self.at), work).await;
        outcome.unwrap_or_else(|_| Err(if due < self.at { late() } else { self.missed(awaited) }))
    }

    /// Whether there is still time after such a pause.
    pub(crate) fn leaves_room_for(&self, pause: Duration) -> bool {
        Instant::now() + pause < self.at
    }

    fn missed(&self, awaited: Awaited) -> Error {
        let message = format!("the call took longer than {:?}: {}", self.limit, awaited.missing());
        Error::new(ErrorKind::Timeout, message).advising(awaited.advice())
    }
}

/// The error of an attempt that ended by its own limit.
pub(crate) fn late_attempt(message: String) -> Error {
    Error::new(ErrorKind::Timeout, message).advising(
        "allow more time by `attempt_timeout`; WeChat may have acted on the request: check before sending it again",
    )
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    async fn missed(deadline: Deadline, limit: Duration) -> String {
        let late = || Error::new(ErrorKind::Timeout, "the attempt is late");
        deadline
            .wait_within(Awaited::Answer, limit, pending::<Result<(), _>>(), late)
            .await
            .unwrap_err()
            .to_string()
    }

    #[tokio::test(start_paused = true)]
    async fn the_nearer_of_two_limits_ends_it_and_is_told() {
        let deadline = Deadline::after(3 * SECOND);
        assert!(missed(deadline, SECOND).await.contains("the attempt is late"));
        assert!(missed(deadline, 10 * SECOND).await.contains("longer than 3s"));
        assert!(missed(deadline, SECOND).await.contains("longer than 3s"), "it is over");
        let done = deadline.wait_for(Awaited::Credential, async { Ok(1) }).await;
        assert!(done.is_ok(), "what does not wait is not late");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_missing_is_told_and_what_to_do() {
        for (awaited, missing, advice) in [
            (Awaited::Credential, "credential was not there", "may be sent again"),
            (Awaited::Body, "not read", "nothing was sent"),
            (Awaited::Answer, "answer was not there", "may have acted"),
            (Awaited::File, "not whole", "download it again"),
            (Awaited::Keeping, "not kept", "do not send it again"),
        ] {
            let missed = Deadline::after(SECOND).wait_for(awaited, pending::<Result<(), _>>()).await;
            let error = missed.unwrap_err().to_string();
            assert!(error.contains(missing) && error.contains(advice), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_is_too_long_for_the_timer() {
        let deadline = Deadline::after(Duration::MAX);
        assert!(
            deadline
                .wait_within(Awaited::Answer, Duration::MAX, async { Ok(1) }, || unreachable!())
                .await
                .is_ok()
        );
    }
}
