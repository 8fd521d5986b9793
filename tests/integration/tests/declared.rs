//! Clients declared by the attribute, on the platform.

use std::sync::OnceLock;
use std::time::Duration;

use futures_util::future::join_all;
use wechat_integration_tests::{PATH, Region, Regional, SECRET, Shelf, World, call, new_appid};
use wechat_runtime::{Bound, Call, Common, Error, ErrorKind, Method, adapters, wechat_client};
use wechat_simulator::Line;

/// The world that this file's declarations live in: they are made before any test runs.
static WORLD: OnceLock<Stage> = OnceLock::new();

struct Stage {
    base_url: String,
    appid: String,
    storage: Regional,
}

fn stage() -> &'static Stage {
    WORLD.get().expect("the test has set the stage")
}

#[wechat_client(
    appid = stage().appid.as_str(),
    adapter_storage = stage().storage.clone(),
    args = Region::Beijing,
    base_url = stage().base_url.as_str(),
    expires_in = 5000
)]
struct Wechat;

/// Kept to one test: a declaration binds its storage once per process.
#[tokio::test(flavor = "multi_thread")]
async fn every_value_of_a_declared_type_shares_storage_copies_and_refresh() {
    let world = World::new().await;
    let storage = Regional::default();
    storage.beijing.set_secret(&world.appid, SECRET);
    let set = WORLD.set(Stage {
        base_url: world.sim.base_url().to_owned(),
        appid: world.appid.clone(),
        storage: storage.clone(),
    });
    assert!(set.is_ok());

    let declared = || {
        let clock = world.sim.clock();
        Wechat::builder().clock(move || clock.now()).http(wechat_integration_tests::http()).build().unwrap()
    };
    let (one, two) = (declared(), declared());
    assert_eq!(Wechat::new().appid(), Some(world.appid.as_str()));
    for (fetches, when) in [(1, "cold"), (2, "at expiry")] {
        let calls = (0..250).flat_map(|_| [one.clone(), two.clone()]);
        let calls = calls.map(|client| tokio::spawn(async move { client.fetch_access_token().await }));
        for outcome in join_all(calls.collect::<Vec<_>>()).await {
            outcome.unwrap().unwrap();
        }
        one.get(PATH).send().await.unwrap().error_for_errcode().unwrap();
        two.get(PATH).send().await.unwrap().error_for_errcode().unwrap();
        assert_eq!(world.asked(), fetches, "{when}");
        world.pass(5001);
    }
    assert_eq!((storage.beijing.saves(), storage.shanghai.reads()), (2, 0));

    assert_eq!(one.appid(), Some(world.appid.as_str()));
    assert_eq!(one.expires_in(), Some(Duration::from_secs(5000)));
    let shown = format!("{one:?}");
    assert!(shown.contains("Wechat") && shown.contains(&world.appid), "{shown}");
    assert!(!shown.contains(storage.beijing.value(&world.appid).unwrap().as_str()));
}

#[wechat_client(adapter_storage = _)]
struct GivenAdapter;

#[wechat_client(adapter_storage = _, args = _, token = classic)]
struct GivenBoth;

#[wechat_client(adapter_storage = Fixed, args = _)]
struct GivenArgs;

struct Fixed;

static FIXED: OnceLock<Shelf> = OnceLock::new();

#[wechat_runtime::async_trait]
impl wechat_runtime::storage::Client for Fixed {
    type Args = String;

    async fn fetch_access_token(
        &self,
        appid: &str,
        suffix: &String,
    ) -> wechat_runtime::storage::Result<Option<wechat_runtime::Token>> {
        Ok(FIXED.get_or_init(Shelf::default).token(&format!("{appid}{suffix}")))
    }

    async fn refresh_access_token(
        &self,
        _: &str,
        _: Option<&wechat_runtime::Secret>,
        _: &String,
    ) -> wechat_runtime::storage::Result<Option<wechat_runtime::Token>> {
        Ok(None)
    }

    async fn fetch_ticket(
        &self,
        _: &str,
        _: &wechat_runtime::TicketType,
        _: &String,
    ) -> wechat_runtime::storage::Result<Option<wechat_runtime::Ticket>> {
        Ok(None)
    }
}

/// Any client can be given to it, and its future can be spawned.
async fn addresses(wechat: impl Call<App = Common>) -> Result<usize, Error> {
    let list = wechat.get(PATH).send().await?.value()?;
    Ok(list["ip_list"].as_array().map_or(0, Vec::len))
}

#[tokio::test]
async fn a_storage_may_be_given_at_run_time_in_every_way_the_table_has() {
    let world = World::new().await;
    let clock = world.sim.clock();
    let (base_url, appid) = (world.sim.base_url(), world.appid.as_str());

    let given = GivenAdapter::builder(world.shelf.clone()).base_url(base_url).appid(appid);
    let given = given.clock(move || clock.now()).build().unwrap();
    assert!(tokio::spawn(addresses(given)).await.unwrap().unwrap() > 0);

    let storage = Regional::default();
    storage.shanghai.set_secret(appid, SECRET);
    let both = GivenBoth::builder(storage.clone(), Region::Shanghai).base_url(base_url).appid(appid);
    assert!(addresses(both.build().unwrap()).await.unwrap() > 0);
    assert_eq!(world.sim.ledger().issued(appid, Line::Classic), 1);

    let live = world.account().current_token(Line::Stable).unwrap();
    let shelf = FIXED.get_or_init(Shelf::default);
    shelf.put_value(&format!("{appid}-a"), &live, world.sim.clock().unix());
    let args = GivenArgs::builder("-a".to_owned()).base_url(base_url).appid(appid).build().unwrap();
    assert!(addresses(args).await.unwrap() > 0);
    let other = GivenArgs::builder("-b".to_owned()).base_url(base_url).appid(appid).build().unwrap();
    assert_eq!(addresses(other).await.unwrap_err().kind(), ErrorKind::Storage);
}

#[wechat_client(adapter_storage = adapters::Memory::new(), base_url = "https://nobody@example.org")]
struct BadBase;

#[tokio::test]
async fn what_is_wrong_with_a_declaration_at_run_time_is_the_error_of_its_calls() {
    let client = BadBase::new();
    let error = client.get(PATH).appid("wx").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("base_url"), "{error}");
    assert_eq!(BadBase::builder().build().unwrap_err().kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn a_call_is_for_its_own_account_then_the_declared_one_then_the_querys() {
    let world = World::new().await;
    let [second, third] = [new_appid(), new_appid()];
    for appid in [&second, &third] {
        world.sim.add_app(wechat_simulator::App::new(appid, SECRET)).unwrap();
        world.shelf.set_secret(appid, SECRET);
    }
    let declared = world.client();
    call(&declared).await.unwrap();
    declared.get(PATH).appid(&second).query(&[("appid", &third)]).send().await.unwrap();
    declared.get(PATH).query(&[("appid", &third)]).send().await.unwrap();
    let clock = world.sim.clock();
    let undeclared = wechat_runtime::Client::builder(Bound::new(world.shelf.clone(), ()))
        .base_url(world.sim.base_url())
        .clock(move || clock.now())
        .build()
        .unwrap();
    undeclared.request(Method::GET, PATH).query(&[("appid", &third)]).send().await.unwrap();

    let asked: Vec<_> =
        [&world.appid, &second, &third].map(|appid| world.sim.ledger().token_calls(appid)).into();
    assert_eq!(asked, [1, 1, 1]);
    let by: Vec<_> =
        world.sim.ledger().calls_to(PATH).iter().map(|call| call.appid().unwrap().to_owned()).collect();
    assert_eq!(by, [world.appid.clone(), second, world.appid.clone(), third]);

    let error = undeclared.get(PATH).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.to_string().contains("appid"), "{error}");
    assert_eq!(undeclared.fetch_access_token().await.unwrap_err().kind(), ErrorKind::Request);
    assert_eq!(world.sim.ledger().calls_to(PATH).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_and_two_storages_used_at_once_never_see_each_others_tokens() {
    let world = World::new().await;
    let second = new_appid();
    world.sim.add_app(wechat_simulator::App::new(&second, SECRET)).unwrap();
    let storages = [Shelf::default(), Shelf::default()];
    let mut calls = Vec::new();
    let client = world.client();
    for storage in &storages {
        for appid in [&world.appid, &second] {
            storage.set_secret(appid, SECRET);
            let bound = Bound::<Common>::new(storage.clone(), ());
            for _ in 0..50 {
                let call = client.get(PATH).appid(appid).adapter_storage(&bound);
                calls.push(tokio::spawn(async move { call.send().await?.error_for_errcode() }));
            }
        }
    }
    for outcome in join_all(calls).await {
        outcome.unwrap().unwrap();
    }
    // Every token of the ledger is in the storages under its own account, and nowhere else.
    for issue in world.sim.ledger().issues() {
        for storage in &storages {
            for appid in [&world.appid, &second] {
                let here = storage.value(appid).as_ref() == Some(&issue.value);
                assert!(!here || *appid == issue.appid);
            }
        }
    }
    for storage in &storages {
        assert_ne!(storage.value(&world.appid).unwrap(), storage.value(&second).unwrap());
    }
    assert!(world.shelf.value(&world.appid).is_none() && world.shelf.reads() == 0);
    let by = world.sim.ledger();
    for appid in [&world.appid, &second] {
        assert_eq!(by.calls_to(PATH).iter().filter(|call| call.appid() == Some(appid)).count(), 100);
    }
}

#[tokio::test]
async fn special_paths_fill_in_what_the_caller_has_not_written() {
    let world = World::new().await;
    let client = world.client();
    let path = "/sns/jscode2session";
    client.get(path).query(&[("js_code", "c")]).send().await.unwrap();
    client.get(path).query(&[("secret", "mine"), ("js_code", "c")]).send().await.unwrap();
    assert_eq!(world.query_of(path, "appid"), [world.appid.clone(), world.appid.clone()]);
    assert_eq!(world.query_of(path, "secret"), [SECRET, "mine"]);
    assert_eq!(world.query_of(path, "js_code"), ["c", "c"]);
    assert_eq!(world.asked(), 0);
    for path in ["/cgi-bin/component/api_component_token", "/sns/component/jscode2session"] {
        assert_eq!(client.get(path).send().await.unwrap_err().kind(), ErrorKind::Request, "{path}");
    }
}
