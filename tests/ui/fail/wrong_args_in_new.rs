//! `new` takes the `Args` of the declared adapter.

use wechat_runtime::wechat_client;
use wechat_ui_tests::MyHub;

#[wechat_client(adapter_storage = MyHub, args = _)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new("shanghai");
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
