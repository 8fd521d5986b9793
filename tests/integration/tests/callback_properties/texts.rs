//! Texts, names and bytes, of those kinds that readers stumble over; and how they are spoilt.

use fastrand::Rng;

/// What means something to one of the readers.
const TOKENS: &[&str] = &[
    "<!DOCTYPE a [<!ENTITY b \"cc\">]>",
    "<!ENTITY",
    "<![CDATA[",
    "]]>",
    "]]",
    "<!--",
    "-->",
    "<?xml version=\"1.0\" encoding=\"UTF-16\"?>",
    "<?",
    "?>",
    "<",
    "</",
    "/>",
    ">",
    "<xml>",
    "</xml>",
    "<a",
    " a='<b>'",
    "&",
    "&amp;",
    "&lol;",
    "&#0;",
    "&#x110000;",
    "&#xd800;",
    "&#99999999999999999999;",
    "&#38;#38;",
    "{",
    "}",
    "[",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "]",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    ":",
    ",",
    "1e400",
    "-0",
    "99999999999999999999999999999999999999",
    "null",
    "\0",
    "\r\n",
    "\u{feff}",
    "\u{fffe}",
    "%",
    "%00",
    "%ff",
    "+",
    "=",
    "Encrypt",
    "MsgType",
];

/// A character: mostly one of those that have a meaning to somebody.
fn character(rng: &mut Rng) -> char {
    let some = |rng: &mut Rng, of: &str| of.chars().nth(rng.usize(..of.chars().count())).unwrap();
    match rng.u8(..12) {
        0..4 => rng.alphanumeric(),
        4..6 => some(rng, "<>&]['\"/=%+{}\\:,!?#; "),
        6 => some(rng, "\t\n\r \0\u{1}\u{1f}\u{7f}\u{85}\u{2028}"),
        7 => some(rng, "\u{feff}\u{fffd}\u{fffe}\u{ffff}\u{d7ff}\u{e000}\u{10000}\u{10ffff}\u{1fffe}"),
        8 => some(rng, "你好微信😀é"),
        _ => rng.char(..),
    }
}

/// Any text, mostly a short one.
pub(super) fn text(rng: &mut Rng) -> String {
    let most = if rng.u8(..20) == 0 { 400 } else { 24 };
    let mut text: String = (0..rng.usize(..most)).map(|_| character(rng)).collect();
    if rng.u8(..5) == 0 {
        text.push_str(rng.choice(TOKENS).unwrap());
        text.push(character(rng));
    }
    text
}

/// Any text of characters that XML can have.
pub(super) fn xml_text(rng: &mut Rng) -> String {
    text(rng).chars().filter(|&c| can_be_xml(c)).collect()
}

/// By the production `Char` of XML 1.0.
pub(super) fn can_be_xml(c: char) -> bool {
    matches!(u32::from(c), 0x9 | 0xa | 0xd | 0x20..=0xd7ff | 0xe000..=0xfffd | 0x1_0000..=0x10_ffff)
}

/// A name, as XML has them.
pub(super) fn name(rng: &mut Rng) -> String {
    let known = ["xml", "item", "Encrypt", "MsgType", "Event", "Content", "InfoType", "CreateTime"];
    match rng.u8(..4) {
        0 => rng.choice(known).unwrap().to_owned(),
        1 => "微信名".to_owned(),
        _ => (0..=rng.usize(..8)).map(|_| rng.alphabetic()).collect(),
    }
}

pub(super) fn bytes(rng: &mut Rng, most: usize) -> Vec<u8> {
    (0..rng.usize(..most)).map(|_| rng.u8(..)).collect()
}

/// Spoils bytes in one to four places.
pub(super) fn spoil(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..=rng.usize(..4) {
        let (a, b) = (rng.usize(..=bytes.len()), rng.usize(..=bytes.len()));
        let (from, to) = (a.min(b), a.max(b));
        match rng.u8(..7) {
            0 | 1 if from < bytes.len() => bytes[from] ^= 1 << rng.u8(..8),
            2 => bytes.truncate(to),
            3 => drop(bytes.drain(from..to)),
            4 if to - from < 200 => {
                let again = bytes[from..to].to_vec();
                bytes.splice(from..from, again);
            }
            _ => {
                let token = rng.choice(TOKENS).unwrap();
                bytes.splice(from..from, token.bytes());
            }
        }
    }
}

/// A spoilt text. What is no UTF-8 any more is made some.
pub(super) fn spoilt(rng: &mut Rng, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    spoil(rng, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
