//! `user/info` and `user/get`.

use serde::Serialize;

use super::Exchange;
use crate::answer::{self, Reply};
use crate::content::Follower;
use crate::errcode::Refusal;
use crate::sync::lock;

/// Openids in one page of `user/get`.
const PAGE: usize = 10_000;

#[derive(Serialize)]
struct InfoBody<'a> {
    subscribe: u8,
    openid: &'a str,
    nickname: &'a str,
    sex: u8,
    language: &'a str,
    city: &'a str,
    province: &'a str,
    country: &'a str,
    headimgurl: &'a str,
    subscribe_time: u64,
    unionid: &'a str,
    remark: &'a str,
    groupid: u32,
    tagid_list: [u32; 2],
    subscribe_scene: &'a str,
    qr_scene: u32,
    qr_scene_str: &'a str,
}

#[derive(Serialize)]
struct StrangerBody<'a> {
    subscribe: u8,
    openid: &'a str,
    unionid: &'a str,
}

/// A user who does not follow is told of in three fields only.
pub(crate) fn info(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let openid = call.request.query_value("openid").ok_or_else(|| Refusal::new(40003))?;
    let mut state = lock(&call.platform.state);
    let Follower { openid, unionid, nickname, remark, following, subscribe_time, .. } =
        state.account(call.appid)?.follower(openid)?;
    if !following {
        return answer::json(&StrangerBody { subscribe: 0, openid, unionid });
    }
    answer::json(&InfoBody {
        subscribe: 1,
        openid,
        nickname,
        sex: 0,
        language: call.request.query_value("lang").unwrap_or("zh_CN"),
        city: "",
        province: "",
        country: "",
        headimgurl: "http://thirdwx.qlogo.cn/mmopen/simulator/132",
        subscribe_time: *subscribe_time,
        unionid,
        remark,
        groupid: 0,
        tagid_list: [128, 2],
        subscribe_scene: "ADD_SCENE_QR_CODE",
        qr_scene: 98_765,
        qr_scene_str: "",
    })
}

#[derive(Serialize)]
struct ListBody<'a> {
    total: usize,
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<ListData<'a>>,
    next_openid: &'a str,
}

#[derive(Serialize)]
struct ListData<'a> {
    openid: Vec<&'a str>,
}

/// The openids of those who follow, after `next_openid`.
pub(crate) fn get(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    let followers = &state.account(call.appid)?.content().followers;
    let following: Vec<&str> =
        followers.iter().filter(|user| user.following).map(|user| user.openid.as_str()).collect();
    let start = match call.request.query_value("next_openid") {
        None => 0,
        Some(last) => {
            let last = following.iter().position(|openid| *openid == last);
            last.ok_or_else(|| Refusal::new(40003))? + 1
        }
    };
    let page: Vec<&str> = following.iter().skip(start).take(PAGE).copied().collect();
    let count = page.len();
    answer::json(&ListBody {
        total: following.len(),
        count,
        next_openid: page.last().copied().unwrap_or_default(),
        data: (count > 0).then_some(ListData { openid: page }),
    })
}
