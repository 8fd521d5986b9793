//! WeChat is not a hub.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = "https://api.weixin.qq.com")]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
