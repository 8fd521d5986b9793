//! The declared value is of a type that is no adapter.

use wechat_runtime::wechat_client;

fn hub() -> String {
    String::from("http://127.0.0.1:4000")
}

#[wechat_client(adapter_storage = hub())]
pub struct Wechat;

fn main() {
    let wechat = Wechat::new();
    let _ = wechat.clone().get("/cgi-bin/user/get");
}
