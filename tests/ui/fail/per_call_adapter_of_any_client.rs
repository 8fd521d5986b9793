//! A function over any client does not know of which kind the adapter has to be.

use wechat_runtime::adapters::Memory;
use wechat_runtime::{Call, wechat_client};

#[wechat_client(adapter_storage = Memory::new())]
pub struct Wechat;

fn call(wechat: &impl Call) {
    let _ = wechat.get("/cgi-bin/user/get").adapter_storage(Memory::new()).send();
}

fn main() {
    call(&Wechat::new());
}
