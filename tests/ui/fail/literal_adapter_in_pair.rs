//! A literal is not an adapter in a pair, either.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = (4000, "shanghai"))]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
