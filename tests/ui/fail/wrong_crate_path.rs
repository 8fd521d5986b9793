//! The path in `crate` leads nowhere.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[wechat_client(crate = ::wechat, adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.get("/cgi-bin/user/get");
}
