//! Which pushes came before.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};

use crate::flight::lock;
use crate::storage;

/// What a push is known by: a hash of whose it is and of what was pushed, after it was decrypted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// What a push is known by that says `message`, for the account of this appid.
    #[must_use]
    pub fn new(account: &str, message: &str) -> Self {
        Self::of(Kind::Message, account, message)
    }

    /// The account is part of it: whoever has one account must not have it said of another's push that it came before. So is
    /// what takes it: a ticket that was sent to where messages are taken is not kept by that.
    pub(super) fn of(kind: Kind, account: &str, message: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update([kind as u8]);
        // With its length, so that no account and message are those of another.
        hash.update((account.len() as u64).to_be_bytes());
        hash.update(account.as_bytes());
        hash.update(message.as_bytes());
        Self(hash.finalize().into())
    }
}

/// 64 hexadecimal digits: good as a key.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which service takes a push.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Message,
    Component,
}

/// Remembers which pushes came before, so that none is handled twice: WeChat pushes again what was not answered in 5 s.
///
/// [`SeenInMemory`] is the default. Where several processes take pushes of one account, implement it on what they share; in
/// Redis, for one, `begin` is `SET key running NX PX lease` and, where that did nothing, `GET key`, beginning anew where there is
/// none by then; `done` is `SET key done PX keep`; `failed` is `DEL key`.
///
/// By default a message is claimed and remembered for 601 s, and a component's event claimed for 14 s at most.
///
/// Where `begin` fails, the push is answered with status 503, and is not handled: WeChat pushes it again. Where `failed` does, the
/// claim stays, and the push is not handled again; where `done` does, it may be, when the claim is over. A process that dies
/// while it handles a message leaves its claim behind: the message is not handled again, because it may have been.
#[async_trait]
pub trait Seen: Send + Sync + 'static {
    /// Claims a push for the caller for this long, unless it is claimed or done already. In one step: of two at once, one
    /// is told [`Begun::Now`].
    async fn begin(&self, push: &Fingerprint, lease: Duration) -> storage::Result<Begun>;

    /// The push was handled: it is done for this long.
    async fn done(&self, push: &Fingerprint, keep: Duration) -> storage::Result<()>;

    /// The push could not be handled: it may be claimed again.
    async fn failed(&self, push: &Fingerprint) -> storage::Result<()>;
}

#[async_trait]
impl<S: Seen + ?Sized> Seen for Arc<S> {
    async fn begin(&self, push: &Fingerprint, lease: Duration) -> storage::Result<Begun> {
        (**self).begin(push, lease).await
    }

    async fn done(&self, push: &Fingerprint, keep: Duration) -> storage::Result<()> {
        (**self).done(push, keep).await
    }

    async fn failed(&self, push: &Fingerprint) -> storage::Result<()> {
        (**self).failed(push).await
    }
}

/// What is known of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It did not come before, and is the caller's now.
    Now,
    /// It came before, and is being handled.
    Running,
    /// It came before, and was handled.
    Done,
}

/// Remembers pushes in this process.
///
/// What was pushed in the last ten minutes takes about 100 bytes each; of a million within that time, the oldest are
/// forgotten.
#[derive(Debug, Default)]
pub struct SeenInMemory(Mutex<Memory>);

/// Nothing is remembered for longer: no clock overflows by it.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// How many are remembered in each half.
const MOST: usize = 500_000;

/// Two generations: the older is forgotten as a whole when everything in it is over.
#[derive(Debug, Default)]
struct Memory {
    young: HashMap<Fingerprint, Entry>,
    old: HashMap<Fingerprint, Entry>,
    /// When the last entry of the young ones, and of the old ones, is over.
    young_until: Option<Instant>,
    old_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    state: Begun,
    until: Instant,
}

impl Memory {
    fn state(&self, push: &Fingerprint, now: Instant) -> Begun {
        let entry = self.young.get(push).or_else(|| self.old.get(push));
        entry.filter(|entry| now < entry.until).map_or(Begun::Now, |entry| entry.state)
    }

    fn keep(&mut self, push: Fingerprint, state: Begun, time: Duration, now: Instant) {
        let until = now + time.min(LONGEST);
        self.forget(now);
        self.young_until = self.young_until.max(Some(until));
        self.young.insert(push, Entry { state, until });
    }

    /// Makes room, by a generation that is over or, where there are too many, by the older one.
    fn forget(&mut self, now: Instant) {
        let old_is_over = self.old_until.is_none_or(|until| until <= now);
        if self.young.len() >= MOST || (old_is_over && !self.young.is_empty()) {
            if !old_is_over {
                tracing::warn!(
                    pushes = self.old.len(),
                    "too many pushes to remember all: the oldest are forgotten"
                );
            }
            self.old = std::mem::take(&mut self.young);
            self.old_until = self.young_until.take();
        }
    }
}

#[async_trait]
impl Seen for SeenInMemory {
    async fn begin(&self, push: &Fingerprint, lease: Duration) -> storage::Result<Begun> {
        let (mut memory, now) = (lock(&self.0), Instant::now());
        let state = memory.state(push, now);
        if state == Begun::Now {
            memory.keep(*push, Begun::Running, lease, now);
        }
        Ok(state)
    }

    async fn done(&self, push: &Fingerprint, keep: Duration) -> storage::Result<()> {
        lock(&self.0).keep(*push, Begun::Done, keep, Instant::now());
        Ok(())
    }

    async fn failed(&self, push: &Fingerprint) -> storage::Result<()> {
        let mut memory = lock(&self.0);
        memory.young.remove(push);
        memory.old.remove(push);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
