//! An adapter is either a hub's storage or a client's.

use wechat_runtime::wechat_client;
use wechat_ui_tests::Both;

#[wechat_client(adapter_storage = Both)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
