//! A client of a hub has no `args` for `new` to take.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = "http://127.0.0.1:4000", args = _)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new(1);
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
