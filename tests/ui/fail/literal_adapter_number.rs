//! A number is not an adapter.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = 4000)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
