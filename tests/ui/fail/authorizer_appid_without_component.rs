//! Only a component application has authorizers.

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyHub, Region};

#[wechat_client(adapter_storage = MyHub, args = Region::Shanghai, authorizer_appid = "wx99aa88bb77cc66dd")]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
