use super::*;

const TEXT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn key() -> AesKey {
    AesKey::new(TEXT).unwrap()
}

/// A plaintext of this length field, with what is behind it.
fn plaintext(length: u32, rest: &[u8]) -> Vec<u8> {
    [&[7; RANDOM][..], &length.to_be_bytes(), rest].concat()
}

fn padded(mut plaintext: Vec<u8>, padding: u8) -> Vec<u8> {
    plaintext.resize(plaintext.len() + usize::from(padding), padding);
    plaintext
}

#[test]
fn a_plaintext_is_taken_apart_by_its_length_field() {
    let whole = |length| padded(plaintext(length, b"messagewx1"), 2);
    assert_eq!(parts(&whole(7)), Some((&b"message"[..], &b"wx1"[..])));
    assert_eq!(parts(&whole(0)), Some((&b""[..], &b"messagewx1"[..])));
    assert_eq!(parts(&whole(10)), Some((&b"messagewx1"[..], &b""[..])));
    for beyond in [11, 12, 13, u32::MAX - 20, u32::MAX] {
        assert_eq!(parts(&whole(beyond)), None, "{beyond}");
    }
}

#[test]
fn a_padding_is_one_to_thirty_two_bytes_of_their_number() {
    for padding in 1..=32 {
        let mut whole = padded(plaintext(1, b"m"), padding);
        assert!(parts(&whole).is_some(), "{padding}");
        let first = whole.len() - usize::from(padding);
        whole[first] ^= 1;
        assert!(parts(&whole).is_none(), "{padding}: its first byte is another");
    }
    let zero = padded(plaintext(1, b"m\0\0"), 0);
    let too_long = padded(plaintext(1, b"m"), 33);
    let longest = padded(plaintext(1, b"m"), 255);
    for wrong in [zero, too_long, longest] {
        assert_eq!(parts(&wrong), None);
    }
}

#[test]
fn a_plaintext_without_room_for_a_head_is_none() {
    assert_eq!(parts(&[]), None);
    assert_eq!(parts(&[32]), None);
    assert_eq!(parts(&padded(vec![0; HEAD - 1], 13)), None);
    assert_eq!(parts(&padded(plaintext(0, b""), 12)), Some((&b""[..], &b""[..])));
    assert_eq!(parts(&[16; 16]), None, "nothing but padding");
}

#[test]
fn a_message_is_padded_by_a_whole_block_rather_than_not_at_all() {
    for length in 0..100 {
        let message = "m".repeat(length);
        let encrypted = STANDARD.decode(key().encrypt(&message, "wx1")).unwrap().len();
        let bare = HEAD + length + 3;
        assert!(encrypted.is_multiple_of(PADDED_TO) && (bare + 1..=bare + PADDED_TO).contains(&encrypted));
    }
}

#[test]
fn a_message_that_is_no_text_is_refused() {
    let mut buffer = padded(plaintext(2, b"\xff\xfewx1"), 7);
    let padded = buffer.len();
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&key().0[..], &key().0[..16]).unwrap();
    let encrypted = STANDARD.encode(cipher.encrypt_padded::<NoPadding>(&mut buffer, padded).unwrap());
    assert_eq!(key().decrypt(&encrypted, "wx1"), Err(Error::Decrypt));
}

#[test]
fn a_key_has_forty_three_characters_of_base64() {
    let wrong = [
        "",
        "abcde",
        &"A".repeat(42),
        &"A".repeat(44),
        &format!("{}=", "A".repeat(42)),
        &format!("{}=", "A".repeat(43)),
        &format!("{} ", "A".repeat(42)),
        &format!("{}\n", "A".repeat(42)),
        &format!("{}-", "A".repeat(42)),
        &format!("{}_", "A".repeat(42)),
        &format!("{}é", "A".repeat(41)),
    ];
    for key in wrong {
        assert_eq!(AesKey::new(key).unwrap_err(), Error::EncodingAesKey, "{key}");
    }
}

#[test]
fn no_signature_is_right_but_the_whole_one() {
    let parts = ["AAAAA", "1714036504", "1514711492"];
    let right = "f464b24fc39322e44b38aa78f5edd27bd1441696";
    assert_eq!(verify(right, &parts), Ok(()));
    let sorted = ["1514711492", "AAAAA", "1714036504"];
    assert_eq!(verify(right, &sorted), Ok(()), "the order is of no matter");
    for wrong in ["", &right[..39], &format!("{right}0"), &right.to_uppercase(), &right.replace('f', "e")] {
        assert_eq!(verify(wrong, &parts), Err(Error::Signature), "{wrong}");
    }
}

#[test]
fn the_parts_are_sorted_by_their_bytes() {
    assert_eq!(sign(&["b", "B", "_", "1", "+"]), crate::sign::sha1(&["+1B_b"]));
}

#[test]
fn a_key_is_not_printed() {
    assert_eq!(format!("{:?} {:#?}", key(), key()), "AesKey(…) AesKey(…)");
}
