//! Independent mistakes are reported together, each where it is.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[wechat_client(appid = "", adapter_storage = Memory::new(), tokn = stable, expires_in = 0)]
pub struct Wechat(String);

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
