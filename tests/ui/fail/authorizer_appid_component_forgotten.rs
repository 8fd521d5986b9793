//! Where only `component` is missing, the adapter is not the mistake.

use wechat_runtime::wechat_client;
use wechat_ui_tests::MyComponentHub;

#[wechat_client(adapter_storage = MyComponentHub, args = _, authorizer_appid = "wx99aa88bb77cc66dd")]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new(wechat_ui_tests::Region::Shanghai);
    let _ = wechat.clone().authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get");
}
