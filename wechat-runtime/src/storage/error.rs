//! What a storage callback fails with.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// What a storage callback fails with: takes any error by `?`.
///
/// Its text and that of its sources reach the caller's [`Error`](crate::Error) as its source: keep
/// secrets out of them.
#[derive(Clone)]
pub struct Error(Arc<dyn StdError + Send + Sync>);

/// The result of a storage callback.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure that is only words.
    #[must_use]
    pub fn msg(message: impl Into<String>) -> Self {
        Self(Arc::new(Message(message.into())))
    }

    /// The error of a call in it, which is its caller's own.
    pub(crate) fn of_call(&self) -> Option<&crate::Error> {
        self.0.downcast_ref()
    }

    pub(crate) fn into_inner(self) -> Arc<dyn StdError + Send + Sync> {
        self.0
    }
}

// Not `std::error::Error` itself: that would forbid the conversion below.
impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[derive(Debug)]
struct Message(String);

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Message {}
