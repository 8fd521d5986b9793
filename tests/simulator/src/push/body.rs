//! Fields as the text of a body.

use super::field::{Field, Node};
use crate::callback::Format;

/// Writes fields as one document.
pub(crate) fn write(fields: Vec<(String, Field)>, format: Format) -> String {
    let fields = Field(Node::Group(fields));
    match format {
        Format::Xml => {
            let mut text = String::new();
            element(&mut text, "xml", &fields);
            text
        }
        // Names are strings, so there is nothing that could fail.
        Format::Json => serde_json::to_string(&fields).unwrap_or_default(),
    }
}

/// A document with one text more at its end; `None` if it does not end like a document.
pub(crate) fn with_text(document: &str, name: &str, text: &str, format: Format) -> Option<String> {
    let (closing, mut addition) = match format {
        Format::Xml => ("</xml>", String::new()),
        Format::Json => ("}", ",".to_owned()),
    };
    let (head, tail) = document.split_at(document.rfind(closing)?);
    match format {
        Format::Xml => {
            element(&mut addition, name, &Field::from(text));
            addition.push('\n');
        }
        Format::Json => {
            if head.trim_end().ends_with('{') {
                addition.clear();
            }
            let pair = write(vec![(name.to_owned(), Field::from(text))], Format::Json);
            addition.push_str(pair.trim_matches(['{', '}']));
        }
    }
    Some([head, &addition, tail].concat())
}

/// One element, or several of one name. Those inside another are followed by a line break each, as in the
/// platform's decrypted samples.
fn element(text: &mut String, name: &str, field: &Field) {
    if let Node::List(fields) = &field.0 {
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            element(text, name, field);
        }
        return;
    }
    text.extend(["<", name, ">"]);
    match &field.0 {
        // The end of CDATA cannot be escaped inside it, so the text goes on in another one.
        Node::Text(value) => {
            text.extend(["<![CDATA[", &value.replace("]]>", "]]]]><![CDATA[>"), "]]>"]);
        }
        Node::Number(number) => text.push_str(&number.to_string()),
        Node::Group(fields) => {
            for (name, field) in fields {
                element(text, name, field);
                text.push('\n');
            }
        }
        Node::List(_) => {}
    }
    text.extend(["</", name, ">"]);
}

#[cfg(test)]
mod tests {
    use super::{with_text, write};
    use crate::callback::Format;
    use crate::push::Field;

    fn fields() -> Vec<(String, Field)> {
        let pair = |name: &str, value: Field| (name.to_owned(), value);
        let list =
            Field::group([("item", Field::list([Field::group([("a", "1")]), Field::group([("a", "2")])]))]);
        vec![pair("Text", "a]]>b<&".into()), pair("Number", 1_u64.into()), pair("List", list)]
    }

    #[test]
    fn texts_stand_in_cdata_numbers_do_not_and_nothing_ends_cdata_early() {
        let xml = "<xml><Text><![CDATA[a]]]]><![CDATA[>b<&]]></Text>\n<Number>1</Number>\n<List><item><a><![CDATA[1]]></a>\n\
                   </item>\n<item><a><![CDATA[2]]></a>\n</item>\n</List>\n</xml>";
        assert_eq!(write(fields(), Format::Xml), xml);
        let json = r#"{"Text":"a]]>b<&","Number":1,"List":{"item":[{"a":"1"},{"a":"2"}]}}"#;
        assert_eq!(write(fields(), Format::Json), json);
    }

    #[test]
    fn a_text_is_added_at_the_end_of_a_document_however_it_was_written() {
        let cases = [
            ("<xml><A>1</A>\n</xml> ", Format::Xml, Some("<xml><A>1</A>\n<E><![CDATA[x]]></E>\n</xml> ")),
            ("{\"a\":{}}", Format::Json, Some("{\"a\":{},\"E\":\"x\"}")),
            ("{ }", Format::Json, Some("{ \"E\":\"x\"}")),
            ("neither", Format::Xml, None),
            ("neither", Format::Json, None),
        ];
        for (document, format, expected) in cases {
            assert_eq!(with_text(document, "E", "x", format).as_deref(), expected);
        }
    }
}
