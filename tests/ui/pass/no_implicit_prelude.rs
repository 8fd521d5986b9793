//! Neither the prelude nor anything else is taken for granted, and nothing is warned about.

#![no_implicit_prelude]
#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, private_bounds, private_interfaces)]

/// Names that generated code could stumble over.
#[allow(missing_docs, dead_code, non_camel_case_types)]
pub mod decoys {
    pub struct Option;
    pub struct Result;
    pub struct String;
    pub trait Clone {}
    pub trait Default {}
    pub trait Into {}
    pub trait From {}
    pub trait Send {}
    pub struct Client;
    pub struct Common;
    pub struct Component;
    pub struct Authorizer;
    pub struct PreauthCall;
    pub struct PhantomData;
    pub struct Bound;
    pub struct HubClient;
    pub mod core {}
    pub mod std {}
    pub mod wechat_runtime {}
}

#[allow(unused_imports)]
use decoys::*;

/// Declared.
#[::wechat_runtime::wechat_client(
    appid = "wx1f2e3d4c5b6a7988",
    adapter_storage = ::wechat_ui_tests::MyHub,
    args = ::wechat_ui_tests::Region::Shanghai,
    token = classic,
    base_url = "https://api.weixin.qq.com",
    expires_in = 7000,
)]
pub struct Declared;

/// A hub by its URL.
#[::wechat_runtime::wechat_client(adapter_storage = "http://127.0.0.1:4000")]
pub struct Hub;

/// A hub by its URL and a bearer token.
#[::wechat_runtime::wechat_client(adapter_storage = ("http://127.0.0.1:4000", "a bearer token"))]
pub struct HubWithBearer;

/// The arguments given.
#[::wechat_runtime::wechat_client(adapter_storage = ::wechat_ui_tests::MyHub, args = _)]
pub struct GivenArgs;

/// The adapter given.
#[::wechat_runtime::wechat_client(adapter_storage = _)]
pub struct GivenAdapter;

/// Both given.
#[::wechat_runtime::wechat_client(adapter_storage = _, args = _)]
pub struct Given;

/// A component application.
#[::wechat_runtime::wechat_client(
    component,
    appid = "wxc0ffee0123456789",
    authorizer_appid = "wx99aa88bb77cc66dd",
    adapter_storage = ::wechat_ui_tests::MyComponentHub,
    args = ::wechat_ui_tests::Region::Shanghai,
)]
pub struct Platform;

/// A component application, the arguments given.
#[::wechat_runtime::wechat_client(component, adapter_storage = ::wechat_ui_tests::MyComponentHub, args = _)]
pub struct PlatformByArgs;

/// A component application, both given.
#[::wechat_runtime::wechat_client(component, adapter_storage = _, args = _)]
pub struct PlatformByBoth;

fn main() {
    let declared = Declared::new();
    ::std::assert_eq!(declared.appid(), ::std::option::Option::Some("wx1f2e3d4c5b6a7988"));
    let _ = declared.get("/cgi-bin/user/get");
    let _ = Hub::new().get("/cgi-bin/user/get");
    let _ = HubWithBearer::new().get("/cgi-bin/user/get");
    let _ = GivenArgs::new(::wechat_ui_tests::Region::Beijing).get("/cgi-bin/user/get");
    let _ = GivenAdapter::new(::wechat_ui_tests::MyClient).get("/cgi-bin/user/get");
    let platform = Platform::new();
    ::std::assert_eq!(platform.authorizer_appid(), ::std::option::Option::Some("wx99aa88bb77cc66dd"));
    let _ = platform.authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get");
    let _ = PlatformByArgs::new(::wechat_ui_tests::Region::Beijing).get("/cgi-bin/user/get");
    let _ = PlatformByBoth::new(::wechat_ui_tests::MyComponentClient, 3).get("/cgi-bin/user/get");
    let _ = Given::new(::wechat_ui_tests::MyHub, ::wechat_ui_tests::Region::Beijing).get("/cgi-bin/user/get");
}
