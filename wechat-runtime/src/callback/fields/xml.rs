//! Fields from XML: elements, texts and CDATA. There is nothing to expand, so nothing can be made to grow.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{Count, Error, Field, Fields};

/// An element that is not closed yet.
struct Element {
    name: String,
    text: String,
    children: Vec<(String, Field)>,
}

impl Element {
    fn open(start: &BytesStart<'_>) -> Result<Self, Error> {
        let name = std::str::from_utf8(start.name().into_inner()).map_err(|_| Error::Malformed)?.to_owned();
        Ok(Self { name, text: String::new(), children: Vec::new() })
    }

    /// What is between the elements of an element is its layout.
    fn close(self) -> (String, Field) {
        let field = if self.children.is_empty() {
            Field::Text(self.text)
        } else {
            Field::Fields(Fields(self.children))
        };
        (self.name, field)
    }
}

/// The elements that are open, the root first.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<(String, Field)>,
    count: Count,
}

pub(super) fn parse(text: &str) -> Result<Fields, Error> {
    let mut reader = Reader::from_str(text);
    let mut tree = Tree::default();
    loop {
        match reader.read_event().map_err(|_| Error::Malformed)? {
            Event::Start(start) => tree.open(Element::open(&start)?)?,
            Event::Empty(start) => {
                tree.open(Element::open(&start)?)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.text(&text.xml10_content().map_err(|_| Error::Malformed)?)?,
            Event::CData(text) => tree.text(&text.decode().map_err(|_| Error::Malformed)?)?,
            Event::GeneralRef(reference) => tree.reference(&reference)?,
            Event::Decl(_) | Event::Comment(_) => {}
            Event::DocType(_) | Event::PI(_) => return Err(Error::Malformed),
            Event::Eof => return tree.finish(),
        }
    }
}

impl Tree {
    fn open(&mut self, element: Element) -> Result<(), Error> {
        let is_second_root = self.open.is_empty() && self.root.is_some();
        self.count.one_more(self.open.len())?;
        self.open.push(element);
        if is_second_root { Err(Error::Malformed) } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), Error> {
        let closed = self.open.pop().ok_or(Error::Malformed)?.close();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => self.root = Some(closed),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Error> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(Error::Malformed),
        }
        Ok(())
    }

    /// `&amp;` and the other four, and `&#10;`: no XML is without them, and one character comes of each.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Error> {
        if let Some(character) = reference.resolve_char_ref().map_err(|_| Error::Malformed)? {
            return self.text(character.encode_utf8(&mut [0; 4]));
        }
        let name = reference.decode().map_err(|_| Error::Malformed)?;
        self.text(resolve_xml_entity(&name).ok_or(Error::Malformed)?)
    }

    fn finish(self) -> Result<Fields, Error> {
        match self.root {
            Some((name, field)) if name == "xml" && self.open.is_empty() => Ok(match field {
                Field::Fields(fields) => fields,
                Field::Text(_) => Fields::default(),
            }),
            _ => Err(Error::Malformed),
        }
    }
}
