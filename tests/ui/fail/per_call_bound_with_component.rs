//! What is bound for a common application serves no component application.

use wechat_runtime::{Bound, Common, adapters::Memory, wechat_client};

#[wechat_client(component, adapter_storage = Memory::new())]
pub struct Wechat;

fn main() {
    let bound = Bound::<Common>::new(Memory::new(), ());
    let _ = Wechat::new().get("/cgi-bin/user/get").adapter_storage(&bound).send();
}
