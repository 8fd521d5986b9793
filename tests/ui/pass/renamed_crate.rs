//! The runtime under another name.

#![deny(warnings, unused_qualifications)]

extern crate wechat_runtime as renamed;

use renamed::{Client, Common, adapters::Memory};

/// Our Official Account.
#[renamed::wechat_client(crate = renamed, adapter_storage = Memory::new())]
pub struct Wechat;

mod inner {
    #[renamed::wechat_client(crate = crate::renamed, adapter_storage = _)]
    pub(crate) struct Wechat;
}

/// Our hub.
#[renamed::wechat_client(crate = renamed, adapter_storage = ("http://127.0.0.1:4000", "a bearer token"))]
pub struct Hub;

fn main() {
    let _ = Hub::new().get("/cgi-bin/user/get");
    let _: Option<Client<Common>> = None;
    let wechat = Wechat::new();
    let _ = wechat.get("/cgi-bin/user/get");
    let wechat = inner::Wechat::new(Memory::new());
    let _ = wechat.get("/cgi-bin/user/get");
}
