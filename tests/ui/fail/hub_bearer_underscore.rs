//! A bearer token is not given to `new`.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000", _))]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new("a bearer token");
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
