//! A component application's client does not ask for what a common application has.

use wechat_runtime::wechat_client;
use wechat_ui_tests::MyComponentClient;

#[wechat_client(adapter_storage = MyComponentClient)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
