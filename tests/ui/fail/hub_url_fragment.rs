//! A hub's URL has no fragment.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000/#wechat", "a bearer token"))]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
