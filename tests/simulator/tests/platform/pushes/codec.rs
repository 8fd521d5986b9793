//! The other side of the encryption, as a developer's server has it: written here once more.

use aes::Aes256;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1::{Digest, Sha1};

use super::{KEY, TOKEN};

/// The signature of the token and other parts.
pub(crate) fn sign(parts: &[&str]) -> String {
    let mut parts = [&[TOKEN], parts].concat();
    parts.sort_unstable();
    let digest = Sha1::digest(parts.concat());
    let hex: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.concat()
}

fn key() -> [u8; 32] {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&ALPHABET, config).decode(format!("{KEY}=")).unwrap().try_into().unwrap()
}

/// The message inside an encrypted text, and the appid behind it.
pub(crate) fn decrypt(encrypt: &str) -> (String, String) {
    let mut text = STANDARD.decode(encrypt).unwrap();
    let key = key();
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    let mut cipher = cbc::Decryptor::<Aes256>::new(&key.into(), &iv.into());
    for block in text.chunks_exact_mut(16) {
        cipher.decrypt_block(block.try_into().unwrap());
    }
    text.truncate(text.len() - usize::from(*text.last().unwrap()));
    let length = u32::from_be_bytes(text[16..20].try_into().unwrap());
    let (message, appid) = text[20..].split_at(usize::try_from(length).unwrap());
    (String::from_utf8(message.to_vec()).unwrap(), String::from_utf8(appid.to_vec()).unwrap())
}

pub(crate) fn encrypt(message: &str, appid: &str) -> String {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let mut text = [b"0123456789abcdef", &length[..], message.as_bytes(), appid.as_bytes()].concat();
    let padding = 32 - text.len() % 32;
    text.resize(text.len() + padding, u8::try_from(padding).unwrap());
    let key = key();
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    let mut cipher = cbc::Encryptor::<Aes256>::new(&key.into(), &iv.into());
    for block in text.chunks_exact_mut(16) {
        cipher.encrypt_block(block.try_into().unwrap());
    }
    STANDARD.encode(text)
}

/// An encrypted reply's envelope in XML.
pub(crate) fn envelope(message: &str, appid: &str, nonce: &str) -> String {
    let encrypt = encrypt(message, appid);
    let signature = sign(&["1713424427", nonce, &encrypt]);
    format!(
        "<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>\
         <TimeStamp>1713424427</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    )
}

/// The same in JSON.
pub(crate) fn json_envelope(message: &str, appid: &str, nonce: &str) -> String {
    let encrypt = encrypt(message, appid);
    let signature = sign(&["1713424427", nonce, &encrypt]);
    let envelope = serde_json::json!({
        "Encrypt": encrypt, "MsgSignature": signature, "TimeStamp": 1_713_424_427, "Nonce": nonce,
    });
    envelope.to_string()
}

/// What stands between two texts.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no {after} in {rest}")).0
}
