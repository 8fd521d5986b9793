//! A client of a hub by its URL and a bearer token, by whatever becomes a `Secret`.

#![deny(warnings)]

use wechat_runtime::{Secret, wechat_client};

const BEARER: &str = "a bearer token";

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000", bearer()))]
pub struct Wechat;

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000", "a bearer token"))]
struct ByLiteral;

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000", BEARER))]
struct ByConstant;

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000", Secret::new(BEARER)))]
struct BySecret;

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000", {
    let bearer = std::env::var("HUB_BEARER");
    bearer.unwrap_or_else(|_| BEARER.to_owned())
},))]
struct ByBlock;

fn bearer() -> String {
    String::from(BEARER)
}

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
    let _ = Wechat::builder().build();
    let _ = (ByLiteral::new(), ByConstant::default(), BySecret::new(), ByBlock::new());
}
