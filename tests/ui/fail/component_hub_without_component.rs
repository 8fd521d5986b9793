//! A component application's hub does not keep what a common application has.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyComponentHub, Region};

#[wechat_client(adapter_storage = MyComponentHub, args = Region::Shanghai)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
