//! `_` leaves to `new` what stands in `adapter_storage` and `args`, and nothing else.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = Memory::new(), appid = _, base_url = _, expires_in = _, token = _)]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
