//! The adapter given to `new` is no adapter.

use wechat_runtime::wechat_client;
use wechat_ui_tests::NotAnAdapter;

#[wechat_client(adapter_storage = _, args = _)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new(NotAnAdapter, 7);
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
