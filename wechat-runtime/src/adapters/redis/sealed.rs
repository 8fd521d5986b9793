//! Encryption at rest: XChaCha20-Poly1305 with random nonces.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, Generate as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize as _, Zeroizing};

use super::error::{RedisError, Unreadable};
use crate::Error;
use crate::errcode::ErrorKind;

/// What a sealed record begins with; the nonce and the ciphertext follow.
const SEALED: &[u8] = b"sealed:1:";

/// What a record in the clear begins with: it is a JSON object.
const PLAIN: u8 = b'{';

const NONCE: usize = 24;

/// A key of 32 bytes, by which [`Redis`](super::Redis) encrypts what it stores. It never prints itself, and is wiped when it
/// is dropped.
///
/// Make it of 32 random bytes (`openssl rand -hex 32`), and keep it where Redis is not. Without it, what is stored is lost.
///
/// ```
/// use wechat_runtime::adapters::EncryptionKey;
///
/// let key = EncryptionKey::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")?;
/// assert_eq!(format!("{key:?}"), "EncryptionKey(…)");
/// # Ok::<(), wechat_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct EncryptionKey(Zeroizing<[u8; 32]>);

impl EncryptionKey {
    /// A key of these bytes.
    #[must_use]
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let key = Self(Zeroizing::new(bytes));
        bytes.zeroize();
        key
    }

    /// A key of 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// Of the kind [`Configuration`](ErrorKind::Configuration), where the text is anything else.
    pub fn from_hex(digits: &str) -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; 32]);
        let digits = digits.as_bytes();
        if digits.len() != 2 * key.len() {
            return Err(not_a_key());
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let value = char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
                *byte = (*byte << 4) | value.ok_or_else(not_a_key)?;
            }
        }
        Ok(Self(key))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

fn not_a_key() -> Error {
    Error::new(ErrorKind::Configuration, "the encryption key is not 64 hexadecimal digits")
        .advising("make one by `openssl rand -hex 32`")
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey(…)")
    }
}

/// The keys, and what is taken without one.
#[derive(Default)]
pub(super) struct Seal {
    /// What is written with.
    pub(super) key: Option<EncryptionKey>,
    /// What is only read with.
    pub(super) earlier: Vec<EncryptionKey>,
    /// Whether a record in the clear is read although there is a key.
    pub(super) accepts_plain: bool,
}

impl Seal {
    /// The bytes to store: sealed, where there is a key. `place` is what they belong to, and can be read under no other.
    pub(super) fn close(
        &self,
        text: Zeroizing<Vec<u8>>,
        place: &str,
    ) -> Result<Zeroizing<Vec<u8>>, RedisError> {
        let Some(key) = &self.key else { return Ok(text) };
        let nonce = XNonce::try_generate().map_err(|_| RedisError::NotEncrypted)?;
        let payload = Payload { msg: &text, aad: place.as_bytes() };
        let ciphertext = key.cipher().encrypt(&nonce, payload).map_err(|_| RedisError::NotEncrypted)?;
        Ok(Zeroizing::new([SEALED, nonce.as_slice(), &ciphertext].concat()))
    }

    /// What was stored at `place`.
    pub(super) fn open(&self, stored: &[u8], place: &str) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        if stored.first() == Some(&PLAIN) {
            let is_taken = self.key.is_none() || self.accepts_plain;
            return if is_taken { Ok(Zeroizing::new(stored.to_vec())) } else { Err(Unreadable::Plain) };
        }
        let sealed = stored.strip_prefix(SEALED).ok_or(Unreadable::Foreign)?;
        let mut keys = self.key.iter().chain(&self.earlier).peekable();
        if keys.peek().is_none() {
            return Err(Unreadable::NoKey);
        }
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>().ok_or(Unreadable::NotOpened)?;
        let nonce = XNonce::from(*nonce);
        let opened = keys.find_map(|key| {
            key.cipher().decrypt(&nonce, Payload { msg: ciphertext, aad: place.as_bytes() }).ok()
        });
        opened.map(Zeroizing::new).ok_or(Unreadable::NotOpened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "a place";

    fn with(key: u8) -> Seal {
        Seal { key: Some(EncryptionKey::from_bytes([key; 32])), ..Seal::default() }
    }

    fn text() -> Zeroizing<Vec<u8>> {
        Zeroizing::new(b"{\"refresh_token\":\"canary\"}".to_vec())
    }

    #[test]
    fn what_is_sealed_is_opened_by_its_key_at_its_place_alone() {
        let sealed = with(1).close(text(), PLACE).unwrap();
        assert_eq!(with(1).open(&sealed, PLACE), Ok(text()));
        assert_eq!(with(2).open(&sealed, PLACE), Err(Unreadable::NotOpened));
        assert_eq!(with(1).open(&sealed, "another place"), Err(Unreadable::NotOpened));
        assert_eq!(Seal::default().open(&sealed, PLACE), Err(Unreadable::NoKey));
    }

    #[test]
    fn what_is_sealed_is_not_opened_where_a_byte_of_it_is_missing_or_another() {
        let sealed = with(1).close(text(), PLACE).unwrap();
        for end in 0..sealed.len() {
            assert!(with(1).open(&sealed[..end], PLACE).is_err(), "cut at {end}");
            let mut altered = sealed.to_vec();
            altered[end] ^= 1;
            assert!(with(1).open(&altered, PLACE).is_err(), "altered at {end}");
        }
    }

    #[test]
    fn nothing_of_the_text_is_seen_in_what_is_sealed_and_no_two_are_alike() {
        let [one, other] = [(); 2].map(|()| with(1).close(text(), PLACE).unwrap());
        assert_ne!(one, other);
        assert!(!one.windows(6).any(|window| window == b"canary"));
    }

    #[test]
    fn an_earlier_key_reads_and_does_not_write() {
        let rotated = Seal { earlier: vec![EncryptionKey::from_bytes([1; 32])], ..with(2) };
        let sealed = with(1).close(text(), PLACE).unwrap();
        assert_eq!(rotated.open(&sealed, PLACE), Ok(text()));
        let sealed = rotated.close(text(), PLACE).unwrap();
        assert_eq!(with(2).open(&sealed, PLACE), Ok(text()));
    }

    #[test]
    fn a_record_in_the_clear_is_read_with_a_key_only_where_that_is_said() {
        assert_eq!(Seal::default().open(&text(), PLACE), Ok(text()));
        assert_eq!(with(1).open(&text(), PLACE), Err(Unreadable::Plain));
        let accepting = Seal { accepts_plain: true, ..with(1) };
        assert_eq!(accepting.open(&text(), PLACE), Ok(text()));
    }

    #[test]
    fn a_key_is_made_of_64_hexadecimal_digits_and_nothing_else() {
        let key = EncryptionKey::from_hex(&"0aF1".repeat(16)).unwrap();
        assert_eq!(*key.0, [[0x0a, 0xf1]; 16].concat()[..]);
        for wrong in ["", "0a", &"0g".repeat(32), &"0a".repeat(33), &"é".repeat(32)] {
            let error = EncryptionKey::from_hex(wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(wrong.is_empty() || !error.to_string().contains(wrong));
        }
    }
}
