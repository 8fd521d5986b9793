//! Who authorized: `api_get_authorizer_info` and `api_get_authorizer_list`.

use serde::Serialize;

use super::{FuncInfo, authorizer, func_info};
use crate::answer::{self, Reply};
use crate::callback::user_name;
use crate::endpoints::Exchange;
use crate::errcode::Refusal;
use crate::sync::lock;

/// The most rows of one page of the list.
const LONGEST_PAGE: u64 = 500;

#[derive(Serialize)]
struct InfoBody<'a> {
    authorizer_info: AuthorizerInfo<'a>,
    authorization_info: AuthorizationInfo<'a>,
}

#[derive(Serialize)]
struct AuthorizerInfo<'a> {
    nick_name: String,
    head_img: &'static str,
    service_type_info: Id,
    verify_type_info: Id,
    user_name: String,
    principal_name: &'static str,
    alias: &'static str,
    business_info: BusinessInfo,
    qrcode_url: String,
    signature: &'a str,
}

#[derive(Serialize)]
struct Id {
    id: i32,
}

#[derive(Serialize)]
struct BusinessInfo {
    #[serde(rename = "open_store")]
    store: u8,
    #[serde(rename = "open_scan")]
    scan: u8,
    #[serde(rename = "open_pay")]
    pay: u8,
    #[serde(rename = "open_card")]
    card: u8,
    #[serde(rename = "open_shake")]
    shake: u8,
}

#[derive(Serialize)]
struct AuthorizationInfo<'a> {
    authorizer_appid: &'a str,
    authorizer_refresh_token: &'a str,
    func_info: Vec<FuncInfo>,
}

/// An account that authorized: a verified service account, with what its name is made from in its appid.
pub(crate) fn authorizer_info(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    let (appid, authorizer) = authorizer(call, &mut state)?;
    let func_info = func_info(authorizer);
    answer::json(&InfoBody {
        authorizer_info: AuthorizerInfo {
            nick_name: format!("公众号 {appid}"),
            head_img: "http://wx.qlogo.cn/mmopen/simulator/0",
            service_type_info: Id { id: 2 },
            verify_type_info: Id { id: 0 },
            user_name: user_name(appid),
            principal_name: "模拟器",
            alias: "",
            business_info: BusinessInfo { store: 0, scan: 0, pay: 0, card: 0, shake: 0 },
            qrcode_url: format!("http://mmbiz.qpic.cn/mmbiz_jpg/{appid}/0"),
            signature: "",
        },
        authorization_info: AuthorizationInfo {
            authorizer_appid: appid,
            authorizer_refresh_token: authorizer.refresh_token(),
            func_info,
        },
    })
}

#[derive(Serialize)]
struct ListBody {
    total_count: usize,
    list: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    authorizer_appid: String,
    refresh_token: String,
    auth_time: u64,
}

/// A page of those whose authorizations stand, by their time and then by their order. More than 500 rows are not to
/// be had, and 0 are none: 40170.
pub(crate) fn authorizer_list(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let (offset, count) = (call.number("offset")?, call.number("count")?);
    if !(1..=LONGEST_PAGE).contains(&count) {
        return Err(Refusal::new(40170));
    }
    // Both fit, or are past every end.
    let [offset, count] = [offset, count].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    let mut state = lock(&call.platform.state);
    let authorizers = &mut state.component(call.appid)?.authorizers;
    let page: Vec<_> = authorizers.page(offset, count).collect();
    let mut list = Vec::with_capacity(page.len());
    for (appid, auth_time) in page {
        let refresh_token = authorizers.authorized(&appid)?.refresh_token().to_owned();
        list.push(Row { authorizer_appid: (*appid).to_owned(), refresh_token, auth_time });
    }
    answer::json(&ListBody { total_count: authorizers.count(), list })
}
