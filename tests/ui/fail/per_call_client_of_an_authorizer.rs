//! A call for an authorizer is a component application's.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;
use wechat_ui_tests::MyClient;

#[wechat_client(component, adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let _ = Wechat::new().authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get").adapter_storage(MyClient).send();
}
