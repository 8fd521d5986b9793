//! A client of a hub by its URL alone.

#![deny(warnings)]

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = "http://127.0.0.1:4000")]
pub struct Wechat;

#[wechat_client(
    appid = "wx1f2e3d4c5b6a7988",
    adapter_storage = "https://hub.internal/wechat",
    token = classic,
    base_url = "https://api2.weixin.qq.com",
    expires_in = 7000
)]
pub struct EveryKey;

#[wechat_client(adapter_storage = "HTTP://[::1]:4000/")]
struct ByAddress;

#[wechat_client(adapter_storage = r"http://hub.internal:4000")]
struct Raw;

#[wechat_client(adapter_storage = ("http://hub.internal:4000"))]
struct InParentheses;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
    let _ = Wechat::builder().build();
    assert_eq!(EveryKey::default().appid(), Some("wx1f2e3d4c5b6a7988"));
    let _ = (ByAddress::new(), Raw::new(), InParentheses::new());
}
