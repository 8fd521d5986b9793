//! A lifetime is a number, without a unit.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[wechat_client(adapter_storage = Memory::new(), expires_in = "2h")]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
