//! `crate` takes a path.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;

#[wechat_client(crate = Vec::<u8>::new, adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
