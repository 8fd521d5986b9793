//! A client of a hub has no `args` beside its bearer token.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000", "a bearer token"), args = 1)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
