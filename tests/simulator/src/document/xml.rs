//! Reading XML: elements, texts and CDATA, and nothing that would have to be fetched or expanded.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{DEPTH, Document, Value};

/// The name of the element around everything.
const ROOT: &str = "xml";

/// The entities that XML has without a declaration.
const ENTITIES: &[(&str, char)] = &[("lt", '<'), ("gt", '>'), ("amp", '&'), ("apos", '\''), ("quot", '"')];

/// An element that has yet to be closed.
struct Open {
    name: String,
    text: String,
    fields: Vec<(String, Value)>,
}

impl Open {
    fn new(start: &BytesStart<'_>) -> Result<Self, String> {
        let name = std::str::from_utf8(start.name().into_inner()).map_err(|error| error.to_string())?;
        Ok(Self { name: name.to_owned(), text: String::new(), fields: Vec::new() })
    }

    fn close(self) -> Result<(String, Value), String> {
        let Self { name, text, fields } = self;
        if fields.is_empty() {
            return Ok((name, Value::Text(text)));
        }
        if text.trim().is_empty() {
            return Ok((name, Value::Document(Document(fields))));
        }
        Err(format!("<{name}> holds both elements and text"))
    }
}

/// What is read up to now.
#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    root: Option<(String, Value)>,
}

pub(super) fn read(text: &str) -> Result<Document, String> {
    let mut reader = Reader::from_str(text);
    let mut tree = Tree::default();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => tree.start(&start)?,
            Event::Empty(start) => {
                tree.start(&start)?;
                tree.end()?;
            }
            Event::End(_) => tree.end()?,
            Event::Text(text) => tree.text(&text.xml10_content().map_err(|error| error.to_string())?)?,
            Event::CData(text) => tree.text(&text.xml10_content().map_err(|error| error.to_string())?)?,
            Event::GeneralRef(reference) => tree.text(resolve(&reference)?.encode_utf8(&mut [0; 4]))?,
            Event::DocType(_) => return Err("a document type is not taken (-40002)".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return tree.finish(),
        }
    }
}

impl Tree {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        if self.root.is_some() {
            return Err("an element follows the document".to_owned());
        }
        if self.open.len() == DEPTH {
            return Err(format!("elements stand deeper than {DEPTH} in one another"));
        }
        self.open.push(Open::new(start)?);
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let closed = self.open.pop().ok_or("an element is closed that was not open")?.close()?;
        match self.open.last_mut() {
            Some(around) => around.fields.push(closed),
            None => self.root = Some(closed),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(open) => open.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err("text stands outside of the document".to_owned()),
        }
        Ok(())
    }

    fn finish(self) -> Result<Document, String> {
        if let Some(open) = self.open.last() {
            return Err(format!("<{}> is not closed", open.name));
        }
        match self.root {
            Some((name, Value::Document(document))) if name == ROOT => Ok(document),
            Some((name, Value::Text(_))) if name == ROOT => Err("<xml> is empty".to_owned()),
            Some((name, _)) => Err(format!("the element around everything is <{name}> in place of <xml>")),
            None => Err("there is no element".to_owned()),
        }
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character);
    }
    let name = reference.decode().map_err(|error| error.to_string())?;
    let known = ENTITIES.iter().find(|(known, _)| *known == name);
    known.map(|(_, character)| *character).ok_or_else(|| format!("there is no entity &{name};"))
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use crate::callback::Format;

    #[test]
    fn texts_are_read_from_cdata_references_and_nested_elements() {
        let text = "<?xml version=\"1.0\"?>\n<xml>\n<A><![CDATA[a]]]]><![CDATA[>b]]></A><!-- c -->\n\
                    <B>&lt;&#20320;&amp;</B><C/><G><item><T>1</T></item><item><T>2</T></item></G>\n</xml>\n";
        let document = Document::read(text, Format::Xml).unwrap();
        assert_eq!((document.get("A"), document.get("B")), (Some("a]]>b"), Some("<你&")));
        assert_eq!((document.get("C"), document.get("G"), document.get("D")), (Some(""), None, None));
        assert_eq!(document.all("G/item/T"), ["1", "2"]);
    }

    #[test]
    fn what_is_not_the_platform_s_xml_says_why() {
        let deep = format!("<xml>{}{}</xml>", "<a>".repeat(20), "</a>".repeat(20));
        let external = "<!DOCTYPE foo [<!ENTITY xxe SYSTEM \"file:///etc/passwd\">]><xml><A>&xxe;</A></xml>";
        let cases = [
            (external, "document type"),
            ("<xml><A>&nbsp;</A></xml>", "no entity &nbsp;"),
            ("<xml><A>1</B></xml>", "</B>"),
            ("<xml><A>1</A>", "<xml> is not closed"),
            ("<xml>text</xml>", "is empty"),
            ("<xml>text<A>1</A></xml>", "both"),
            ("<root><A>1</A></root>", "<root>"),
            ("<xml><A>1</A></xml><xml/>", "follows"),
            ("<xml><A>1</A></xml>text", "outside"),
            ("{}", "outside"),
            ("", "no element"),
            (&deep, "deeper"),
        ];
        for (text, why) in cases {
            let error = Document::read(text, Format::Xml).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
