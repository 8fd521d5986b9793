//! Where calls are sent, and by what.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::base::Base;

/// How many calls that grant something are on the wire at once: thousands of accounts may need a token at one time, and
/// each would open a connection.
const GRANTING_AT_ONCE: usize = 64;

/// Where calls are sent, and by what.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) http: reqwest::Client,
    pub(crate) base: Arc<Base>,
    /// Holds back the calls that grant something.
    pub(crate) granting: Arc<Semaphore>,
}

impl Wire {
    pub(crate) fn new(http: reqwest::Client, base: Base) -> Self {
        Self { http, base: Arc::new(base), granting: Arc::new(Semaphore::new(GRANTING_AT_ONCE)) }
    }

    /// The same, to an API elsewhere.
    pub(crate) fn to(&self, base: Base) -> Self {
        Self { base: Arc::new(base), ..self.clone() }
    }
}
