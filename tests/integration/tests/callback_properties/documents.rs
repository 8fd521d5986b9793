//! What is parsed: XML and JSON that is written from fields, and what becomes of it when it is spoilt.

use std::fmt::Write as _;

use fastrand::Rng;
use serde_json::{Map, Value};
use wechat_runtime::callback::{ComponentEvent, Error, Fields, Incoming};

use super::{JSON, Tree, XML, holds, is_read_or_malformed, texts};

/// Fields three deep at most.
fn tree(rng: &mut Rng, depth: usize) -> Tree {
    if depth == 3 || (depth > 0 && rng.u8(..3) > 0) {
        return Tree::Text(texts::xml_text(rng));
    }
    let fields = (0..rng.usize(1..5)).map(|_| (texts::name(rng), tree(rng, depth + 1)));
    Tree::Fields(fields.collect())
}

/// Writes a text in one of the ways there are: bare, in CDATA sections, by references, and in pieces.
fn write_text(rng: &mut Rng, text: &str, xml: &mut String) {
    let pieces: Vec<_> = text.split_inclusive(|_| rng.u8(..16) == 0).collect();
    for piece in pieces {
        if rng.bool() {
            let _ = write!(xml, "<![CDATA[{}]]>", piece.replace("]]>", "]]]]><![CDATA[>"));
        } else {
            for c in piece.chars() {
                let _ = match c {
                    '<' => write!(xml, "&lt;"),
                    '>' => write!(xml, "&gt;"),
                    '&' => write!(xml, "&amp;"),
                    '"' => write!(xml, "&quot;"),
                    '\r' => write!(xml, "&#13;"),
                    c if rng.u8(..8) == 0 => write!(xml, "&#x{:x};", u32::from(c)),
                    c => write!(xml, "{c}"),
                };
            }
        }
        if rng.u8(..8) == 0 {
            xml.push_str("<!-- <b>no text</b> &no; -->");
        }
    }
}

fn write_xml(rng: &mut Rng, name: &str, tree: &Tree, xml: &mut String) {
    let _ = match rng.u8(..8) {
        0 => write!(xml, "<{name} a=\"1>\" b='2'>"),
        1 => write!(xml, "<{name}\n>"),
        _ => write!(xml, "<{name}>"),
    };
    match tree {
        Tree::Text(text) => write_text(rng, text, xml),
        Tree::Fields(fields) => {
            for (name, field) in fields {
                xml.push_str(rng.choice(["", "", "\n", " \t", "<!---->", "layout"]).unwrap());
                write_xml(rng, name, field, xml);
            }
        }
    }
    let _ = write!(xml, "</{name}>");
}

fn some_xml(rng: &mut Rng) -> String {
    let (tree, mut xml) = (tree(rng, 0), String::new());
    write_xml(rng, "xml", &tree, &mut xml);
    xml
}

/// All that reads a text reads it, or says that it is malformed.
fn read(text: &str) -> bool {
    let is_read = is_read_or_malformed(Fields::parse(text));
    for refused in [Incoming::parse(text).err(), ComponentEvent::parse(text).err()] {
        assert_eq!(refused, (!is_read).then_some(Error::Malformed));
    }
    is_read
}

#[test]
fn xml_is_read_as_it_was_written_and_spoilt_is_read_or_malformed() {
    holds(XML, |rng| match rng.u8(..4) {
        0 => {
            let expected = tree(rng, 0);
            let mut xml =
                rng.choice(["", "\u{feff}", "<?xml version=\"1.0\"?>\n", " \n"]).unwrap().to_owned();
            write_xml(rng, "xml", &expected, &mut xml);
            assert_eq!(Tree::of(&Fields::parse(&xml).unwrap()), expected, "{xml}");
        }
        1 => {
            // Never of two roots, nor with a text beside the root.
            let mut xml = some_xml(rng);
            xml.push_str(
                rng.choice(["x", "<xml/>", "<!DOCTYPE a>", "<?a?>", "</xml>", "<", "&#32;x"]).unwrap(),
            );
            assert_eq!(Fields::parse(&xml), Err(Error::Malformed), "{xml}");
        }
        2 => {
            let xml = some_xml(rng);
            read(&texts::spoilt(rng, &xml));
        }
        _ => {
            let pieces: String = (0..rng.usize(..12)).map(|_| texts::text(rng)).collect();
            read(&format!("{}{pieces}", rng.choice(["", "<xml>", "<xml><a>"]).unwrap()));
        }
    });
}

fn value(rng: &mut Rng, depth: usize) -> Value {
    match rng.u8(..if depth < 4 { 8 } else { 6 }) {
        0 => Value::Null,
        1 => rng.bool().into(),
        2 => rng.u64(..).into(),
        3 => rng.i64(..).into(),
        // Of so few digits that they are read exactly.
        4 => (f64::from(rng.i32(..)) / 64.0).into(),
        5 => texts::text(rng).into(),
        6 => (0..rng.usize(..4)).map(|_| value(rng, depth + 1)).collect(),
        _ => Value::Object(object(rng, depth + 1)),
    }
}

fn object(rng: &mut Rng, depth: usize) -> Map<String, Value> {
    let name = |rng: &mut Rng| if rng.u8(..4) == 0 { texts::text(rng) } else { texts::name(rng) };
    (0..rng.usize(..5)).map(|_| (name(rng), value(rng, depth))).collect()
}

/// What JSON means as fields.
fn meaning(value: &Value) -> Tree {
    match value {
        Value::Null => Tree::Text(String::new()),
        Value::String(text) => Tree::Text(text.clone()),
        Value::Bool(_) | Value::Number(_) => Tree::Text(value.to_string()),
        Value::Array(items) => {
            Tree::Fields(items.iter().map(|item| ("item".to_owned(), meaning(item))).collect())
        }
        Value::Object(object) => object_meaning(object),
    }
}

fn object_meaning(object: &Map<String, Value>) -> Tree {
    Tree::Fields(object.iter().map(|(name, value)| (name.clone(), meaning(value))).collect())
}

#[test]
fn json_is_read_as_it_was_written_and_spoilt_is_read_or_malformed() {
    holds(JSON, |rng| {
        let object = object(rng, 0);
        let written =
            if rng.bool() { serde_json::to_string(&object) } else { serde_json::to_string_pretty(&object) };
        let json = written.unwrap();
        match rng.u8(..3) {
            0 => {
                let before = rng.choice(["", " \n", "\u{feff}"]).unwrap();
                let fields = Fields::parse(&format!("{before}{json}\n")).unwrap();
                assert_eq!(Tree::of(&fields), object_meaning(&object), "{json}");
            }
            1 => {
                let after = rng.choice(["x", "{}", "}", ",", "]", "\0"]).unwrap();
                assert_eq!(Fields::parse(&format!("{json}{after}")), Err(Error::Malformed), "{json}");
            }
            _ => {
                read(&texts::spoilt(rng, &json));
            }
        }
    });
}
