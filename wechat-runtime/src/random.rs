//! Words that nobody can guess: boundaries, nonces, names of files that are not finished.

use std::hash::{BuildHasher as _, RandomState};

/// A word of 32 hexadecimal digits. Its two halves are hashes under keys from the operating system.
pub(crate) fn word() -> String {
    format!("{:016x}{:016x}", half(), half())
}

/// As many bytes as hide where two encrypted messages are alike.
#[cfg(feature = "callback-codec")]
pub(crate) fn bytes() -> [u8; 16] {
    ((u128::from(half()) << 64) | u128::from(half())).to_be_bytes()
}

fn half() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_words_are_the_same() {
        let words: std::collections::HashSet<_> = (0..1000).map(|_| super::word()).collect();
        assert!(words.len() == 1000 && words.iter().all(|word| word.len() == 32));
    }
}
