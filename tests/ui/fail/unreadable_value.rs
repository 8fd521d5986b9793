//! A value that is no expression; the keys behind it are read all the same.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;

#[wechat_client(appid = + "wx1f2e3d4c5b6a7988", adapter_storage = Memory::new(), expires_in = 0)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
