//! A push that is being handled: claimed, handed over once, and remembered.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use axum::response::Response;
use futures_util::FutureExt as _;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::refusal::Refusal;
use crate::callback::Settings;
use crate::callback::handler::failed;
use crate::callback::handlers::Running;
use crate::callback::seen::{Begun, Fingerprint};
use crate::storage;

/// How long one waits who looks what became of a push: another process may have it in hand.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// By how much a claim outlasts what it is for, so that it is not over while its end is being written down.
const SLACK: Duration = Duration::from_secs(5);

/// What happens to a push that is not handled in time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// It is answered `success`, and handled to the end.
    AnswerSuccess,
    /// It is answered so that it is pushed again, and handled for as long again.
    PushAgain,
}

/// What a push is answered with: a reply, nothing, or what went wrong.
pub(super) type Answer = Result<Option<String>, Response>;

/// A push that is being handled, once.
pub(super) struct Handling {
    pub(super) push: Fingerprint,
    pub(super) late: Late,
    pub(super) deadline: Instant,
    pub(super) progress: Arc<Progress>,
    pub(super) settings: Arc<Settings>,
}

/// How far a push has come. Of its answer and its end, the one that comes first decides.
#[derive(Default)]
pub(super) struct Progress(AtomicU8);

impl Progress {
    /// The handler has it.
    const BEGUN: u8 = 1;
    /// `success` was answered without waiting for the handler.
    const ANSWERED: u8 = 2;
    /// The handler is done with it.
    const ENDED: u8 = 3;

    fn begin(&self) {
        self.0.store(Self::BEGUN, Ordering::Release);
    }

    /// Answers for a handler that goes on; not for one that has not begun, or has ended.
    pub(super) fn answer(&self) -> bool {
        self.leave_begun(Self::ANSWERED)
    }

    /// Ends before anything was answered for it.
    fn end(&self) -> bool {
        self.leave_begun(Self::ENDED)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::ENDED
    }

    fn leave_begun(&self, to: u8) -> bool {
        self.0.compare_exchange(Self::BEGUN, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Handling {
    pub(super) async fn run(
        self,
        work: impl Future<Output = Answer>,
        answer: oneshot::Sender<Answer>,
        _running: Running,
    ) {
        let settled = self.settle(work).await;
        if let Err(Ok(Some(_))) = answer.send(settled) {
            tracing::warn!(
                "a reply came too late and is lost: what takes long is better sent as a message of customer service"
            );
        }
    }

    async fn settle(&self, work: impl Future<Output = Answer>) -> Answer {
        let seen = &self.settings.seen;
        let remembered = self.settings.remembered();
        // Whoever claims it is done or cancelled when the claim is over, so that no two handle it at once.
        let until = match self.late {
            Late::AnswerSuccess => None,
            Late::PushAgain => Some(self.deadline + self.settings.reply_within),
        };
        let lease = match until {
            Some(until) => until.saturating_duration_since(Instant::now()).saturating_add(SLACK),
            None => remembered.max(self.settings.reply_within.saturating_add(SLACK)),
        };
        match self.begin(lease).await {
            Ok(Begun::Now) => {}
            Ok(Begun::Running) if self.late == Late::PushAgain => {
                return Err(Refusal::TooSlow.into_response());
            }
            Ok(Begun::Running | Begun::Done) => {
                tracing::debug!(push = %self.push, "came before");
                return Ok(None);
            }
            Err(error) => return Err(Refusal::Unavailable(error).into_response()),
        }
        if Instant::now().saturating_duration_since(self.deadline) > self.settings.freshness {
            // Whoever pushed it has long been told that it is not handled.
            let _ = seen.failed(&self.push).await;
            return Err(Refusal::TooSlow.into_response());
        }
        self.progress.begin();
        let work = AssertUnwindSafe(work).catch_unwind();
        let done = match until {
            None => Ok(work.await),
            Some(until) => timeout_at(until, work).await,
        };
        let done = match done {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(failed(&"the handler panicked")),
            Err(_) => Err(Refusal::TooSlow.into_response()),
        };
        // What was answered `success` is not pushed again: failed or not, it is done with.
        let recorded = match &done {
            Err(_) if self.progress.end() => seen.failed(&self.push).await,
            _ => seen.done(&self.push, remembered).await,
        };
        if let Err(error) = recorded {
            tracing::error!(%error, "it could not be remembered what became of a push");
        }
        done
    }

    /// Claims the push. What has to be kept before it is answered waits for whoever is keeping it.
    async fn begin(&self, lease: Duration) -> storage::Result<Begun> {
        loop {
            let begun = self.settings.seen.begin(&self.push, lease).await?;
            let waits = begun == Begun::Running && self.late == Late::PushAgain;
            if !waits || Instant::now() >= self.deadline {
                return Ok(begun);
            }
            sleep_until(self.deadline.min(Instant::now() + LOOK_AGAIN)).await;
        }
    }
}
