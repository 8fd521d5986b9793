//! A client is not a union.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = Memory::new())]
pub union Wechat {
    pub seconds: u64,
}

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
