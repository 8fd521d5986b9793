//! A derive above the attribute is seen by both.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[derive(Debug)]
#[wechat_client(adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
