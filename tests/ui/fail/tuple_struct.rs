//! A client has no fields.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[wechat_client(adapter_storage = Memory::new())]
pub struct Wechat(String);

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
