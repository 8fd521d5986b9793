//! An adapter that is not known yet cannot have its `args` declared.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyHub, Region};

#[wechat_client(adapter_storage = _, args = Region::Shanghai)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new(MyHub);
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
