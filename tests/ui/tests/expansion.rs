//! What a declaration does at run time, and that no lint complains of the generated code.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    unused_results,
    clippy::all,
    clippy::pedantic
)]

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use wechat_runtime::{Call, Client, Common, Component, adapters::Memory, wechat_client};
use wechat_ui_tests::{MyClient, MyComponentClient, MyComponentHub, MyHub, Region};

static EVALUATIONS: AtomicU32 = AtomicU32::new(0);
static BEARERS: AtomicU32 = AtomicU32::new(0);

fn counted() -> MyHub {
    let _ = EVALUATIONS.fetch_add(1, Ordering::Relaxed);
    MyHub
}

fn bearer() -> String {
    "a bearer token".to_owned()
}

fn counted_bearer() -> String {
    let _ = BEARERS.fetch_add(1, Ordering::Relaxed);
    bearer()
}

/// Both declared.
#[wechat_client(
    appid = "wx1f2e3d4c5b6a7988",
    adapter_storage = counted(),
    args = Region::Shanghai,
    token = classic,
    base_url = "https://api2.weixin.qq.com",
    expires_in = 7000
)]
pub struct Declared;

/// A hub by its URL.
#[wechat_client(adapter_storage = "http://127.0.0.1:4000")]
pub struct Hub;

/// A hub by its URL and a bearer token.
#[wechat_client(appid = "wx1f2e3d4c5b6a7988", adapter_storage = ("http://127.0.0.1:4000", counted_bearer()))]
pub struct HubWithBearer;

/// The arguments given.
#[wechat_client(adapter_storage = MyHub, args = _)]
pub struct GivenArgs;

/// The adapter given.
#[wechat_client(adapter_storage = _)]
pub struct GivenAdapter;

/// Both given.
#[wechat_client(adapter_storage = _, args = _)]
pub struct Given;

/// A component application, both declared.
#[wechat_client(
    component,
    appid = "wxc0ffee0123456789",
    authorizer_appid = "wx99aa88bb77cc66dd",
    adapter_storage = MyComponentHub,
    args = Region::Shanghai,
    base_url = "https://api2.weixin.qq.com",
    expires_in = 7000
)]
pub struct Platform;

/// A component application that asks a hub by its URL.
#[wechat_client(component, adapter_storage = ("http://127.0.0.1:4000", bearer()))]
pub struct PlatformByUrl;

/// A component application, the arguments given.
#[wechat_client(component, adapter_storage = MyComponentHub, args = _)]
pub struct PlatformByArgs;

/// A component application, the adapter given.
#[wechat_client(component, adapter_storage = _)]
pub struct PlatformByAdapter;

/// A component application, both given.
#[wechat_client(component, adapter_storage = _, args = _)]
pub struct PlatformByBoth;

#[test]
fn what_is_declared_is_evaluated_once_for_all_values() {
    assert_eq!(EVALUATIONS.load(Ordering::Relaxed), 0, "a declaration alone evaluates nothing");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let _ = scope.spawn(Declared::new);
        }
    });
    let _ = (Declared::default(), Declared::builder().build(), Declared::new().clone());
    assert_eq!(EVALUATIONS.load(Ordering::Relaxed), 1);
}

#[test]
fn a_bearer_token_is_evaluated_once_for_all_values() {
    assert_eq!(BEARERS.load(Ordering::Relaxed), 0, "a declaration alone evaluates nothing");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let _ = scope.spawn(HubWithBearer::new);
        }
    });
    let _ = (HubWithBearer::default(), HubWithBearer::builder().build());
    assert_eq!(BEARERS.load(Ordering::Relaxed), 1);
}

#[test]
fn what_is_declared_can_be_read() {
    let wechat = GivenArgs::new(Region::Beijing);
    assert_eq!(wechat.appid(), None);
    assert_eq!(wechat.expires_in(), None);

    #[wechat_client(appid = ["wx", "1"].concat(), adapter_storage = Memory::new(), expires_in = 60 * 60)]
    struct Computed;

    let wechat = Computed::new();
    assert_eq!(wechat.appid(), Some("wx1"));
    assert_eq!(wechat.expires_in(), Some(Duration::from_secs(3600)));
}

#[test]
fn the_builder_goes_before_the_declaration() {
    #[wechat_client(appid = "wx1f2e3d4c5b6a7988", adapter_storage = Memory::new())]
    struct Wechat;

    let wechat = Wechat::builder().appid("wx99aa88bb77cc66dd").build().unwrap();
    assert_eq!(wechat.appid(), Some("wx99aa88bb77cc66dd"));
}

#[test]
fn a_function_takes_any_client() {
    fn client_of<T: Call<App = Common>>(client: &T) -> Client<Common> {
        client.client().clone()
    }
    assert_eq!(client_of(&Hub::new()).appid(), None);
    let client = client_of(&GivenAdapter::new(MyClient));
    assert_eq!(client_of(&client).appid(), None);
    assert_eq!(client_of(&Given::new(MyHub, Region::Shanghai)).appid(), None);
}

#[test]
fn a_function_takes_any_client_of_a_component() {
    fn client_of<T: Call<App = Component>>(client: &T) -> Client<Component> {
        client.client().clone()
    }
    assert_eq!(client_of(&PlatformByUrl::new()).appid(), None);
    assert_eq!(client_of(&PlatformByArgs::new(Region::Beijing)).appid(), None);
    assert_eq!(client_of(&PlatformByBoth::new(MyComponentHub, Region::Beijing)).authorizer_appid(), None);
    let client = client_of(&PlatformByAdapter::new(MyComponentClient));
    assert_eq!(client_of(&client.authorizer("wx1")).authorizer_appid(), Some("wx1"));
}

#[test]
fn the_authorizer_of_a_handle_goes_before_the_declared_one() {
    let platform = Platform::new();
    assert_eq!(platform.appid(), Some("wxc0ffee0123456789"));
    assert_eq!(platform.authorizer_appid(), Some("wx99aa88bb77cc66dd"));
    let shop = platform.authorizer("wx1");
    assert_eq!(shop.appid(), "wx1");
    assert_eq!(shop.client().authorizer_appid(), Some("wx1"));
    assert_eq!(platform.authorizer_appid(), Some("wx99aa88bb77cc66dd"));
    let other = Platform::builder().authorizer_appid("wx2").build().unwrap();
    assert_eq!(other.authorizer_appid(), Some("wx2"));
}

#[test]
fn a_method_of_the_users_own_hands_on_to_its_namesake() {
    #[wechat_client(appid = "wx1f2e3d4c5b6a7988", adapter_storage = Memory::new())]
    struct Wechat;

    trait Account {
        fn appid(&self) -> Option<&str>;
    }

    impl Account for Wechat {
        fn appid(&self) -> Option<&str> {
            self.client().appid().and_then(|appid| appid.strip_prefix("wx"))
        }
    }

    impl Wechat {
        fn expires_in(&self) -> Option<Duration> {
            self.client().expires_in().or(Some(Duration::ZERO))
        }

        fn get(&self, path: &str) -> String {
            format!("{:?}", self.client().get(path))
        }
    }

    assert_eq!(Wechat::new().appid(), Some("1f2e3d4c5b6a7988"));
    assert_eq!(Wechat::new().expires_in(), Some(Duration::ZERO));
    assert!(Wechat::new().get("/cgi-bin/user/info").contains("/cgi-bin/user/info"));
}

#[test]
fn a_client_shows_its_name_and_its_application() {
    #[wechat_client(appid = "wx1f2e3d4c5b6a7988", adapter_storage = Memory::new())]
    struct Wechat;

    let shown = format!("{:?}", Wechat::new());
    assert!(shown.starts_with("Wechat") && shown.contains("wx1f2e3d4c5b6a7988"), "{shown}");
}
