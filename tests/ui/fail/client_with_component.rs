//! A common application's client does not ask for what a component application has.

use wechat_runtime::wechat_client;
use wechat_ui_tests::MyClient;

#[wechat_client(component, adapter_storage = MyClient)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get");
}
