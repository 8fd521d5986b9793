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

/// Our third-party platform.
#[renamed::wechat_client(crate = renamed, component, adapter_storage = Memory::new())]
pub struct Platform;

fn main() {
    let _ = Platform::new().authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get");
    let _ = Hub::new().get("/cgi-bin/user/get");
    let _: Option<Client<Common>> = None;
    let wechat = Wechat::new();
    let _ = wechat.get("/cgi-bin/user/get");
    let wechat = inner::Wechat::new(Memory::new());
    let _ = wechat.get("/cgi-bin/user/get");
}
