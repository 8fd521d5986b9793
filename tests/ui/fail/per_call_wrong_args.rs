//! A call is given an adapter with the `args` of another.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;
use wechat_ui_tests::MyHub;

#[wechat_client(adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let _ = Wechat::new().get("/cgi-bin/user/get").adapter_storage_with(MyHub, "shanghai").send();
}
