//! What a component application's client calls with, and one function that is given any client or handle.

#![deny(warnings)]

use wechat_runtime::{
    Authorizer, Bound, Call, Common, Component, Error, JssdkConfig, Method, Response, Secret, Token,
    adapters::Memory, wechat_client,
};
use wechat_ui_tests::{MyComponentClient, MyComponentHub, Region};

/// Our Official Account.
#[wechat_client(appid = "wx1f2e3d4c5b6a7988", adapter_storage = Memory::new())]
pub struct Wechat;

/// Our third-party platform.
#[wechat_client(component, appid = "wxc0ffee0123456789", adapter_storage = Memory::new())]
pub struct Platform;

async fn followers(wechat: &impl Call) -> Result<Response, Error> {
    wechat.get("/cgi-bin/user/get").send().await
}

async fn page(wechat: &impl Call) -> Result<JssdkConfig, Error> {
    wechat.jssdk_config("https://shop.example/").await
}

async fn of_a_component(wechat: &impl Call<App = Component>) -> Result<Response, Error> {
    wechat.get("/cgi-bin/user/get").authorizer_appid("wx99aa88bb77cc66dd").send().await
}

async fn tokens(platform: &Platform, stale: &Secret) -> Result<[Token; 4], Error> {
    let shop = String::from("wx99aa88bb77cc66dd");
    Ok([
        platform.fetch_component_access_token().await?,
        platform.refresh_component_access_token(stale).await?,
        platform.fetch_access_token("wx99aa88bb77cc66dd").await?,
        platform.refresh_access_token(shop, stale).await?,
    ])
}

fn is_send<T: Send>(_: T) {}

fn main() {
    let (wechat, platform) = (Wechat::new(), Platform::new());
    let shop: Authorizer = platform.authorizer("wx99aa88bb77cc66dd");
    is_send(followers(&wechat));
    is_send(followers(&shop));
    is_send(followers(&platform));
    is_send(followers(wechat.client()));
    is_send(followers(platform.client()));
    is_send(page(&wechat));
    is_send(page(&shop));
    is_send(of_a_component(&platform));
    is_send(of_a_component(&shop));
    is_send(tokens(&platform, &Secret::from("stale")));

    let common = Bound::<Common>::new(Memory::new(), ());
    let component = Bound::<Component>::new(Memory::new(), ());
    let _ = wechat.get("/cgi-bin/user/get").adapter_storage(&common);
    let _ = wechat.get("/cgi-bin/user/get").adapter_storage(Memory::new());
    let _ = platform.get("/cgi-bin/user/get").adapter_storage(&component).authorizer_appid(shop.appid());
    let _ = shop.get("/cgi-bin/user/get").adapter_storage(component).appid("wxc0ffee9876543210");
    let _ = shop.post("/cgi-bin/user/get").adapter_storage(MyComponentClient);
    let _ = shop.fetch_ticket("jsapi").adapter_storage_with(MyComponentHub, Region::Shanghai);

    let _ = platform.request(Method::POST, "/cgi-bin/component/api_query_auth");
    let _ = platform.preauth_url("https://platform.example/authorized").mobile();
    let _ = platform.fetch_ticket("jsapi").authorizer_appid("wx99aa88bb77cc66dd");
    assert_eq!(shop.appid(), "wx99aa88bb77cc66dd");
    assert_eq!(shop.component_appid(), platform.appid());
}
