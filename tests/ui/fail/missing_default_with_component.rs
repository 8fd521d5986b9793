//! Without `args`, the `Args` of a component application's adapter must have a default.

use wechat_runtime::wechat_client;
use wechat_ui_tests::MyComponentHub;

#[wechat_client(component, adapter_storage = MyComponentHub)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get");
}
