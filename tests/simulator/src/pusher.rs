//! Pushing: signs, sends, waits, tries again.

mod exchange;
mod judge;
mod signed;

use std::fmt;
use std::sync::Arc;

use hyper::StatusCode;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

pub use signed::SignedPush;

use crate::callback::{Callback, Cipher, Target, user_name};
use crate::delivery::{Answer, Attempt, Delivery, Verification};
use crate::error::ControlError;
use crate::ledger::Pushed;
use crate::platform::Platform;
use crate::push::Push;
use exchange::{Exchanged, exchange};

/// Sends one account's pushes to the server that its [`Callback`] names.
///
/// Everything happens on the simulator's thread and in real time, whatever the test's runtime and its clock
/// do; giving up a future does not take the push back. Once the simulator is gone, every push comes to
/// [`Answer::Unreachable`].
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use wechat_simulator::{Answer, Callback, Push, Simulator};
///
/// let sim = Simulator::builder().start().await?;
/// // Port 9 has nobody listening.
/// let callback = Callback::plain("http://127.0.0.1:9/wechat", "token").tries(2);
/// let pusher = sim.pusher("wx1f2e3d4c5b6a7988", callback)?;
/// let delivery = pusher.push(Push::text("o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "你好")).await;
/// assert_eq!(delivery.tries(), 2);
/// assert!(matches!(delivery.answer(), Answer::Unreachable(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Pusher {
    inner: Arc<Inner>,
}

struct Inner {
    platform: Arc<Platform>,
    /// The simulator's.
    runtime: Handle,
    account: Sending,
    /// Holds back what is more than the wire shall have at once.
    wire: Semaphore,
}

/// All that is needed to write a push and to read its answer.
struct Sending {
    appid: String,
    user_name: String,
    callback: Callback,
    target: Target,
    cipher: Option<Cipher>,
}

impl Sending {
    /// The appid inside encrypted envelopes, and that of pushes with an `InfoType`.
    fn envelope_appid(&self) -> &str {
        self.callback.component.as_deref().unwrap_or(&self.appid)
    }
}

impl Pusher {
    pub(crate) fn new(
        platform: &Arc<Platform>,
        runtime: &Handle,
        appid: String,
        callback: Callback,
    ) -> Result<Self, ControlError> {
        let (target, cipher) = callback.check(&appid)?;
        let wire = Semaphore::new(callback.connections.min(Semaphore::MAX_PERMITS));
        let user_name = user_name(&appid);
        let account = Sending { appid, user_name, callback, target, cipher };
        let (platform, runtime) = (Arc::clone(platform), runtime.clone());
        Ok(Self { inner: Arc::new(Inner { platform, runtime, account, wire }) })
    }

    /// The account's appid.
    #[must_use]
    pub fn appid(&self) -> &str {
        &self.inner.account.appid
    }

    /// The name by which messages call the account: `gh_…`, always the same for one appid.
    #[must_use]
    pub fn user_name(&self) -> &str {
        &self.inner.account.user_name
    }

    /// Does the handshake by which the platform makes sure of a URL when it is entered: a GET with
    /// `signature`, `echostr`, `timestamp` and `nonce`, tried once.
    pub async fn verify(&self) -> Verification {
        let inner = Arc::clone(&self.inner);
        let verified = self.inner.runtime.spawn(async move { inner.verify().await });
        verified.await.unwrap_or_else(|_| Verification::Unreachable(GONE.to_owned()))
    }

    /// The URL that a handshake would ask, with its query, to be changed and asked by other means.
    #[must_use]
    pub fn verification_url(&self) -> String {
        self.inner.account.handshake(self.inner.platform.clock.unix()).0.url
    }

    /// Sends a push, waits for its answer, and sends it again if there is none of status 200.
    ///
    /// That there are three tries of 5 s each, with the same message, is what the platform's page on receiving
    /// messages says. The rest is decided here: no answer is also any status but 200, a connection that fails,
    /// and a body that breaks off; the next try follows at once, under a fresh timestamp, nonce and signature;
    /// an answer of status 200 ends it, understood or not. The platform's pause of a minute after many
    /// failures is left out.
    pub async fn push(&self, push: Push) -> Delivery {
        let inner = Arc::clone(&self.inner);
        let pushed = self.inner.runtime.spawn(async move { inner.push(&push).await });
        pushed.await.unwrap_or_else(|_| Delivery { attempts: vec![gone()] })
    }

    /// The request that a push would be sent in, to be looked at, changed, replayed, or sent by other means.
    #[must_use]
    pub fn sign(&self, push: &Push) -> SignedPush {
        let inner = &self.inner;
        let unix = inner.platform.clock.unix();
        inner.account.sign(push, &inner.account.write(push, unix), unix)
    }

    /// Sends a request as it stands, once. Its answer is read as one to the push that was signed, whatever
    /// was changed since.
    pub async fn send(&self, signed: SignedPush) -> Attempt {
        let inner = Arc::clone(&self.inner);
        let sent = self.inner.runtime.spawn(async move {
            let attempt = inner.attempt(&signed).await;
            inner.note(&signed.kind, signed.openid.as_deref(), 1, &attempt.answer);
            attempt
        });
        sent.await.unwrap_or_else(|_| gone())
    }
}

impl Inner {
    async fn push(&self, push: &Push) -> Delivery {
        let plaintext = self.account.write(push, self.platform.clock.unix());
        let mut attempts = Vec::new();
        for _ in 0..self.account.callback.tries {
            let signed = self.account.sign(push, &plaintext, self.platform.clock.unix());
            let attempt = self.attempt(&signed).await;
            let again = attempt.answer.is_tried_again();
            attempts.push(attempt);
            if !again {
                break;
            }
        }
        let delivery = Delivery { attempts };
        self.note(push.kind(), push.openid(), delivery.tries(), delivery.answer());
        delivery
    }

    async fn attempt(&self, signed: &SignedPush) -> Attempt {
        match self.exchange(signed.request()).await {
            Exchanged::Answered { status, body } if status == StatusCode::OK => {
                Attempt { status: Some(200), answer: self.account.judge(signed, &body) }
            }
            Exchanged::Answered { status, body } => {
                let (status, body) = (status.as_u16(), lossy(&body));
                Attempt { status: Some(status), answer: Answer::Refused { status, body } }
            }
            Exchanged::TimedOut => Attempt { status: None, answer: Answer::NoAnswer },
            Exchanged::Failed(why) => Attempt { status: None, answer: Answer::Unreachable(why) },
        }
    }

    async fn verify(&self) -> Verification {
        let (request, echostr) = self.account.handshake(self.platform.clock.unix());
        match self.exchange(request).await {
            Exchanged::Answered { status, body } if status != StatusCode::OK => {
                Verification::Refused { status: status.as_u16(), body: lossy(&body) }
            }
            Exchanged::Answered { body, .. } if *body == *echostr.as_bytes() => Verification::Passed,
            Exchanged::Answered { body, .. } => Verification::NotEchoed { echostr, body: lossy(&body) },
            Exchanged::TimedOut => Verification::NoAnswer,
            Exchanged::Failed(why) => Verification::Unreachable(why),
        }
    }

    /// Waits for its turn on the wire, and then for the answer.
    async fn exchange(&self, request: exchange::Outgoing) -> Exchanged {
        // It is never closed, so a permit always comes.
        let _turn = self.wire.acquire().await;
        exchange(request, self.account.callback.timeout).await
    }

    fn note(&self, kind: &str, openid: Option<&str>, tries: usize, answer: &Answer) {
        self.platform.ledger.pushed(Pushed {
            appid: self.account.appid.clone(),
            kind: kind.to_owned(),
            openid: openid.map(str::to_owned),
            tries,
            outcome: answer.name(),
            at: self.platform.clock.unix(),
        });
    }
}

/// What is said of a push whose simulator ended before it did.
pub(crate) const GONE: &str = "the simulator is gone";

fn gone() -> Attempt {
    Attempt { status: None, answer: Answer::Unreachable(GONE.to_owned()) }
}

fn lossy(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

impl fmt::Debug for Pusher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sending { appid, callback, .. } = &self.inner.account;
        f.debug_struct("Pusher").field("appid", appid).field("callback", callback).finish_non_exhaustive()
    }
}
