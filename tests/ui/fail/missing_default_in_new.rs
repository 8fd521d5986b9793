//! Without `args`, the `Args` of the adapter given to `new` must have a default.

use wechat_runtime::wechat_client;
use wechat_ui_tests::MyHub;

#[wechat_client(adapter_storage = _)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new(MyHub);
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
