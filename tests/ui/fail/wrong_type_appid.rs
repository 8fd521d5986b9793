//! An appid by an expression of another type.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[wechat_client(adapter_storage = Memory::new(), appid = 6 * 7)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
