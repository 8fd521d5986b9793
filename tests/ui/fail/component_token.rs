//! A component application and its authorizers have one kind of token.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;

#[wechat_client(component, adapter_storage = Memory::new(), token = stable)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get");
}
