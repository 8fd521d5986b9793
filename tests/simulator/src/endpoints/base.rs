//! Addresses and quotas.

use serde::Serialize;

use super::Exchange;
use crate::answer::{self, Reply};
use crate::errcode::Refusal;
use crate::routes;
use crate::sync::lock;

#[derive(Serialize)]
struct IpListBody<'a> {
    ip_list: &'a [String],
}

/// `getcallbackip` and `get_api_domain_ip`.
pub(crate) fn ip_list(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    answer::json(&IpListBody { ip_list: &state.account(call.appid)?.app.ip_list })
}

/// `clear_quota`: the body's appid has to be that of the token's account or third-party platform.
pub(crate) fn clear_quota(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    if call.text("appid", 41002)? != call.appid {
        return Err(Refusal::new(40013));
    }
    clear_quota_v2(call)
}

/// `clear_quota/v2`: appid and secret said it all.
pub(crate) fn clear_quota_v2(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    lock(&call.platform.state).meter(call.appid)?.usage.clear(call.unix)?;
    answer::ok()
}

/// `component/clear_quota/v2`: the quota of an account that authorized the third-party platform, or its own.
pub(crate) fn clear_component_quota(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    let appid = call.text("appid", 41002).unwrap_or(call.appid);
    if appid != call.appid {
        state.known(appid)?;
        state.component(call.appid)?.authorizers.authorized(appid)?;
    }
    state.meter(appid)?.usage.clear(call.unix)?;
    answer::ok()
}

#[derive(Serialize)]
struct QuotaBody {
    errcode: i32,
    errmsg: &'static str,
    quota: Quota,
    rate_limit: RateLimit,
}

#[derive(Serialize)]
struct Quota {
    daily_limit: u64,
    used: u64,
    remain: u64,
}

#[derive(Serialize)]
struct RateLimit {
    call_count: u64,
    refresh_second: u64,
}

/// `openapi/quota/get`. A path without a daily limit says 0 of 0.
pub(crate) fn quota(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let path = call.text("cgi_path", 76003)?;
    if path.starts_with("/sns/") {
        return Err(Refusal::new(76022));
    }
    let route = routes::find(path).ok_or_else(|| Refusal::new(76003))?;
    let mut state = lock(&call.platform.state);
    let meter = state.meter(call.appid)?;
    let limits = meter.limits(path, route.limits);
    let daily_limit = limits.daily.unwrap_or_default();
    let used = meter.usage.today(path, call.unix);
    answer::json(&QuotaBody {
        errcode: 0,
        errmsg: "ok",
        quota: Quota { daily_limit, used, remain: daily_limit.saturating_sub(used) },
        rate_limit: RateLimit { call_count: limits.minutely.unwrap_or_default(), refresh_second: 60 },
    })
}
