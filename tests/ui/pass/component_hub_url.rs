//! A component application that asks a hub by its URL, alone and with a bearer token, and by a `HubClient`.

#![deny(warnings)]

use wechat_runtime::{Call, Component, adapters::HubClient, wechat_client};

#[wechat_client(component, adapter_storage = "http://127.0.0.1:4000")]
struct Platform;

#[wechat_client(
    component,
    appid = "wxc0ffee0123456789",
    authorizer_appid = "wx99aa88bb77cc66dd",
    adapter_storage = ("https://hub.internal/wechat", bearer()),
    base_url = "https://api2.weixin.qq.com",
    expires_in = 7000
)]
pub struct EveryKey;

#[wechat_client(component, adapter_storage = HubClient::new("http://127.0.0.1:4000").bearer("a bearer token"))]
struct Written;

#[wechat_client(component, adapter_storage = _)]
struct GivenAdapter;

fn bearer() -> String {
    "a bearer token".to_owned()
}

fn is_client(platform: &impl Call<App = Component>) {
    let _ = platform.get("/cgi-bin/user/get").authorizer_appid("wx99aa88bb77cc66dd");
}

fn main() {
    is_client(&Platform::new());
    is_client(&EveryKey::default().authorizer("wx99aa88bb77cc66dd"));
    is_client(&Written::new());
    is_client(&GivenAdapter::new(HubClient::new("http://127.0.0.1:4000")));
    assert_eq!(EveryKey::new().authorizer_appid(), Some("wx99aa88bb77cc66dd"));
}
