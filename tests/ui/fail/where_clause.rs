//! A client has no where clause.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = Memory::new())]
pub struct Wechat
where
    u8: Copy;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
