//! The adapter given to `new` is a common application's.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyHub, Region};

#[wechat_client(component, adapter_storage = _, args = _)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new(MyHub, Region::Shanghai);
    let _ = wechat.clone().authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get");
}
