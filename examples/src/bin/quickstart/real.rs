//! The tour of the real platform: two calls that only read.

use std::error::Error;

use serde_json::Value;
use wechat_examples::show;
use wechat_runtime::adapters::Memory;
use wechat_runtime::{Call, Secret};

use crate::News;

pub(crate) async fn tell(appid: &str, secret: Secret) -> Result<(), Box<dyn Error>> {
    show::line(format!("WeChat's own platform, as {appid}"));
    let storage = Memory::new().with_secret(appid, secret);
    let wechat = News::builder(storage).appid(appid).build()?;

    show::step(1, "The addresses that WeChat pushes from");
    let answer = read(&wechat, "/cgi-bin/getcallbackip").await?;
    let addresses = answer["ip_list"].as_array().map_or(&[][..], Vec::as_slice);
    show::fact("addresses", addresses.len());
    for address in addresses.iter().take(3).filter_map(Value::as_str) {
        show::fact("", address);
    }

    show::step(2, "How many permanent materials the account has");
    let answer = read(&wechat, "/cgi-bin/material/get_materialcount").await?;
    for kind in ["image", "voice", "video", "news"] {
        show::fact(kind, &answer[format!("{kind}_count")]);
    }
    Ok(())
}

/// Works with every client, declared or not.
async fn read(wechat: &impl Call, path: &str) -> Result<Value, wechat_runtime::Error> {
    show::note(&format!("GET {path}"));
    wechat.get(path).send().await?.json()
}
