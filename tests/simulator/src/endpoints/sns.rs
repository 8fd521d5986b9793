//! Below `/sns/`: users who log in to pages and mini programs.

use serde::Serialize;

use super::Exchange;
use crate::answer::{self, Reply};
use crate::content::Follower;
use crate::errcode::Refusal;
use crate::login::{CodeKind, Consent, TOKEN_LIFE, UserGrant};
use crate::random;
use crate::state::State;
use crate::sync::lock;

#[derive(Serialize)]
struct GrantBody<'a> {
    access_token: &'a str,
    expires_in: u64,
    refresh_token: &'a str,
    openid: &'a str,
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
}

impl<'a> GrantBody<'a> {
    fn new(grant: &'a UserGrant, unionid: Option<String>) -> Self {
        let UserGrant { access_token, refresh_token, consent: Consent { openid, scope, .. } } = grant;
        Self { access_token, expires_in: TOKEN_LIFE, refresh_token, openid, scope, unionid }
    }
}

/// Changes a code for a user's tokens.
pub(crate) fn access_token(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let code = call.request.query_value("code").ok_or_else(|| Refusal::new(41008))?;
    let mut state = lock(&call.platform.state);
    let consent = state.logins.redeem(CodeKind::Page, call.appid, code, call.unix)?;
    let unionid = consent.covers_userinfo().then(|| user(&state, &consent).unionid);
    answer::json(&GrantBody::new(&state.logins.grant(consent, call.unix), unionid))
}

/// Prolongs a user's token, or replaces one that has expired.
pub(crate) fn refresh_token(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let token = call.request.query_value("refresh_token").ok_or_else(|| Refusal::new(41003))?;
    let mut state = lock(&call.platform.state);
    answer::json(&GrantBody::new(&state.logins.refresh(call.appid, token, call.unix)?, None))
}

#[derive(Serialize)]
struct UserBody<'a> {
    openid: &'a str,
    nickname: &'a str,
    sex: u8,
    language: &'static str,
    city: &'static str,
    province: &'static str,
    country: &'static str,
    headimgurl: &'static str,
    privilege: [&'static str; 0],
    unionid: &'a str,
}

/// Who the user of a token is, if that was consented to: else 48001.
pub(crate) fn userinfo(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let state = lock(&call.platform.state);
    let consent = own(call, &state)?;
    if !consent.covers_userinfo() {
        return Err(Refusal::new(48001));
    }
    let Follower { openid, nickname, unionid, .. } = &user(&state, consent);
    answer::json(&UserBody {
        openid,
        nickname,
        sex: 0,
        language: "",
        city: "",
        province: "",
        country: "",
        headimgurl: "https://thirdwx.qlogo.cn/mmopen/simulator/132",
        privilege: [],
        unionid,
    })
}

/// Whether a token is good for a user.
pub(crate) fn auth(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    own(call, &lock(&call.platform.state))?;
    answer::ok()
}

/// What the user of a token consented to, who has to be the one that the query names: 40003.
fn own<'a>(call: &Exchange<'_>, state: &'a State) -> Result<&'a Consent, Refusal> {
    let token = call.request.query_value("access_token").unwrap_or_default();
    let consent = state.logins.judge(token, call.unix)?;
    if call.request.query_value("openid") != Some(&consent.openid) {
        return Err(Refusal::new(40003));
    }
    Ok(consent)
}

#[derive(Serialize)]
struct SessionBody<'a> {
    session_key: &'a str,
    openid: &'a str,
    unionid: &'a str,
}

/// Changes a mini program's code for a session key, a new one each time.
pub(crate) fn code_to_session(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let code = call.request.query_value("js_code").ok_or_else(|| Refusal::new(41008))?;
    let mut state = lock(&call.platform.state);
    let consent = state.logins.redeem(CodeKind::MiniProgram, call.appid, code, call.unix)?;
    answer::json(&SessionBody {
        session_key: &random::base64_of_16_bytes(),
        openid: &consent.openid,
        unionid: &user(&state, &consent).unionid,
    })
}

/// The user who consented: one that the account knows, or a stranger.
fn user(state: &State, consent: &Consent) -> Follower {
    let known = state.get(&consent.appid).and_then(|account| account.follower(&consent.openid).ok());
    known.cloned().unwrap_or_else(|| Follower::new(consent.openid.clone()))
}
