//! Nothing follows the `=`.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[wechat_client(appid = , adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
