//! Words that nobody can guess: boundaries, nonces, names of files that are not finished.

use std::hash::{BuildHasher as _, RandomState};

/// A word of 32 hexadecimal digits. Its two halves are hashes under keys from the operating system.
pub(crate) fn word() -> String {
    let half = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_words_are_the_same() {
        let words: std::collections::HashSet<_> = (0..1000).map(|_| super::word()).collect();
        assert!(words.len() == 1000 && words.iter().all(|word| word.len() == 32));
    }
}
