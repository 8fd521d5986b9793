//! A client declared where it is used.

#![deny(warnings)]

use wechat_runtime::wechat_client;
use wechat_ui_tests::{MyComponentHub, MyHub, Region};

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

    let shop = "not what the declaration names";
    const SHOP: &str = "wx99aa88bb77cc66dd";

    #[wechat_client(component, authorizer_appid = SHOP, adapter_storage = MyComponentHub, args = _)]
    struct Platform;

    assert_eq!(Platform::new(REGION).authorizer_appid(), Some(SHOP));
    let _ = Platform::new(REGION).authorizer(shop).get("/cgi-bin/user/get");
    let _ = Hub::new().get(bearer);
    let _ = Wechat::new().get("/cgi-bin/user/get");
    let _ = ByRegion::new(REGION).get("/cgi-bin/user/get");
}
