//! Whose pushes a service takes: extractors, accounts that are looked up by the path, routers in routers.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::routing::get;
use axum::{Extension, Router};
use wechat_integration_tests::asking::{self, LONG, ask};
use wechat_integration_tests::callbacks::{
    Count, Inbox, KEY, OPENID, Server, Wechat, a_text, keys, said, words,
};
use wechat_integration_tests::{in_time, new_appid};
use wechat_runtime::callback::{self, Incoming, Keys, Reply};
use wechat_simulator::{Answer, Callback, Verification};

#[derive(Clone)]
struct App {
    greeting: String,
}

#[tokio::test]
async fn a_handler_gets_what_its_extractors_take() {
    #[allow(clippy::too_many_arguments, reason = "eight are what a handler may have")]
    async fn handler(
        State(app): State<App>,
        Path(tenant): Path<String>,
        RawQuery(query): RawQuery,
        Extension(shop): Extension<Arc<str>>,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        incoming: Incoming,
    ) -> Reply {
        assert_eq!((method, uri.path()), (Method::POST, &*format!("/wechat/{tenant}")));
        assert_eq!(headers["user-agent"], "Mozilla/4.0");
        assert!(query.unwrap().contains(&format!("openid={}", incoming.from_user_name)));
        Reply::text(format!("{}, {} at {shop}", app.greeting, incoming.from_user_name))
    }
    let wechat = Wechat::new().await;
    let router = Router::new()
        .route("/wechat/{tenant}", callback::service(wechat.settings(), handler))
        .layer(Extension(Arc::<str>::from("the shop")))
        .with_state(App { greeting: "Welcome".to_owned() });
    let server = Server::start(router).await;
    let delivery = wechat.safe(format!("{}/wechat/$APPID$", server.url)).push(a_text()).await;
    let reply = delivery.reply().unwrap_or_else(|| panic!("{delivery:?}"));
    assert_eq!(reply.get("Content"), Some(&*format!("Welcome, {OPENID} at the shop")));
}

#[tokio::test]
async fn what_an_extractor_refuses_reaches_no_handler_and_is_pushed_again() {
    let (wechat, runs) = (Wechat::new().await, Count::default());
    let counting = runs.clone();
    let handler = move |Path(_): Path<u32>, _: Incoming| {
        counting.add();
        async {}
    };
    let router = Router::new().route("/{number}", callback::service(wechat.settings(), handler));
    let server = Server::start(router).await;
    let refused = wechat.safe(format!("{}/seven", server.url)).push(a_text()).await;
    assert_eq!((refused.attempts[0].status, refused.tries(), runs.get()), (Some(400), 3, 0));
    assert!(wechat.safe(format!("{}/7", server.url)).push(a_text()).await.delivered());
    assert_eq!(runs.get(), 1);
}

/// The accounts of a service for several, each with keys of its own.
fn two_accounts(first: &str, second: &str) -> impl Fn(String) -> KeysOrNot + Clone + Send + Sync + use<> {
    let known = [keys(first, KEY), Keys::encrypted(second, "another", OTHER).unwrap()];
    move |appid| {
        let found = known.iter().find(|keys| keys.appid() == Some(&appid)).cloned();
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(found)
        })
    }
}

type KeysOrNot = std::pin::Pin<Box<dyn Future<Output = io::Result<Option<Keys>>> + Send>>;

const OTHER: &str = "anotherkeyabcdefghijklmnopqrstuvwxyz0123456";

#[tokio::test]
async fn keys_are_looked_up_by_the_account_in_the_path() {
    let (wechat, inbox, second) = (Wechat::new().await, Inbox::default(), new_appid());
    let settings = wechat.settings_of(two_accounts(&wechat.appid, &second));
    let router = Router::new().route("/wechat/{appid}", callback::service(settings, inbox.noting()));
    let server = Server::start(router).await;
    let url = format!("{}/wechat/$APPID$", server.url);
    let first = wechat.safe(&*url);
    let others = |url: &str| Callback::encrypted(url, "another", OTHER).timeout(LONG);
    let second = wechat.sim.pusher(second, others(&url)).unwrap();
    for pusher in [&first, &second] {
        assert_eq!(pusher.verify().await, Verification::Passed);
        assert!(pusher.push(a_text()).await.delivered());
        assert_eq!(inbox.one().to_user_name, pusher.user_name());
    }
    // One account's keys open nothing at the other's path.
    let crossed =
        wechat.sim.pusher(second.appid(), others(&format!("{}/wechat/{}", server.url, wechat.appid)));
    let crossed = crossed.unwrap();
    assert!(matches!(crossed.verify().await, Verification::Refused { status: 403, .. }));
    assert!(matches!(crossed.push(a_text()).await.answer(), Answer::Refused { status: 403, .. }));
    // And nobody has these.
    let unknown = wechat.sim.pusher(new_appid(), others(&url)).unwrap();
    let nobody = Verification::Refused { status: 404, body: "not found".to_owned() };
    assert_eq!(unknown.verify().await, nobody);
    let nobody = Answer::Refused { status: 404, body: "not found".to_owned() };
    assert_eq!(unknown.push(a_text()).await.answer(), &nobody);
    assert_eq!(inbox.count(), 0);
}

#[tokio::test]
async fn a_look_up_that_fails_is_answered_503_and_reaches_no_handler() {
    let (wechat, inbox, asked) = (Wechat::new().await, Inbox::default(), Count::default());
    let (counting, right) = (asked.clone(), wechat.keys());
    let failing_twice = move |_: String| {
        counting.add();
        let looked_up =
            if counting.get() > 2 { Ok(Some(right.clone())) } else { Err(io::Error::other("down")) };
        async { looked_up }
    };
    let router =
        Router::new().route("/{appid}", callback::service(wechat.settings_of(failing_twice), inbox.noting()));
    let server = Server::start(router).await;
    let delivery = wechat.safe(format!("{}/$APPID$", server.url)).push(a_text()).await;
    let statuses: Vec<_> = delivery.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(503), Some(503), Some(200)]);
    let not_now = Answer::Refused { status: 503, body: "not now".to_owned() };
    assert_eq!(delivery.attempts[0].answer, not_now);
    assert_eq!((inbox.count(), asked.get()), (1, 3));
}

#[tokio::test]
async fn a_look_up_that_hangs_is_given_up_in_time_and_reaches_no_handler() {
    let (wechat, inbox) = (Wechat::new().await, Inbox::default());
    let held = Arc::new(());
    let holding = held.clone();
    let hanging = move |_: String| {
        let holding = holding.clone();
        async move {
            let never = std::future::pending::<io::Result<Option<Keys>>>().await;
            drop(holding);
            never
        }
    };
    let settings = wechat.settings_of(hanging).reply_within(Duration::from_millis(50));
    let router = Router::new().route("/wechat", callback::service(settings, inbox.noting()));
    let signed = wechat.signed(&a_text());
    assert_eq!(in_time(said(&router, &signed)).await, words(503));
    let path = signed.url.replace("http://callbacks.invalid", "");
    let verification = asking::by(Method::GET, asking::get(&path));
    assert_eq!(ask(&router, verification).await.status, 503);
    assert_eq!(inbox.count(), 0);
    drop(router);
    assert_eq!(Arc::strong_count(&held), 1, "nothing goes on looking");
}

#[tokio::test]
async fn a_look_up_that_panics_costs_its_own_push_alone() {
    let (wechat, inbox, asked) = (Wechat::new().await, Inbox::default(), Count::default());
    let (counting, right) = (asked.clone(), wechat.keys());
    let panicking_once = move |_: String| {
        counting.add();
        assert!(counting.get() > 1, "the look-up fell down");
        let found = right.clone();
        async move { Ok::<_, io::Error>(Some(found)) }
    };
    let router = Router::new()
        .route("/{appid}", callback::service(wechat.settings_of(panicking_once), inbox.noting()));
    let server = Server::start(router).await;
    let delivery = wechat.safe(format!("{}/$APPID$", server.url)).push(a_text()).await;
    assert_eq!((delivery.tries(), delivery.delivered(), inbox.count()), (2, true, 1));
}

#[tokio::test]
async fn a_service_works_in_nested_routers_beside_other_routes() {
    async fn handler(Path((appid, room)): Path<(String, String)>, _: Incoming) -> Reply {
        Reply::text(format!("{room} of {appid}"))
    }
    let wechat = Wechat::new().await;
    let looked_up = {
        let (appid, keys) = (wechat.appid.clone(), wechat.keys());
        move |account: String| {
            let found = (account == appid).then(|| keys.clone());
            async move { Ok::<_, io::Error>(found) }
        }
    };
    let inner = Router::new()
        .route("/push", callback::service(wechat.settings_of(looked_up), handler))
        .route("/about", get(|| async { "about" }));
    let router = Router::new()
        .nest("/{appid}/rooms/{room}", inner)
        .route("/health", get(|| async { "up" }).post(|body: String| async { body }));
    let server = Server::start(router.clone()).await;
    let pusher = wechat.safe(format!("{}/$APPID$/rooms/5/push", server.url));
    assert_eq!(pusher.verify().await, Verification::Passed);
    let delivery = pusher.push(a_text()).await;
    let content = format!("5 of {}", wechat.appid);
    assert_eq!(delivery.reply().and_then(|reply| reply.get("Content")), Some(&*content), "{delivery:?}");
    for (path, text) in [("/health", "up"), ("/a/rooms/1/about", "about")] {
        assert_eq!(ask(&router, asking::get(path)).await.text(), text);
    }
    assert_eq!(ask(&router, asking::post("/health", "echo")).await.text(), "echo");
}

/// Two accounts of one service may be told the same, by users of the same name.
#[tokio::test]
async fn what_one_account_is_pushed_is_not_taken_for_the_push_of_another() {
    let (wechat, inbox, second) = (Wechat::new().await, Inbox::default(), new_appid());
    let settings = wechat.settings_of(two_accounts(&wechat.appid, &second));
    let router = Router::new().route("/wechat/{appid}", callback::service(settings, inbox.noting()));
    let server = Server::start(router).await;
    let url = format!("{}/wechat/$APPID$", server.url);
    let first = wechat.safe(&*url);
    let others = Callback::encrypted(&*url, "another", OTHER).timeout(LONG);
    let second = wechat.sim.pusher(second, others).unwrap();
    // Whoever has the second account writes what the first one will be told.
    let event = wechat_simulator::Push::subscribe(OPENID).field("ToUserName", first.user_name());
    for pusher in [&second, &first] {
        assert!(pusher.push(event.clone()).await.delivered());
    }
    assert_eq!(inbox.count(), 2, "the first account's push is handled, whatever came to the second");
    assert!(first.push(event).await.delivered());
    assert_eq!(inbox.count(), 2);
}
