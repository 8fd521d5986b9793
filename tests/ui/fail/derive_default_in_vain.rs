//! `Default` cannot be where `new` takes something.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyHub, Region};

#[wechat_client(adapter_storage = MyHub, args = _)]
#[cfg_attr(all(), derive(Debug, Default))]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new(Region::Shanghai);
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
