//! Without `args`, the adapter's `Args` must have a default.

use wechat_runtime::wechat_client;
use wechat_ui_tests::MyHub;

#[wechat_client(adapter_storage = MyHub)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
