//! The encryption of messages: AES-256-CBC under the `EncodingAESKey`.

use std::fmt;

use aes::Aes256;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use crate::error::ControlError;

/// What padding fills up to, in bytes: twice the block of AES, so the last byte of a plaintext is 1 to 32.
const PADDING: usize = 32;

/// The block of AES, in bytes.
const BLOCK: usize = 16;

/// What stands before the message: 16 random bytes and its length.
const HEAD: usize = 20;

/// 43 characters hold 258 bits for a key of 256, and consoles fill the last two with anything.
const KEY_ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// A key ready for use.
#[derive(Clone)]
pub(crate) struct Cipher {
    key: [u8; 32],
    iv: [u8; BLOCK],
}

/// Why an encrypted text cannot be read, with the numbers of the official sample library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsealing {
    NotBase64,
    NotBlocks,
    Padding,
    Layout,
    NotUtf8,
    OtherAppid,
}

impl fmt::Display for Unsealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unsealing::NotBase64 => "Encrypt is not base64 (-40010)",
            Unsealing::NotBlocks => "Encrypt is not a whole number of blocks (-40007)",
            Unsealing::Padding => "what Encrypt decrypts to is not padded to 32 bytes: another key? (-40007)",
            Unsealing::Layout => "what Encrypt decrypts to has a length that does not fit it (-40008)",
            Unsealing::NotUtf8 => "what Encrypt decrypts to is not UTF-8 (-40008)",
            Unsealing::OtherAppid => "Encrypt holds another appid (-40005)",
        })
    }
}

impl Cipher {
    /// Reads the 43 characters of the console.
    pub(crate) fn new(encoding_aes_key: &str) -> Result<Self, ControlError> {
        let wrong = || ControlError::new("an encoding_aes_key has to be 43 characters of base64");
        let key = KEY_ENGINE.decode(encoding_aes_key).map_err(|_| wrong())?;
        let key: [u8; 32] = key.try_into().map_err(|_| wrong())?;
        let mut iv = [0; BLOCK];
        iv.copy_from_slice(&key[..BLOCK]);
        Ok(Self { key, iv })
    }

    /// Encrypts a message behind 16 random bytes.
    pub(crate) fn seal(&self, random: [u8; 16], message: &str, appid: &str) -> String {
        let mut text = Vec::with_capacity(HEAD + message.len() + appid.len() + PADDING);
        text.extend_from_slice(&random);
        // Four bytes hold every length that fits into memory in practice.
        text.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
        text.extend_from_slice(message.as_bytes());
        text.extend_from_slice(appid.as_bytes());
        // A text that is full as it stands gets 32 bytes more, so there is always a last byte to tell.
        let padding = PADDING - text.len() % PADDING;
        text.resize(text.len() + padding, u8::try_from(padding).unwrap_or_default());
        let mut encryptor = cbc::Encryptor::<Aes256>::new(&self.key.into(), &self.iv.into());
        for block in text.chunks_exact_mut(BLOCK) {
            if let Ok(block) = block.try_into() {
                encryptor.encrypt_block(block);
            }
        }
        STANDARD.encode(text)
    }

    /// Decrypts a message and checks whom it is for.
    pub(crate) fn unseal(&self, encrypted: &str, appid: &str) -> Result<String, Unsealing> {
        let mut text = STANDARD.decode(encrypted).map_err(|_| Unsealing::NotBase64)?;
        if text.is_empty() || text.len() % BLOCK != 0 {
            return Err(Unsealing::NotBlocks);
        }
        let mut decryptor = cbc::Decryptor::<Aes256>::new(&self.key.into(), &self.iv.into());
        for block in text.chunks_exact_mut(BLOCK) {
            if let Ok(block) = block.try_into() {
                decryptor.decrypt_block(block);
            }
        }
        let text = unpadded(&text).ok_or(Unsealing::Padding)?;
        let (message, receiver) = split(text).ok_or(Unsealing::Layout)?;
        if receiver != appid.as_bytes() {
            return Err(Unsealing::OtherAppid);
        }
        String::from_utf8(message.to_vec()).map_err(|_| Unsealing::NotUtf8)
    }
}

/// The text before its padding; every byte of the padding has to be its length, and the whole to be a
/// multiple of 32.
fn unpadded(text: &[u8]) -> Option<&[u8]> {
    let last = *text.last()?;
    let padding = usize::from(last);
    if !(1..=PADDING).contains(&padding) || !text.len().is_multiple_of(PADDING) {
        return None;
    }
    let (text, rest) = text.split_at_checked(text.len() - padding)?;
    rest.iter().all(|byte| *byte == last).then_some(text)
}

/// The message, and the appid behind it.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = text.split_at_checked(HEAD)?;
    let length: [u8; 4] = head[16..].try_into().ok()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(length)).ok()?)
}

#[cfg(test)]
mod tests;
