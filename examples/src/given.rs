//! What a program is given by its environment.

use std::env::{self, VarError};
use std::net::IpAddr;

use wechat_runtime::{Secret, reqwest};

/// What a variable is set to.
///
/// # Errors
///
/// A value that is no text. It is not shown.
pub fn variable(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8: give it as text")),
    }
}

/// The account that `WECHAT_APPID` and `WECHAT_SECRET` name, where they are set.
///
/// # Errors
///
/// One of them without the other, and a value that is no text.
pub fn account() -> Result<Option<(String, Secret)>, String> {
    let given = |name| Ok::<_, String>(variable(name)?.filter(|value| !value.is_empty()));
    match (given("WECHAT_APPID")?, given("WECHAT_SECRET")?) {
        (Some(appid), Some(secret)) => Ok(Some((appid, secret.into()))),
        (Some(_), None) => Err("WECHAT_APPID is given, and WECHAT_SECRET is missing: set both".into()),
        (None, Some(_)) => Err("WECHAT_SECRET is given, and WECHAT_APPID is missing: set both".into()),
        (None, None) => Ok(None),
    }
}

/// What an HTTP client is made from that calls this URL: on this machine no proxy is asked, whatever the environment
/// names.
pub fn http_for(base_url: &str) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder();
    if is_here(base_url) { builder.no_proxy() } else { builder }
}

fn is_here(url: &str) -> bool {
    let url = reqwest::Url::parse(url).ok();
    let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
