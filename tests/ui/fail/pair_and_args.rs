//! The pair holds the `args` already.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyHub, Region};

#[wechat_client(adapter_storage = (MyHub, Region::Shanghai), args = Region::Beijing)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
