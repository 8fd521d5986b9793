//! A hub is called by http.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = ("ws://127.0.0.1:4000", "a bearer token"))]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
