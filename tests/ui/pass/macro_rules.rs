//! A client declared by a `macro_rules!`, whose fragments come in invisible groups.

#![deny(warnings)]

use wechat_runtime::adapters::Memory;
use wechat_ui_tests::{MyComponentHub, MyHub, Region};

macro_rules! declare {
    ($(#[$attr:meta])* $vis:vis $name:ident, $appid:literal, $hub:expr, $args:expr, $token:ident, $runtime:path) => {
        $(#[$attr])*
        #[wechat_runtime::wechat_client(
            appid = $appid,
            adapter_storage = $hub,
            args = $args,
            token = $token,
            crate = $runtime
        )]
        $vis struct $name;
    };
    ($name:ident by_pair $pair:expr) => {
        #[wechat_runtime::wechat_client(adapter_storage = $pair)]
        struct $name;
    };
    ($name:ident by_url $url:expr) => {
        #[wechat_runtime::wechat_client(adapter_storage = $url)]
        struct $name;
    };
    ($name:ident by_literal $url:literal) => {
        #[wechat_runtime::wechat_client(adapter_storage = $url)]
        struct $name;
    };
    ($name:ident by_url_and_bearer $url:expr, $bearer:expr) => {
        #[wechat_runtime::wechat_client(adapter_storage = ($url, $bearer))]
        struct $name;
    };
    ($name:ident by_literals $url:literal, $bearer:literal) => {
        #[wechat_runtime::wechat_client(adapter_storage = ($url, $bearer))]
        struct $name;
    };
    ($name:ident by_path $hub:path) => {
        #[wechat_runtime::wechat_client(adapter_storage = $hub, args = _)]
        struct $name;
    };
    ($name:ident by_type $hub:ty) => {
        #[wechat_runtime::wechat_client(adapter_storage = $hub, args = _)]
        struct $name;
    };
    ($name:ident of_component $flag:ident, $appid:expr, $hub:expr, $args:expr) => {
        #[wechat_runtime::wechat_client($flag, authorizer_appid = $appid, adapter_storage = $hub, args = $args)]
        struct $name;
    };
    ($name:ident by_tokens $($token:tt)*) => {
        #[wechat_runtime::wechat_client($($token)*)]
        struct $name;
    };
    ($name:ident in_itself) => {
        #[wechat_runtime::wechat_client(crate = $crate::runtime, adapter_storage = {
            let bound = Memory::new();
            bound
        })]
        struct $name;
    };
}

mod runtime {
    pub(crate) use wechat_runtime::*;
}

declare!(
    /// Our Official Account.
    pub Declared, "wx1f2e3d4c5b6a7988", MyHub, Region::Shanghai, classic, ::wechat_runtime
);
declare!(Pair by_pair (MyHub, Region::Shanghai));
declare!(HubByUrl by_url "http://127.0.0.1:4000");
declare!(HubByLiteral by_literal "http://127.0.0.1:4000");
declare!(HubByPair by_pair ("http://127.0.0.1:4000", "a bearer token"));
declare!(HubByUrlAndBearer by_url_and_bearer "http://127.0.0.1:4000", String::from("a bearer token"));
declare!(HubByLiterals by_literals "http://127.0.0.1:4000", "a bearer token");
declare!(HubByTokens by_tokens adapter_storage = ("http://127.0.0.1:4000", "a bearer token"));
declare!(ByPath by_path MyHub);
declare!(ByType by_type MyHub);
declare!(ByTokens by_tokens adapter_storage = _, args = _, expires_in = 7000);
declare!(ComponentByTokens by_tokens adapter_storage = _, args = _, component);
declare!(Platform of_component component, "wx99aa88bb77cc66dd", MyComponentHub, Region::Shanghai);
declare!(InItself in_itself);

fn main() {
    assert_eq!(Declared::new().appid(), Some("wx1f2e3d4c5b6a7988"));
    let _ = Pair::new().get("/cgi-bin/user/get");
    let _ = (HubByUrl::new(), HubByLiteral::new(), HubByPair::new());
    let _ = (HubByUrlAndBearer::new(), HubByLiterals::new(), HubByTokens::new());
    let _ = ByPath::new(Region::Beijing).get("/cgi-bin/user/get");
    let _ = ByType::new(Region::Beijing).get("/cgi-bin/user/get");
    let _ = ByTokens::new(MyHub, Region::Beijing).get("/cgi-bin/user/get");
    let _ = ComponentByTokens::new(MyComponentHub, Region::Beijing).preauth_url("https://platform.example/");
    assert_eq!(Platform::new().authorizer_appid(), Some("wx99aa88bb77cc66dd"));
    let _ = InItself::new().get("/cgi-bin/user/get");
}
