//! `component` is a flag, without parentheses.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = Memory::new(), component("wx1f2e3d4c5b6a7988"))]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get");
}
