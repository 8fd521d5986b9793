//! A client of a hub, for a second terminal: the program `hub` in the first one prints the command that starts it.
//!
//! The hub is at `HUB_URL`, and knows this client by `HUB_BEARER` where that is set. The calls are for `WECHAT_APPID`,
//! to WeChat or to `WECHAT_BASE_URL`. They only read. There is no secret here: the hub has it.

#![allow(clippy::print_stderr, reason = "that is where an error goes")]

use std::error::Error;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use wechat_examples::{given, show};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::wechat_client;

/// Where the hub is when none is named.
const HUB: &str = "http://127.0.0.1:4000";

/// The page that is signed.
const PAGE: &str = "https://example.com/page?id=1";

/// An appid of the right shape that nobody has.
const MADE_UP: &str = "wx0000000000000000";

/// The account to call for. Its tokens are the hub's.
#[wechat_client(adapter_storage = _)]
struct Wechat;

type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    match tell().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hub_client: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn tell() -> Outcome {
    let hub_url = given::variable("HUB_URL")?.unwrap_or_else(|| HUB.to_owned());
    let appid = given::variable("WECHAT_APPID")?.filter(|appid| !appid.is_empty());
    let appid =
        appid.ok_or("WECHAT_APPID is missing: start the program `hub`, which prints the whole command")?;

    let mut hub = HubClient::new(&hub_url);
    if let Some(bearer) = given::variable("HUB_BEARER")? {
        hub = hub.bearer(bearer);
    }
    let mut wechat = Wechat::builder(hub).appid(&appid);
    if let Some(base_url) = given::variable("WECHAT_BASE_URL")? {
        wechat = wechat.http(given::http_for(&base_url)).base_url(base_url);
    }
    let wechat = wechat.build()?;

    token(&wechat, &hub_url, &appid).await?;
    calls(&wechat).await?;
    signature(&wechat).await?;
    made_up(&wechat).await
}

async fn token(wechat: &Wechat, hub_url: &str, appid: &str) -> Outcome {
    let token = wechat.fetch_access_token().await?;
    show::step(1, "The hub hands its token over");
    show::note(
        "There is no app secret here, so WeChat would grant none. Start this again: it is the same one.",
    );
    show::fact("hub", hub_url);
    show::fact("account", appid);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let age = now.saturating_sub(token.timestamp());
    show::fact("granted", format!("{age} s ago"));
    show::fact("lives for", format!("{} s more", token.expires_in().saturating_sub(age)));
    Ok(())
}

async fn calls(wechat: &Wechat) -> Outcome {
    show::step(2, "Two calls with it, straight to WeChat");
    show::note("GET /cgi-bin/getcallbackip, GET /cgi-bin/material/get_materialcount");
    let answer: Value = wechat.get("/cgi-bin/getcallbackip").send().await?.json()?;
    show::fact("addresses", answer["ip_list"].as_array().map_or(0, Vec::len));
    let answer: Value = wechat.get("/cgi-bin/material/get_materialcount").send().await?.json()?;
    show::fact("pictures", &answer["image_count"]);
    Ok(())
}

async fn signature(wechat: &Wechat) -> Outcome {
    show::step(3, "A page is signed with the hub's ticket");
    show::note(PAGE);
    let config = wechat.jssdk_config(PAGE).await?;
    show::fact("nonceStr", &config.nonce_str);
    show::fact("timestamp", config.timestamp);
    show::fact("signature", &config.signature);
    Ok(())
}

async fn made_up(wechat: &Wechat) -> Outcome {
    show::step(4, "A call for an account that the hub does not have");
    let called = wechat.get("/cgi-bin/getcallbackip").appid(MADE_UP).send().await;
    let error = called.err().ok_or("a made-up appid had a token")?;
    show::fact("kind", format!("{:?}", error.kind()));
    if let Some(errcode) = error.errcode() {
        show::fact("errcode", errcode);
    }
    if let Some(reason) = error.reason() {
        show::fact("reason", reason);
    }
    show::note("Printed as it is:");
    show::paragraph(&error.to_string());
    Ok(())
}
