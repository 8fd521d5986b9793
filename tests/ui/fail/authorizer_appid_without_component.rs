//! Only a component application has authorizers.

use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;

#[wechat_client(adapter_storage = Memory::new(), authorizer_appid = "wx99aa88bb77cc66dd")]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
