//! Locking that outlives a panicking test thread.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after another thread panicked while holding the lock: every state in this crate is
/// whole between two statements, so there is nothing to protect a later reader from.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
