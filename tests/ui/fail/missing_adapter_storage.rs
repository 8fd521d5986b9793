//! `adapter_storage` is required.

use wechat_runtime::wechat_client;

#[wechat_client(appid = "wx1f2e3d4c5b6a7988")]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
