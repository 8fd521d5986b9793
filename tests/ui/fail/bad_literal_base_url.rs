//! A base URL has a scheme.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[wechat_client(adapter_storage = Memory::new(), base_url = "api.weixin.qq.com")]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
