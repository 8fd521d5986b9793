//! A hub's URL is a string beside its bearer token, too.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = (b"http://127.0.0.1:4000", "a bearer token"))]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
