//! What is shown of a hub of component applications and its clients.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use wechat_integration_tests::asking::{BEARER, Served, get, guarded, known, post, with};
use wechat_integration_tests::seen::whole;
use wechat_integration_tests::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, COMPONENT_TOKEN, GETTICKET, PATH, SECRET, Shops, http, new_appid,
};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::{Bound, Client, Component, RefreshSettings, Secret, hub};
use wechat_simulator::{Fault, RefreshTokens};

use crate::{STALE, Shown, WRONG_BEARER, echo, parrot};

/// What the refresh tokens and the verify tickets of the platform begin with.
const NEVER_TOLD: [&str; 2] = ["refreshtoken@@@", "ticket@@@"];

/// The five questions of the protocol about component applications.
fn questions(component: &str, shop: &str, stale: &str) -> [Request<Body>; 5] {
    let of_account =
        format!(r#"{{"access_token":"{stale}","appid":"{component}","authorizer_appid":"{shop}"}}"#);
    let own = format!(r#"{{"access_token":"{stale}","appid":"{component}"}}"#);
    [
        get(&format!("/client/access_token?appid={component}&authorizer_appid={shop}")),
        post("/refresh/access_token", of_account),
        get(&format!("/client/ticket?appid={component}&authorizer_appid={shop}&type=jsapi")),
        get(&format!("/client/component_access_token?appid={component}")),
        post("/client/refresh_component_access_token", own),
    ]
}

/// Notes how the calls of a hub's client end.
async fn call(shown: &mut Shown, client: &Client<Component>, shop: &str) {
    let (account, stale) = (client.authorizer(shop), Secret::from(STALE));
    let failed = [
        account.get(PATH).send().await.err(),
        account.fetch_access_token().await.err(),
        account.refresh_access_token(&stale).await.err(),
        account.fetch_ticket("jsapi").await.err(),
        client.fetch_component_access_token().await.err(),
        client.refresh_component_access_token(&stale).await.err(),
    ];
    for error in failed.into_iter().flatten() {
        writeln!(shown.text, "{}", whole(&error)).unwrap();
    }
    writeln!(shown.text, "{client:?} {account:?} {:?}", account.fetch_access_token().await).unwrap();
    writeln!(shown.text, "{:?}", client.fetch_component_access_token().await).unwrap();
}

/// Goes through failures of every sort, successes, and what is refused while there is something that could be told. Answers
/// with what has to be in the logs.
pub(crate) async fn show(shown: &mut Shown) -> String {
    shown.canaries.extend(NEVER_TOLD.map(str::to_owned));
    let world = Shops::without_ticket().await;
    world.component().set_refresh_tokens(RefreshTokens::Rotated);
    let mut settings = RefreshSettings::default();
    settings.upstream_timeout = Duration::from_millis(100);
    let client = world.builder().http(http().connection_verbose(true)).refresh(settings).build().unwrap();
    let limits = guarded().component(&client).timeout(Duration::from_millis(200));
    let router = hub::router(limits.clone());
    let (component, [shop, _]) = (&world.appid, &world.shops);
    let all = || questions(component, shop, STALE);

    for request in all() {
        assert_eq!(shown.ask(&router, known(request)).await, 503);
    }
    world.keep_ticket().await;
    world.sim.fault(COMPONENT_TOKEN, Fault::errcode(61006));
    for request in all() {
        assert_eq!(shown.ask(&router, known(request)).await, 502);
    }
    world.sim.clear_faults();
    world.component().issue_verify_ticket();
    world.keep_ticket().await;

    let refresh_token = world.shop().refresh_token();
    let list = format!(
        r#"{{"total_count":1,"list":[{{"authorizer_appid":"{shop}","refresh_token":["{refresh_token}"]}}]}}"#
    );
    for (path, fault) in [
        (COMPONENT_TOKEN, Fault::raw(200, "application/json", echo(SECRET))),
        (COMPONENT_TOKEN, Fault::raw(200, "application/json", echo(&world.component().verify_ticket()))),
        (COMPONENT_TOKEN, Fault::hang()),
        (COMPONENT_TOKEN, Fault::redirect(format!("/elsewhere?secret={SECRET}"))),
        (AUTHORIZER_LIST, Fault::raw(200, "application/json", list)),
        (AUTHORIZER_TOKEN, Fault::raw(200, "application/json", echo(&refresh_token))),
        (AUTHORIZER_TOKEN, Fault::raw(500, "text/html", refresh_token.clone())),
        (AUTHORIZER_TOKEN, Fault::errcode(61023)),
        (AUTHORIZER_TOKEN, Fault::truncated_json()),
    ] {
        world.sim.fault(path, fault);
        let count = if path == COMPONENT_TOKEN { 5 } else { 3 };
        for request in all().into_iter().take(count) {
            assert_ne!(shown.ask(&router, known(request)).await, 200);
        }
        world.sim.clear_faults();
        world.pass(1000);
    }

    for request in all() {
        assert_eq!(shown.ask(&router, known(request)).await, 200);
    }
    let live = [world.shop().current_token().unwrap(), world.component().current_token().unwrap()];
    for request in all() {
        assert_eq!(shown.ask(&router, request).await, 401);
    }
    for request in all() {
        let request = with(request, "authorization", &format!("Bearer {WRONG_BEARER}"));
        assert_eq!(shown.ask(&router, request).await, 401);
    }
    for request in questions(component, &new_appid(), STALE).into_iter().take(3) {
        assert_eq!(shown.ask(&router, known(request)).await, 404);
    }
    for request in questions("wxnone", shop, STALE) {
        assert_eq!(shown.ask(&router, known(request)).await, 404);
    }
    world.sim.fault(GETTICKET, Fault::raw(200, "application/json", echo(&live[0])).times(1));
    let path = format!("/client/ticket?appid={component}&authorizer_appid={shop}&type=wx_card");
    assert_eq!(shown.ask(&router, known(get(&path))).await, 502);
    world.pass(60);
    world.component().revoke();
    world.shop().revoke();
    let [_, of_account, _, _, _] = questions(component, shop, &live[0]);
    assert_eq!(shown.ask(&router, known(of_account)).await, 200);
    let [_, _, _, _, own] = questions(component, shop, &live[1]);
    assert_eq!(shown.ask(&router, known(own)).await, 200);

    let served = Served::new(limits.clone()).await;
    for storage in [
        HubClient::new(served.url()).bearer(BEARER),
        HubClient::new(served.url()).bearer(WRONG_BEARER),
        HubClient::new(parrot().await).bearer(BEARER),
        HubClient::new(world.sim.base_url()).bearer(BEARER),
    ] {
        let storage = storage.http(|| http().connection_verbose(true));
        let client = world.builder_on(Bound::new(storage, ())).retries(0).build().unwrap();
        call(shown, &client, shop).await;
        let relay = hub::router(guarded().component(&client));
        for request in all() {
            shown.ask(&relay, known(request)).await;
        }
    }
    served.stopped().await.unwrap();
    write!(shown.text, "{limits:?} {limits:#?}").unwrap();

    let ledger = world.sim.ledger();
    shown.canaries.extend(ledger.component_issues().iter().map(|issue| issue.value.clone()));
    shown.canaries.extend(ledger.authorizer_issues().iter().map(|issue| issue.value.clone()));
    shown.canaries.extend(ledger.ticket_issues().iter().map(|issue| issue.value.clone()));
    format!(r#": answered peer="tests" asks=AccessToken appid="{component}" authorizer_appid="{shop}""#)
}
