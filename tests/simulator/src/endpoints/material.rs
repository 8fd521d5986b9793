//! The materials: `material/get_materialcount` and `material/batchget_material`.

mod file;

use serde::Serialize;

pub(crate) use file::{add, delete, get};

use super::Exchange;
use crate::answer::{self, Reply};
use crate::content::{Material, MaterialKind};
use crate::errcode::Refusal;
use crate::sync::lock;

/// The most items that one page may be asked for.
const PAGE: u64 = 20;

#[derive(Serialize)]
struct CountBody {
    #[serde(rename = "voice_count")]
    voice: usize,
    #[serde(rename = "video_count")]
    video: usize,
    #[serde(rename = "image_count")]
    image: usize,
    #[serde(rename = "news_count")]
    news: usize,
}

/// How many materials there are of each kind.
pub(crate) fn count(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    let materials = &state.account(call.appid)?.content().materials;
    let count = |kind| materials.iter().filter(|material| material.kind == kind).count();
    answer::json(&CountBody {
        voice: count(MaterialKind::Voice),
        video: count(MaterialKind::Video),
        image: count(MaterialKind::Image),
        news: count(MaterialKind::News),
    })
}

#[derive(Serialize)]
struct PageBody<'a> {
    item: Vec<Item<'a>>,
    total_count: usize,
    item_count: usize,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    File {
        media_id: &'a str,
        name: &'a str,
        update_time: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    News {
        media_id: &'a str,
        content: NewsContent<'a>,
        update_time: u64,
    },
}

#[derive(Serialize)]
struct NewsContent<'a> {
    news_item: [Article<'a>; 1],
    create_time: u64,
    update_time: u64,
}

#[derive(Serialize)]
struct Article<'a> {
    title: &'a str,
    author: &'a str,
    digest: &'a str,
    content: String,
    content_source_url: &'a str,
    thumb_media_id: String,
    show_cover_pic: u8,
    url: String,
    thumb_url: String,
}

/// A page of the materials of one kind.
pub(crate) fn batchget(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let kind = call.text("type", 40004)?;
    let kind = MaterialKind::from_wire(kind).ok_or_else(|| Refusal::new(40004))?;
    let offset = call.number("offset")?;
    let count = call.number("count")?;
    if !(1..=PAGE).contains(&count) {
        return Err(Refusal::new(40170));
    }
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    let take = usize::try_from(count).unwrap_or(usize::MAX);
    let mut state = lock(&call.platform.state);
    let materials = &state.account(call.appid)?.content().materials;
    let of_kind: Vec<&Material> = materials.iter().filter(|material| material.kind == kind).collect();
    let item: Vec<Item<'_>> = of_kind.iter().skip(skip).take(take).map(|material| item(material)).collect();
    answer::json(&PageBody { item_count: item.len(), item, total_count: of_kind.len() })
}

fn item(material: &Material) -> Item<'_> {
    let Material { media_id, kind, name, update_time } = material;
    let update_time = *update_time;
    match kind {
        MaterialKind::News => Item::News {
            media_id,
            content: NewsContent {
                news_item: [article(media_id, name)],
                create_time: update_time,
                update_time,
            },
            update_time,
        },
        MaterialKind::Image => Item::File { media_id, name, update_time, url: Some(picture(media_id)) },
        MaterialKind::Voice | MaterialKind::Video => Item::File { media_id, name, update_time, url: None },
    }
}

fn article<'a>(media_id: &str, title: &'a str) -> Article<'a> {
    Article {
        title,
        author: "编辑部",
        digest: title,
        content: format!("<p>{title}</p>"),
        content_source_url: "",
        thumb_media_id: format!("{media_id}_thumb"),
        show_cover_pic: 0,
        url: format!("http://mp.weixin.qq.com/s?__biz={media_id}&mid=1&idx=1#wechat_redirect"),
        thumb_url: picture(media_id),
    }
}

fn picture(media_id: &str) -> String {
    format!("http://mmbiz.qpic.cn/mmbiz/{media_id}/0?wx_fmt=png")
}
