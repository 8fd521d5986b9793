//! What is decrypted: anything as an `Encrypt`, spoilt ones, and plaintexts that no honest sender makes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use wechat_runtime::callback::Error;
use wechat_runtime::callback::crypto::AesKey;

use super::{ENCRYPTED, ENCRYPTS, HEADS, MUTATED, holds, texts};

const KEY: &str = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR";
const APPID: &str = "wx49f0ab532d5d035a";

/// The cipher's own block.
const BLOCK: usize = 16;

fn check_refusal(decrypted: &Result<String, Error>) {
    if let Err(error) = decrypted {
        assert!(matches!(error, Error::Base64 | Error::Decrypt | Error::Appid), "{error:?}");
    }
}

#[test]
fn whatever_is_said_to_be_encrypted_is_refused() {
    let key = AesKey::new(KEY).unwrap();
    holds(ENCRYPTS, |rng| {
        let encrypt = match rng.u8(..4) {
            0 => texts::text(rng),
            1 => STANDARD.encode(texts::bytes(rng, 300)),
            // Whole blocks get as far as the padding, which is one byte of 1 in one of 256.
            _ => STANDARD.encode((0..BLOCK * rng.usize(..12)).map(|_| rng.u8(..)).collect::<Vec<_>>()),
        };
        let decrypted = key.decrypt(&encrypt, APPID);
        check_refusal(&decrypted);
        assert!(decrypted.is_err(), "nobody guesses 18 bytes of an appid");
        if STANDARD.decode(&encrypt).is_ok() {
            assert_ne!(decrypted, Err(Error::Base64));
        } else {
            assert_eq!(decrypted, Err(Error::Base64));
        }
    });
}

#[test]
fn a_spoilt_ciphertext_is_refused_or_decrypted() {
    let key = AesKey::new(KEY).unwrap();
    holds(MUTATED, |rng| {
        let text = texts::text(rng);
        let encrypt = key.encrypt(&text, APPID);
        let mut bytes = STANDARD.decode(&encrypt).unwrap();
        let blocks = bytes.len() / BLOCK;
        let (one, other) = (rng.usize(..blocks) * BLOCK, rng.usize(..blocks) * BLOCK);
        match rng.u8(..6) {
            0 => {
                let at = rng.usize(..bytes.len());
                bytes[at] ^= 1 << rng.u8(..8);
            }
            1 => bytes.truncate(one),
            2 => (0..BLOCK).for_each(|at| bytes.swap(one + at, other + at)),
            3 => bytes.extend_from_within(one..one + BLOCK),
            4 => drop(bytes.drain(one..one + BLOCK)),
            _ => texts::spoil(rng, &mut bytes),
        }
        let spoilt = STANDARD.encode(&bytes);
        let decrypted = key.decrypt(&spoilt, APPID);
        check_refusal(&decrypted);
        if spoilt == encrypt {
            assert_eq!(decrypted.unwrap(), text);
        }
        check_refusal(&key.decrypt(&texts::spoilt(rng, &encrypt), APPID));
    });
}

/// What a plaintext says by its own account: the definition, written a second time.
fn meaning(after_random: &[u8]) -> Result<String, Error> {
    let padding = usize::from(*after_random.last().ok_or(Error::Decrypt)?);
    // The random bytes before it may be padding, too, for all that is known; no text is left then.
    let Some(bare) = after_random.len().checked_sub(padding) else { return Err(Error::Decrypt) };
    let (bare, pad) = after_random.split_at(bare);
    if padding == 0 || padding > 32 || pad.iter().any(|&byte| usize::from(byte) != padding) || bare.len() < 4
    {
        return Err(Error::Decrypt);
    }
    let length = u64::from(u32::from_be_bytes(bare[..4].try_into().unwrap()));
    let rest = &bare[4..];
    if length > rest.len() as u64 {
        return Err(Error::Decrypt);
    }
    let (message, appid) = rest.split_at(length.try_into().unwrap());
    if appid != APPID.as_bytes() {
        return Err(Error::Appid);
    }
    String::from_utf8(message.to_vec()).map_err(|_| Error::Decrypt)
}

/// An `Encrypt` of this length field, this text, and no padding but what ends the text: without the honest end, which is
/// cut off, and with the first block changed, by which the second changes likewise.
fn hostile(key: &AesKey, length: u32, text: &str) -> (String, Vec<u8>) {
    assert_eq!((4 + text.len()) % BLOCK, 0);
    let honest = u32::try_from(text.len()).unwrap();
    let mut bytes = STANDARD.decode(key.encrypt(text, APPID)).unwrap();
    bytes.truncate(BLOCK + 4 + text.len());
    for (byte, change) in bytes.iter_mut().zip((honest ^ length).to_be_bytes()) {
        *byte ^= change;
    }
    let plaintext = [&length.to_be_bytes()[..], text.as_bytes()].concat();
    (STANDARD.encode(bytes), plaintext)
}

fn hostile_text(rng: &mut Rng) -> (u32, String) {
    let message: String = (0..rng.usize(..60)).map(|_| rng.alphanumeric()).collect();
    let appid = match rng.u8(..8) {
        0 => "",
        1 => &APPID[1..],
        2 => "wx49f0ab532d5d035b",
        3 => "wx49f0ab532d5d035a ",
        _ => APPID,
    };
    let mut text = format!("{message}{appid}");
    let fill = BLOCK - (4 + text.len()) % BLOCK + BLOCK * rng.usize(..2);
    let padding = match rng.u8(..8) {
        0 => 0,
        1 => rng.u8(..128),
        2 => rng.u8(30..36),
        _ => u8::try_from(fill).unwrap(),
    };
    text.extend((0..fill).map(|_| char::from(padding)));
    if rng.u8(..8) == 0 {
        // One byte of the padding is another.
        let at = text.len() - 1 - rng.usize(..fill);
        let other = char::from(rng.u8(..128)).to_string();
        text.replace_range(at..=at, &other);
    }
    let honest = u32::try_from(message.len()).unwrap();
    let length = match rng.u8(..8) {
        0 => rng.u32(..),
        1 => u32::MAX - rng.u32(..64),
        2 => rng.u32(..200),
        3 => honest.wrapping_sub(1),
        4 => honest + 1,
        _ => honest,
    };
    (length, text)
}

#[test]
fn a_plaintext_means_what_its_layout_says_and_nothing_else_is_taken() {
    let key = AesKey::new(KEY).unwrap();
    holds(HEADS, |rng| {
        let (length, text) = hostile_text(rng);
        let (encrypt, plaintext) = hostile(&key, length, &text);
        assert_eq!(key.decrypt(&encrypt, APPID), meaning(&plaintext), "{plaintext:?}");
    });
}

#[test]
fn what_is_encrypted_is_decrypted_to_the_same_and_for_nobody_else() {
    let (key, other) = (AesKey::new(KEY).unwrap(), AesKey::new(&"A".repeat(43)).unwrap());
    holds(ENCRYPTED, |rng| {
        let (message, appid) = (texts::text(rng), texts::text(rng));
        let encrypt = key.encrypt(&message, &appid);
        assert_eq!(key.decrypt(&encrypt, &appid).as_deref(), Ok(&*message));
        assert_eq!(STANDARD.decode(&encrypt).unwrap().len() % 32, 0);
        assert_eq!(key.decrypt(&encrypt, &format!("{appid}x")), Err(Error::Appid));
        assert_ne!(key.encrypt(&message, &appid), encrypt, "no two are the same");
        assert!(other.decrypt(&encrypt, &appid).is_err());
    });
}
