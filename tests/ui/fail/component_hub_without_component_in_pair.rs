//! In a pair, too, the adapter is the mistake.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyComponentHub, Region};

#[wechat_client(adapter_storage = (MyComponentHub, Region::Shanghai))]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
