//! The URL, the bearer token and the `args` are mended apart from each other.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = ("127.0.0.1:4000", ""), args = 1)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
