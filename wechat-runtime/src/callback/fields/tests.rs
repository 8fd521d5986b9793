use super::*;

fn refused(text: &str) -> bool {
    Fields::parse(text) == Err(Error::Malformed)
}

#[test]
fn texts_are_kept_to_the_letter() {
    let text = "<xml>\n<Content><![CDATA[ a <b> & ]]]]><![CDATA[> \n]]></Content>\n<Label>x &amp; y&#10;&#x4f60;</Label>\n</xml>";
    let fields = Fields::parse(text).unwrap();
    assert_eq!(fields.text("Content"), Some(" a <b> & ]]> \n"));
    assert_eq!(fields.text("Label"), Some("x & y\n你"));
    assert_eq!(fields.iter().count(), 2);
}

#[test]
fn xml_and_json_of_one_push_are_the_same_fields() {
    let xml = "<xml><Event>pic_weixin</Event><SendPicsInfo><Count>2</Count><PicList>\
               <item><PicMd5Sum><![CDATA[a]]></PicMd5Sum></item><item><PicMd5Sum>b</PicMd5Sum></item>\
               </PicList></SendPicsInfo><EventKey/></xml>";
    let json = r#"{"Event":"pic_weixin","SendPicsInfo":{"Count":2,"PicList":[{"PicMd5Sum":"a"},{"PicMd5Sum":"b"}]},
                   "EventKey":null}"#;
    // serde_json sorts the names of an object, unless someone in the build turned that off.
    let sorted = |text| {
        let Fields(mut fields) = Fields::parse(text).unwrap();
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        fields
    };
    assert_eq!(sorted(xml), sorted(json));
}

#[test]
fn what_xml_could_be_made_to_expand_is_refused() {
    assert!(refused(
        "<!DOCTYPE foo [<!ENTITY xxe SYSTEM \"file:///etc/passwd\">]><xml><Encrypt>&xxe;</Encrypt></xml>"
    ));
    assert!(refused("<!DOCTYPE xml><xml><a>1</a></xml>"));
    assert!(refused("<xml><a>&lol;</a></xml>"));
    assert!(refused("<xml><a>&#0;</a></xml>"));
    assert!(refused("<xml><?php x ?></xml>"));
}

#[test]
fn what_is_not_whole_is_refused() {
    let broken = [
        "",
        " ",
        "xml",
        "<xml>",
        "<xml><a></xml>",
        "<xml><a></b></xml>",
        "</xml>",
        "<xml/><xml/>",
        "<xml></xml>x",
        "<a></a>",
        "<xml><a>&amp</a></xml>",
        "<xml><![CDATA[</xml>",
        "{",
        "[]",
        "{\"a\":}",
        "{} {}",
        "null",
    ];
    for text in broken {
        assert!(refused(text), "{text}");
    }
}

#[test]
fn depth_and_number_are_limited() {
    let nested = |n: usize| format!("{}{}", "<xml>".repeat(n), "</xml>".repeat(n));
    assert!(!refused(&nested(DEEPEST + 1)) && refused(&nested(DEEPEST + 2)));
    let listed = |n: usize| format!("<xml>{}</xml>", "<a/>".repeat(n));
    assert!(!refused(&listed(MOST - 1)) && refused(&listed(MOST)));

    let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
    assert!(!refused(&nested(DEEPEST)) && refused(&nested(DEEPEST + 2)));
    let listed = |n: usize| format!("{{\"a\":[{}0]}}", "0,".repeat(n));
    assert!(!refused(&listed(MOST - 2)) && refused(&listed(MOST)));
}

#[test]
fn json_is_counted_by_its_fields_and_not_by_what_texts_look_like() {
    let listed = |item: &str, n: usize| format!("{{\"a\":[{}{item}]}}", format!("{item},").repeat(n - 1));
    for empty in ["[]", "{}", "\"\""] {
        assert!(!refused(&listed(empty, MOST - 1)) && refused(&listed(empty, MOST)), "{empty}");
    }
    let texts = format!("\"{}\"", r#",[{\",[{\\\",[{"#.repeat(MOST));
    assert!(!refused(&format!("{{\"a\":{texts},\"b\":\"\\\\\",\"c\":{texts}}}")));
    assert!(refused(&format!("{{\"a\":\"\\\\\"{}}}", ",\"b\":0".repeat(2 * MOST + 1))));
}

#[test]
fn nothing_of_what_was_pushed_is_printed() {
    let fields =
        Fields::parse("<xml><ComponentVerifyTicket>canary</ComponentVerifyTicket><a><b>canary</b></a></xml>");
    let printed = format!("{:?}", fields.unwrap());
    assert_eq!(printed, r#"Fields ["ComponentVerifyTicket", "a"]"#);
}
