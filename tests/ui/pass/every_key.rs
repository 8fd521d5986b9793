//! Every key, by literals and by expressions, and the methods that tell what was declared.

#![deny(warnings)]

use std::time::Duration;

use wechat_runtime::{Method, adapters::Memory, wechat_client};

const SECONDS: u64 = 3600;

// names that the expansion uses too, for its own
const BOUND: &str = "wx99aa88bb77cc66dd";
#[allow(non_upper_case_globals)]
const bound: &str = "https://api2.weixin.qq.com";

#[wechat_client(
    appid = "wx1f2e3d4c5b6a7988",
    adapter_storage = Memory::new(),
    args = (),
    token = stable,
    base_url = "https://api.weixin.qq.com",
    expires_in = 7000
)]
pub struct Literals;

#[wechat_client(
    appid = BOUND,
    adapter_storage = {
        let _ = (BOUND, bound);
        Memory::new()
    },
    token = classic,
    base_url = format!("{bound}"),
    expires_in = SECONDS / 2,
    crate = wechat_runtime,
)]
pub struct Expressions;

fn main() {
    let literals = Literals::new();
    assert_eq!(literals.appid(), Some("wx1f2e3d4c5b6a7988"));
    assert_eq!(literals.expires_in(), Some(Duration::from_secs(7000)));
    let expressions = Expressions::new();
    assert_eq!(expressions.appid(), Some("wx99aa88bb77cc66dd"));
    assert_eq!(expressions.expires_in(), Some(Duration::from_secs(1800)));

    let _ = literals.request(Method::POST, "/cgi-bin/menu/create");
    let _ = literals.post("/cgi-bin/menu/create");
    let _ = literals.put(String::from("/cgi-bin/menu/create"));
    let _ = literals.patch("/cgi-bin/menu/create");
    let _ = literals.delete("/cgi-bin/menu/create");
    let _ = literals.head("/cgi-bin/menu/create");

    fn is_send<T: Send>(_: T) {}
    is_send(literals.fetch_access_token());
    is_send(literals.get("/cgi-bin/user/get").send());
}
