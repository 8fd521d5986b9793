//! Signatures and encryption of what WeChat pushes, free of any web framework.
//!
//! [`Keys`] do the whole of it, for whatever server you have:
//!
//! ```
//! use wechat_runtime::callback::{self, Incoming, Keys, Query, Reply};
//!
//! /// The body to answer a GET or a POST with. `query` is what is behind the `?`, and `now` is in Unix seconds.
//! fn respond(keys: &Keys, is_get: bool, query: &str, body: &[u8], now: u64) -> Result<String, callback::Error> {
//!     let query = Query::parse(query)?;
//!     query.check_fresh(now, 300)?;
//!     if is_get {
//!         return Ok(keys.verify_url(&query)?.to_owned());
//!     }
//!     let opened = keys.open(&query, body)?;
//!     let incoming = Incoming::parse(opened.message())?;
//!     let reply = Reply::text("Hello!").render(&incoming, now)?;
//!     Ok(opened.seal(reply.as_deref().unwrap_or("success"), &query, now))
//! }
//! ```
//!
//! Besides, a service sees to this: an error is answered 403, without its reason; [`create_time`](super::Incoming::create_time)
//! is fresh, too; the same message again is answered `success` and not handled; the body is limited before it is read; and all
//! of it is answered within 5 s, under `application/xml` or `application/json`.
//!
//! Follows WeChat's pages on
//! [message push](https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/message-push.html) and, for component
//! applications, [their own](https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html).

use std::fmt;
use std::sync::Arc;

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::Error;
pub use super::keys::{Keys, Opened, Query};

/// The key has 256 bits, and its 43 characters hold 258: the last two may be anything.
const KEY: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// How many characters an `EncodingAESKey` has.
const KEY_CHARACTERS: usize = 43;

/// What comes before the message in the plaintext: random bytes, and the message's length.
const RANDOM: usize = 16;
const HEAD: usize = RANDOM + 4;

/// The plaintext is padded to a multiple of this, which is twice the cipher's own block.
const PADDED_TO: usize = 32;

/// Signs: the SHA-1 of the parts, sorted by their bytes and joined, in lower-case hexadecimal digits.
///
/// The parts of `signature` are the `Token`, `timestamp` and `nonce`; those of `msg_signature` have the `Encrypt` beside
/// them.
///
/// ```
/// use wechat_runtime::callback::crypto;
///
/// let signature = crypto::sign(&["AAAAA", "1714036504", "1514711492"]);
/// assert_eq!(signature, "f464b24fc39322e44b38aa78f5edd27bd1441696");
/// ```
#[must_use]
pub fn sign(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    crate::sign::sha1(&parts)
}

/// Checks a signature of the parts, in a time that does not tell how much of it was right.
///
/// # Errors
///
/// [`Error::Signature`].
pub fn verify(signature: &str, parts: &[&str]) -> Result<(), Error> {
    let right = sign(parts).as_bytes().ct_eq(signature.as_bytes());
    if bool::from(right) { Ok(()) } else { Err(Error::Signature) }
}

/// An `EncodingAESKey`: what pushes and replies are encrypted with.
#[derive(Clone)]
pub struct AesKey(Arc<Zeroizing<[u8; 32]>>);

impl AesKey {
    /// The key of these 43 characters, as the account's server settings show them.
    ///
    /// # Errors
    ///
    /// [`Error::EncodingAesKey`].
    pub fn new(encoding_aes_key: &str) -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; 32]);
        if encoding_aes_key.len() != KEY_CHARACTERS {
            return Err(Error::EncodingAesKey);
        }
        match KEY.decode_slice(encoding_aes_key, &mut *key) {
            Ok(32) => Ok(Self(Arc::new(key))),
            _ => Err(Error::EncodingAesKey),
        }
    }

    /// Decrypts an `Encrypt`, and checks that it was encrypted for this appid.
    ///
    /// Check its `msg_signature` first: whoever may have anything decrypted finds out what is in it.
    ///
    /// # Errors
    ///
    /// [`Error::Base64`], [`Error::Decrypt`], [`Error::Appid`]. None of them tells anything about the plaintext.
    pub fn decrypt(&self, encrypt: &str, appid: &str) -> Result<String, Error> {
        let mut buffer = Zeroizing::new(STANDARD.decode(encrypt).map_err(|_| Error::Base64)?);
        let cipher = cbc::Decryptor::<Aes256>::new_from_slices(&self.0[..], &self.0[..16]);
        let cipher = cipher.map_err(|_| Error::Decrypt)?;
        let padded = cipher.decrypt_padded::<NoPadding>(&mut buffer).map_err(|_| Error::Decrypt)?;
        let (message, whose) = parts(padded).ok_or(Error::Decrypt)?;
        if !bool::from(whose.ct_eq(appid.as_bytes())) {
            return Err(Error::Appid);
        }
        std::str::from_utf8(message).map(str::to_owned).map_err(|_| Error::Decrypt)
    }

    /// Encrypts a message for the application of this appid: an `Encrypt`.
    #[must_use]
    pub fn encrypt(&self, message: &str, appid: &str) -> String {
        self.encrypt_with(crate::random::bytes(), message, appid)
    }

    /// Encrypts with the random bytes given, so that a test knows the outcome. Bytes that are the same twice show which
    /// messages begin alike.
    #[must_use]
    pub fn encrypt_with(&self, random: [u8; 16], message: &str, appid: &str) -> String {
        // Bodies and replies are limited far below 4 GiB.
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let bare = HEAD + message.len() + appid.len();
        let padding = PADDED_TO - bare % PADDED_TO;
        let mut buffer = Zeroizing::new(Vec::with_capacity(bare + padding));
        buffer.extend_from_slice(&random);
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(message.as_bytes());
        buffer.extend_from_slice(appid.as_bytes());
        // At most 32.
        #[allow(clippy::cast_possible_truncation)]
        buffer.resize(bare + padding, padding as u8);
        let padded = buffer.len();
        let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&self.0[..], &self.0[..16]);
        // The key has 32 bytes, and the buffer is a multiple of the cipher's block: neither can fail.
        let encrypted = cipher
            .ok()
            .and_then(|cipher| cipher.encrypt_padded::<NoPadding>(&mut buffer, padded).ok())
            .unwrap_or_default();
        STANDARD.encode(encrypted)
    }
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesKey(…)")
    }
}

/// The message and the appid in a padded plaintext.
fn parts(padded: &[u8]) -> Option<(&[u8], &[u8])> {
    let padding = usize::from(*padded.last()?);
    if padding == 0 || padding > PADDED_TO {
        return None;
    }
    let (plain, pad) = padded.split_at_checked(padded.len().checked_sub(padding)?)?;
    if pad.iter().any(|&byte| usize::from(byte) != padding) {
        return None;
    }
    let (head, rest) = plain.split_at_checked(HEAD)?;
    let length = u32::from_be_bytes(head[RANDOM..].try_into().ok()?);
    rest.split_at_checked(usize::try_from(length).ok()?)
}

#[cfg(test)]
mod tests;
