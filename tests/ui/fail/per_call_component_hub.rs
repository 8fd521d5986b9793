//! A common application's call is given a component application's adapter.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyComponentHub, Region};

#[wechat_client(adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let _ = Wechat::new().get("/cgi-bin/user/get").adapter_storage_with(MyComponentHub, Region::Shanghai).send();
}
