//! A component application's call is given a common application's adapter.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyHub, Region};

#[wechat_client(component, adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let _ = Wechat::new().get("/cgi-bin/user/get").adapter_storage_with(MyHub, Region::Shanghai).send();
}
