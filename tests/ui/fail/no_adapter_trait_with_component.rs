//! The declared type implements none of the adapter traits.

use wechat_runtime::wechat_client;
use wechat_ui_tests::NotAnAdapter;

#[wechat_client(component, adapter_storage = NotAnAdapter, args = 7)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get");
}
