//! A common application's hub does not keep what a component application has.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyHub, Region};

#[wechat_client(component, adapter_storage = MyHub, args = Region::Shanghai)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get");
}
