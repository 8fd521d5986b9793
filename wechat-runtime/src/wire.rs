//! Where calls are sent, by what, and by which numbers what they carry is kept fresh.

use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::TokenKind;
use crate::base::Base;
use crate::clock::Clock;
use crate::settings::RefreshSettings;

/// How many calls that grant something are on the wire at once: thousands of accounts may need a token at one time, and
/// each would open a connection.
const GRANTING_AT_ONCE: usize = 64;

/// What all calls of a client have in common. A clone is one count: each of several would be one more that the threads that
/// call take from each other.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Terms>);

/// Where calls are sent, by what, and by which numbers what they carry is kept fresh.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) http: reqwest::Client,
    pub(crate) base: Arc<Base>,
    /// Holds back the calls that grant something.
    pub(crate) granting: Arc<Semaphore>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Which kind of access token a common application's tickets are bought with.
    pub(crate) kind: TokenKind,
    pub(crate) settings: Arc<RefreshSettings>,
    /// The longest life that is believed of what WeChat grants, in seconds.
    pub(crate) cap: Option<u64>,
}

impl Wire {
    pub(crate) fn new(terms: Terms) -> Self {
        Self(Arc::new(terms))
    }

    /// The same, to an API elsewhere.
    pub(crate) fn to(&self, base: Base) -> Self {
        Self::new(Terms { base: Arc::new(base), ..(*self.0).clone() })
    }
}

impl Terms {
    /// What holds back the calls of a client that grant something.
    pub(crate) fn granting() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(GRANTING_AT_ONCE))
    }
}

impl Deref for Wire {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.0
    }
}
