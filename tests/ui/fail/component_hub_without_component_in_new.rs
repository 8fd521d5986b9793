//! The adapter given to `new` is a component application's.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyComponentHub, Region};

#[wechat_client(adapter_storage = _, args = _)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new(MyComponentHub, Region::Shanghai);
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
