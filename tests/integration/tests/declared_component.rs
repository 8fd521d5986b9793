//! A component application declared by the attribute, on the platform.

use std::sync::OnceLock;

use futures_util::future::join_all;
use wechat_integration_tests::{AUTHORIZER_TOKEN, Cabinet, PATH, Shops, World, http};
use wechat_runtime::{Call, Error, wechat_client};

/// The world that this file's declaration lives in: it is made before the test runs.
static STAGE: OnceLock<Stage> = OnceLock::new();

struct Stage {
    base_url: String,
    appid: String,
    shop: String,
    storage: Cabinet,
}

fn stage() -> &'static Stage {
    STAGE.get().expect("the test has set the stage")
}

#[wechat_client(
    component,
    appid = stage().appid.as_str(),
    authorizer_appid = stage().shop.as_str(),
    adapter_storage = stage().storage.clone(),
    base_url = stage().base_url.as_str()
)]
struct Platform;

/// Any client can be given to it, and any handle.
async fn addresses(wechat: &impl Call) -> Result<usize, Error> {
    let list = wechat.get(PATH).send().await?.value()?;
    Ok(list["ip_list"].as_array().map_or(0, Vec::len))
}

/// Kept to one test: a declaration binds its storage once per process.
#[tokio::test(flavor = "multi_thread")]
async fn a_declared_component_calls_for_the_declared_account_or_for_that_of_a_handle() {
    let world = Shops::new().await;
    let [declared, other] = &world.shops;
    let set = STAGE.set(Stage {
        base_url: world.sim.base_url().to_owned(),
        appid: world.appid.clone(),
        shop: declared.clone(),
        storage: world.cabinet.clone(),
    });
    assert!(set.is_ok());
    let platform = || {
        let clock = world.sim.clock();
        Platform::builder().clock(move || clock.now()).http(http()).build().unwrap()
    };

    let (one, two) = (platform(), platform());
    assert_eq!((one.appid(), one.authorizer_appid()), (Some(world.appid.as_str()), Some(declared.as_str())));
    let calls = (0..250).flat_map(|_| [one.clone(), two.clone()]);
    let calls = calls.map(|client| tokio::spawn(async move { addresses(&client).await }));
    for outcome in join_all(calls.collect::<Vec<_>>()).await {
        assert!(outcome.unwrap().unwrap() > 0);
    }
    assert_eq!((world.component_issued(), world.issued(declared), world.issued(other)), (1, 1, 0));

    let shop = one.authorizer(other);
    assert!(addresses(&shop).await.unwrap() > 0);
    assert!(addresses(&World::new().await.client()).await.unwrap() > 0, "of a common application");
    assert_eq!((world.issued(declared), world.issued(other)), (1, 1));
    let ledger = world.sim.ledger();
    let by = ledger.calls_to(PATH).iter().filter(|call| call.appid() == Some(other)).count();
    assert_eq!((by, ledger.calls_to(PATH).len()), (1, 501));
}

#[wechat_client(component, adapter_storage = _)]
struct GivenAdapter;

#[tokio::test]
async fn each_method_of_a_declared_component_is_about_the_token_that_it_names() {
    let world = Shops::new().await;
    let [shop, other] = &world.shops;
    let clock = world.sim.clock();
    let platform = GivenAdapter::builder(world.cabinet.clone())
        .appid(&world.appid)
        .base_url(world.sim.base_url())
        .clock(move || clock.now())
        .http(http())
        .build()
        .unwrap();
    let live = || world.component().current_token().unwrap();

    let component = platform.fetch_component_access_token().await.unwrap();
    assert_eq!(component.access_token().expose(), live());
    let access = platform.fetch_access_token(shop).await.unwrap();
    assert_eq!(access.access_token().expose(), world.shop().current_token().unwrap());
    assert_eq!(platform.fetch_access_token(shop).await.unwrap(), access, "it is kept");
    assert_eq!((world.component_issued(), world.issued(shop)), (1, 1));

    world.pass(60);
    let refreshed = platform.refresh_component_access_token(component.access_token()).await.unwrap();
    assert_ne!(refreshed.access_token(), component.access_token());
    assert_eq!(refreshed.access_token().expose(), live());
    assert_eq!((world.component_issued(), world.issued(shop)), (2, 1));

    let renewed = platform.refresh_access_token(shop.clone(), access.access_token()).await.unwrap();
    assert_ne!(renewed.access_token(), access.access_token());
    assert_eq!(renewed.access_token().expose(), world.shop().current_token().unwrap());
    assert_eq!((world.component_issued(), world.issued(shop), world.issued(other)), (2, 2, 0));
    assert_eq!(world.calls(AUTHORIZER_TOKEN), 2);

    let page = platform.preauth_url("https://platform.example/authorized").await.unwrap();
    assert!(page.as_str().contains(&format!("component_appid={}", world.appid)));
}
