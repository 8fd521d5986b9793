//! A client is not generic.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

#[wechat_client(adapter_storage = Memory::new())]
pub struct Wechat<'a, T: Send, const N: usize>;

fn main() {
    let wechat = Wechat::<'static, String, 3>::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
