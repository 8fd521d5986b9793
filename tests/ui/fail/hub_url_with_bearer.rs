//! Clients of a hub by its URL are not in this version.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000", bearer()))]
pub struct Wechat;

fn bearer() -> String {
    String::new()
}

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
