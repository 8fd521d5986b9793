//! A value without its key.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[wechat_client("wx1f2e3d4c5b6a7988", adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
