use super::*;
use crate::callback::Incoming;

const NOW: u64 = 12_345_678;

/// What each reply begins with, to `fromUser`, from `toUser`.
const HEAD: &str = "<xml><ToUserName><![CDATA[fromUser]]></ToUserName><FromUserName><![CDATA[toUser]]></FromUserName>\
    <CreateTime>12345678</CreateTime>";

fn in_xml() -> Incoming {
    let xml = "<xml><ToUserName>toUser</ToUserName><FromUserName>fromUser</FromUserName></xml>";
    Incoming::parse(xml).unwrap()
}

fn in_json() -> Incoming {
    Incoming::parse(r#"{"ToUserName":"toUser","FromUserName":"fromUser"}"#).unwrap()
}

#[track_caller]
fn written(reply: &Reply, xml: &str, json: &str) {
    let written = reply.render(&in_xml(), NOW).unwrap().unwrap();
    assert_eq!(written, format!("{HEAD}{xml}</xml>"));
    let written = reply.render(&in_json(), NOW).unwrap().unwrap();
    let head = r#""ToUserName":"fromUser","FromUserName":"toUser","CreateTime":12345678"#;
    assert_eq!(written, format!("{{{head},{json}}}"));
}

#[test]
fn a_text() {
    written(
        &Reply::text("你好 <a>"),
        "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好 <a>]]></Content>",
        r#""MsgType":"text","Content":"你好 <a>""#,
    );
}

#[test]
fn a_picture() {
    written(
        &Reply::image("media_id"),
        "<MsgType><![CDATA[image]]></MsgType><Image><MediaId><![CDATA[media_id]]></MediaId></Image>",
        r#""MsgType":"image","Image":{"MediaId":"media_id"}"#,
    );
}

#[test]
fn a_recording() {
    written(
        &Reply::voice("media_id"),
        "<MsgType><![CDATA[voice]]></MsgType><Voice><MediaId><![CDATA[media_id]]></MediaId></Voice>",
        r#""MsgType":"voice","Voice":{"MediaId":"media_id"}"#,
    );
}

#[test]
fn a_film() {
    written(
        &Reply::video(Video::new("media_id").title("title").description("description")),
        "<MsgType><![CDATA[video]]></MsgType><Video><MediaId><![CDATA[media_id]]></MediaId>\
         <Title><![CDATA[title]]></Title><Description><![CDATA[description]]></Description></Video>",
        r#""MsgType":"video","Video":{"MediaId":"media_id","Title":"title","Description":"description"}"#,
    );
    written(
        &Reply::video(Video::new("media_id")),
        "<MsgType><![CDATA[video]]></MsgType><Video><MediaId><![CDATA[media_id]]></MediaId></Video>",
        r#""MsgType":"video","Video":{"MediaId":"media_id"}"#,
    );
}

#[test]
fn music() {
    let music = Music::new("media_id").title("TITLE").description("DESCRIPTION").url("MUSIC_Url");
    written(
        &Reply::music(music.hq_url("HQ_MUSIC_Url")),
        "<MsgType><![CDATA[music]]></MsgType><Music><Title><![CDATA[TITLE]]></Title>\
         <Description><![CDATA[DESCRIPTION]]></Description><MusicUrl><![CDATA[MUSIC_Url]]></MusicUrl>\
         <HQMusicUrl><![CDATA[HQ_MUSIC_Url]]></HQMusicUrl><ThumbMediaId><![CDATA[media_id]]></ThumbMediaId></Music>",
        r#""MsgType":"music","Music":{"Title":"TITLE","Description":"DESCRIPTION","MusicUrl":"MUSIC_Url","HQMusicUrl":"HQ_MUSIC_Url","ThumbMediaId":"media_id"}"#,
    );
    written(
        &Reply::music(Music::new("media_id")),
        "<MsgType><![CDATA[music]]></MsgType><Music><ThumbMediaId><![CDATA[media_id]]></ThumbMediaId></Music>",
        r#""MsgType":"music","Music":{"ThumbMediaId":"media_id"}"#,
    );
}

#[test]
fn news() {
    let article = Article::new("title1", "url").description("description1").picture("picurl");
    written(
        &Reply::news([article, Article::new("title", "url2")]).unwrap(),
        "<MsgType><![CDATA[news]]></MsgType><ArticleCount>2</ArticleCount><Articles>\
         <item><Title><![CDATA[title1]]></Title><Description><![CDATA[description1]]></Description>\
         <PicUrl><![CDATA[picurl]]></PicUrl><Url><![CDATA[url]]></Url></item>\
         <item><Title><![CDATA[title]]></Title><Description><![CDATA[]]></Description>\
         <PicUrl><![CDATA[]]></PicUrl><Url><![CDATA[url2]]></Url></item></Articles>",
        r#""MsgType":"news","ArticleCount":2,"Articles":[{"Title":"title1","Description":"description1","PicUrl":"picurl","Url":"url"},{"Title":"title","Description":"","PicUrl":"","Url":"url2"}]"#,
    );
}

#[test]
fn news_has_one_to_eight_articles() {
    let news = |count| Reply::news((0..count).map(|_| Article::new("title", "url"))).map(drop);
    assert_eq!(
        (news(0), news(9), news(usize::MAX)),
        (Err(Error::Articles), Err(Error::Articles), Err(Error::Articles))
    );
    assert!((1..=8).all(|count| news(count).is_ok()));
}

#[test]
fn a_transfer_to_customer_service() {
    written(
        &Reply::transfer_customer_service(),
        "<MsgType><![CDATA[transfer_customer_service]]></MsgType>",
        r#""MsgType":"transfer_customer_service""#,
    );
    written(
        &Reply::transfer_to("test1@test"),
        "<MsgType><![CDATA[transfer_customer_service]]></MsgType>\
         <TransInfo><KfAccount><![CDATA[test1@test]]></KfAccount></TransInfo>",
        r#""MsgType":"transfer_customer_service","TransInfo":{"KfAccount":"test1@test"}"#,
    );
}

#[test]
fn nothing_is_written_of_no_reply() {
    for incoming in [in_xml(), in_json(), Incoming::parse("<xml/>").unwrap()] {
        assert_eq!(Reply::success().render(&incoming, NOW), Ok(None));
    }
}

#[test]
fn a_reply_needs_someone_to_reply_to() {
    let incoming = Incoming::parse("<xml><ToUserName>toUser</ToUserName></xml>").unwrap();
    assert_eq!(Reply::text("a").render(&incoming, NOW), Err(Error::NoSender));
}

#[test]
fn no_text_ends_its_cdata_section() {
    written(
        &Reply::text("]]>]]></Content><MsgType>x"),
        "<MsgType><![CDATA[text]]></MsgType><Content>\
         <![CDATA[]]]]><![CDATA[>]]]]><![CDATA[></Content><MsgType>x]]></Content>",
        r#""MsgType":"text","Content":"]]>]]></Content><MsgType>x""#,
    );
    // Nor where leaving out what XML cannot have makes an end of it.
    let reply = Reply::text("]]\u{0}>").render(&in_xml(), NOW).unwrap().unwrap();
    assert!(reply.contains("<![CDATA[]]]]><![CDATA[>]]></Content>"), "{reply}");
}

#[test]
fn characters_that_xml_cannot_have_are_left_out_of_it() {
    written(
        &Reply::text("a\u{0}\u{8}b\t\n\r\u{1f}c\u{fffe}\u{ffff}d\u{10ffff}"),
        "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[ab\t\n\rcd\u{10ffff}]]></Content>",
        "\"MsgType\":\"text\",\"Content\":\"a\\u0000\\bb\\t\\n\\r\\u001fc\u{fffe}\u{ffff}d\u{10ffff}\"",
    );
}
