//! A component application by every row of the attribute's second table, but for a hub's URL, and by every key.

#![deny(warnings)]

use std::time::Duration;

use wechat_runtime::{Call, Client, Component, adapters::Memory, wechat_client};
use wechat_ui_tests::{MyComponentClient, MyComponentHub, Region};

#[wechat_client(component, adapter_storage = Memory::new())]
struct ByDefault;

#[wechat_client(component, adapter_storage = MyComponentClient)]
struct HubsClient;

#[wechat_client(adapter_storage = MyComponentHub::from_env(), args = Region::Shanghai, component)]
struct Declared;

#[wechat_client(adapter_storage = (MyComponentHub, Region::Shanghai), component,)]
struct Pair;

#[wechat_client(component, adapter_storage = MyComponentHub, args = _)]
struct GivenArgs;

#[wechat_client(component, adapter_storage = _)]
struct GivenAdapter;

#[wechat_client(component, adapter_storage = _, args = _)]
struct Given;

const SHOP: &str = "wx99aa88bb77cc66dd";

#[wechat_client(
    component,
    appid = "wxc0ffee0123456789",
    authorizer_appid = SHOP,
    adapter_storage = Memory::new(),
    args = (),
    base_url = "https://api2.weixin.qq.com",
    expires_in = 7000,
    crate = wechat_runtime
)]
pub struct EveryKey;

fn is_client<T>(client: &T)
where
    T: Call<App = Component> + Clone + std::fmt::Debug + Send + Sync + 'static,
{
    let copy = client.clone();
    let _ = copy.get("/cgi-bin/user/get").authorizer_appid(SHOP);
    let _: &Client<Component> = copy.client();
    assert!(!format!("{copy:?}").is_empty());
}

fn main() {
    is_client(&ByDefault::default());
    is_client(&HubsClient::default());
    is_client(&Declared::default());
    is_client(&Pair::default());
    is_client(&GivenArgs::new(Region::Shanghai));
    is_client(&GivenAdapter::new(Memory::new()));
    is_client(&GivenAdapter::new(MyComponentClient));
    is_client(&Given::new(MyComponentHub, Region::Shanghai));
    is_client(&Given::new(MyComponentClient, 3));

    let _ = ByDefault::builder().authorizer_appid("wx99aa88bb77cc66dd").build();
    let _ = GivenArgs::builder(Region::Shanghai).build();
    let _ = GivenAdapter::builder(Memory::new()).build();
    let _ = Given::builder(MyComponentClient, 3).build();

    let platform = EveryKey::new();
    assert_eq!(platform.appid(), Some("wxc0ffee0123456789"));
    assert_eq!(platform.authorizer_appid(), Some("wx99aa88bb77cc66dd"));
    assert_eq!(platform.expires_in(), Some(Duration::from_secs(7000)));
    assert_eq!(ByDefault::new().authorizer_appid(), None);
}
