//! Mistakes that are mended apart from each other are reported together.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;

#[wechat_client(component = true, adapter_storage = "hub.internal", token = stable, authorizer_appid = "")]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get");
}
