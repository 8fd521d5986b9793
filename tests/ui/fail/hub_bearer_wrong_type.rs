//! A bearer token of a type that does not become a `Secret`.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000", port()))]
pub struct Wechat;

fn port() -> u16 {
    4000
}

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
