//! What is replied: whatever the texts are, the other side reads them.

use fastrand::Rng;
use wechat_runtime::callback::{Article, Fields, Incoming, Music, Reply, Video};

use super::{RENDERED, Tree, holds, texts};

type Expected = Vec<(&'static str, Tree)>;

/// A reply of these texts, its type, and the fields that it has beside those of each reply.
fn reply(rng: &mut Rng, text: &[String]) -> (Reply, &'static str, Expected) {
    let of = |nth: usize| Tree::Text(text[nth].clone());
    let fields = |fields: &[(&str, usize)]| {
        Tree::Fields(fields.iter().map(|&(name, nth)| (name.to_owned(), of(nth))).collect())
    };
    match rng.u8(..7) {
        0 => (Reply::text(&text[0]), "text", vec![("Content", of(0))]),
        1 => (Reply::image(&text[0]), "image", vec![("Image", fields(&[("MediaId", 0)]))]),
        2 => (Reply::voice(&text[0]), "voice", vec![("Voice", fields(&[("MediaId", 0)]))]),
        3 => {
            let video = Video::new(&text[0]).title(&text[1]).description(&text[2]);
            let expected = fields(&[("MediaId", 0), ("Title", 1), ("Description", 2)]);
            (Reply::video(video), "video", vec![("Video", expected)])
        }
        4 => {
            let music = Music::new(&text[0]).title(&text[1]).url(&text[2]).hq_url(&text[3]);
            let expected = fields(&[("Title", 1), ("MusicUrl", 2), ("HQMusicUrl", 3), ("ThumbMediaId", 0)]);
            (Reply::music(music), "music", vec![("Music", expected)])
        }
        5 => {
            let article = Article::new(&text[0], &text[1]).description(&text[2]).picture(&text[3]);
            let count = rng.usize(1..=8);
            let one = fields(&[("Title", 0), ("Description", 2), ("PicUrl", 3), ("Url", 1)]);
            let all = Tree::Fields(vec![("item".to_owned(), one); count]);
            let expected = vec![("ArticleCount", Tree::Text(count.to_string())), ("Articles", all)];
            (Reply::news(vec![article; count]).unwrap(), "news", expected)
        }
        _ => {
            let expected = vec![("TransInfo", fields(&[("KfAccount", 0)]))];
            (Reply::transfer_to(&text[0]), "transfer_customer_service", expected)
        }
    }
}

/// Without what XML cannot have.
fn less(tree: Tree) -> Tree {
    match tree {
        Tree::Text(text) => Tree::Text(text.chars().filter(|&c| texts::can_be_xml(c)).collect()),
        Tree::Fields(fields) => {
            Tree::Fields(fields.into_iter().map(|(name, tree)| (name, less(tree))).collect())
        }
    }
}

/// In the order of their names: an object of JSON has no other, unless someone in the build turned that on.
fn sorted(tree: Tree) -> Tree {
    match tree {
        Tree::Text(text) => Tree::Text(text),
        Tree::Fields(fields) => {
            let mut fields: Vec<_> = fields.into_iter().map(|(name, tree)| (name, sorted(tree))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Tree::Fields(fields)
        }
    }
}

#[test]
fn a_reply_is_read_back_as_it_was_meant() {
    holds(RENDERED, |rng| {
        let text: Vec<_> = (0..6).map(|_| texts::text(rng)).collect();
        let sender = format!("o{}", text[4]);
        let json = serde_json::json!({ "ToUserName": text[5], "FromUserName": sender }).to_string();
        let in_json = Incoming::parse(&json).unwrap();
        // In XML come texts without what XML cannot have.
        let xml = Reply::text("x")
            .render(&Incoming::parse("<xml><FromUserName>x</FromUserName></xml>").unwrap(), 0);
        let xml = xml.unwrap().unwrap();
        assert!(xml.starts_with("<xml><ToUserName><![CDATA[x]]></ToUserName><FromUserName><![CDATA[]]>"));

        let now = rng.u64(..);
        let (reply, msg_type, content) = reply(rng, &text);
        let of = |name: &str, text: &str| (name.to_owned(), Tree::Text(text.to_owned()));
        let mut expected = vec![
            of("ToUserName", &sender),
            of("FromUserName", &text[5]),
            of("CreateTime", &now.to_string()),
            of("MsgType", msg_type),
        ];
        expected.extend(content.into_iter().map(|(name, tree)| (name.to_owned(), tree)));
        let expected = Tree::Fields(expected);

        let Some(written) = reply.render(&in_json, now).unwrap() else {
            assert!(msg_type == "text" && text[0].is_empty(), "an empty text is no reply");
            return;
        };
        assert_eq!(
            sorted(Tree::of(&Fields::parse(&written).unwrap())),
            sorted(expected.clone()),
            "{written}"
        );

        let mut in_xml = Incoming::parse("<xml/>").unwrap();
        (in_xml.to_user_name, in_xml.from_user_name) = (text[5].clone(), sender);
        let written = reply.render(&in_xml, now).unwrap().unwrap();
        assert_eq!(Tree::of(&Fields::parse(&written).unwrap()), less(expected), "{written}");
        assert!(written.chars().all(texts::can_be_xml));
        assert!(!written.contains("]]>]]>"));
    });
}
