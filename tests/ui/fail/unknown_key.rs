//! A misspelt key: the nearest one is suggested.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyHub, Region};

#[wechat_client(app_id = "wx1f2e3d4c5b6a7988", adaptor_storage = MyHub, args = Region::Shanghai)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
