//! A client whose `new` takes an adapter has no `Default`.

use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = _)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::default();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
