//! A call is given what is no adapter.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;
use wechat_ui_tests::NotAnAdapter;

#[wechat_client(adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let _ = Wechat::new().get("/cgi-bin/user/get").adapter_storage(NotAnAdapter).send();
}
