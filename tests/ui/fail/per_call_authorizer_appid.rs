//! A common application has no authorizers in its calls either.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[wechat_client(adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let _ = Wechat::new().get("/cgi-bin/user/get").authorizer_appid("wx99aa88bb77cc66dd").send();
}
