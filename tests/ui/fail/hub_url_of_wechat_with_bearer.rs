//! WeChat is not a hub at any of its hosts.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = ("https://sh.api.weixin.qq.com/cgi-bin", "a bearer token"))]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
