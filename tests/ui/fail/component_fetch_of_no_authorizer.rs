//! An access token is an authorizer's, so the method takes its appid.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;

#[wechat_client(component, adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let _ = Wechat::new().fetch_access_token();
}
