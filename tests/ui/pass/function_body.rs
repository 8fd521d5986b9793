//! A client declared where it is used.

#![deny(warnings)]

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyHub, Region};

fn main() {
    const REGION: Region = Region::Shanghai;

    #[wechat_client(adapter_storage = MyHub, args = REGION)]
    struct Wechat;

    #[wechat_client(adapter_storage = MyHub, args = _)]
    struct ByRegion;

    let _ = Wechat::new().get("/cgi-bin/user/get");
    let _ = ByRegion::new(REGION).get("/cgi-bin/user/get");
}
