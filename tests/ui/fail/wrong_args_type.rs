//! `args` is what the adapter's `Args` says.

use wechat_runtime::wechat_client;
use wechat_ui_tests::MyHub;

#[wechat_client(adapter_storage = MyHub, args = "shanghai")]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
