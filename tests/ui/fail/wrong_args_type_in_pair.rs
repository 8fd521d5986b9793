//! The pair is split, so a wrong `args` is reported alone.

use wechat_runtime::wechat_client;
use wechat_ui_tests::MyHub;

#[wechat_client(adapter_storage = (MyHub, "shanghai"))]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
