//! The declared type implements none of the adapter traits.

use wechat_runtime::wechat_client;
use wechat_ui_tests::NotAnAdapter;

#[wechat_client(appid = "wx1f2e3d4c5b6a7988", adapter_storage = NotAnAdapter, args = 7)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
