//! A pair has two elements.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyHub, Region};

#[wechat_client(adapter_storage = (MyHub, Region::Shanghai, Region::Beijing))]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
