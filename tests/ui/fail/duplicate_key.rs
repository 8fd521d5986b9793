//! The second of two equal keys is the mistake.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[wechat_client(appid = "wx1f2e3d4c5b6a7988", adapter_storage = Memory::new(), appid = "wx99aa88bb77cc66dd")]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
