//! Only the path of a unit struct can be both a type and a value.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyHub, Region};

#[wechat_client(adapter_storage = MyHub::from_env(), args = _)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new(Region::Shanghai);
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
