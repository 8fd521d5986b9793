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

    let bearer = "not what the declaration names";
    const BEARER: &str = "a bearer token";

    #[wechat_client(adapter_storage = ("http://127.0.0.1:4000", BEARER))]
    struct Hub;

    let _ = Hub::new().get(bearer);
    let _ = Wechat::new().get("/cgi-bin/user/get");
    let _ = ByRegion::new(REGION).get("/cgi-bin/user/get");
}
