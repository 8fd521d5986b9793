//! What several processes must not lose to each other.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::sync::Semaphore;
use wechat_integration_tests::assembly::{Assembly, Custom, Hall, Process, Rows};
use wechat_integration_tests::fault_proxy::{FaultProxy, Way};
use wechat_integration_tests::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, Agency, QUERY_AUTH, SECRET, Shared, World, call, call_for, custom,
    exchange, new_appid, redis_server,
};
use wechat_runtime::adapters::Redis;
use wechat_runtime::callback::ComponentEvent;
use wechat_runtime::storage::{self, Begun, ComponentHub as _, Coordinator as _, Record, Slot, Turn};
use wechat_runtime::{
    AuthorizerToken, Bound, Client, Component, RefreshSettings, Token, TokenKind, VerifyTicket,
};
use wechat_simulator::{Authorizer, Fault, Line, RefreshTokens};

/// Lets saves of one process begin, and go on when they are let.
struct Gate {
    begun: Semaphore,
    go: Semaphore,
}

impl Gate {
    const fn new() -> Self {
        Self { begun: Semaphore::const_new(0), go: Semaphore::const_new(0) }
    }

    async fn pass(&self) {
        self.begun.add_permits(1);
        self.go.acquire().await.unwrap().forget();
    }

    async fn has_begun(&self) {
        self.begun.acquire().await.unwrap().forget();
    }

    fn open(&self) {
        self.go.add_permits(1);
    }
}

static ONE: LazyLock<Gate> = LazyLock::new(Gate::new);
static TWO: LazyLock<Gate> = LazyLock::new(Gate::new);
static THREE: LazyLock<Gate> = LazyLock::new(Gate::new);

macro_rules! slow_to_save {
    ($name:ident: $gate:expr) => {
        custom!($name {
            async fn save(&self, rows: &Rows, slot: &Slot, record: Record) -> storage::Result<Record> {
                $gate.pass().await;
                Ok(rows.change(&slot.name(), |row, _| row.save(record)))
            }
        });
    };
}

slow_to_save!(SlowOne: ONE);
slow_to_save!(SlowTwo: TWO);
slow_to_save!(SlowThree: THREE);

struct Platforms {
    agency: Agency,
    hall: Arc<Hall>,
    shop: Authorizer,
}

impl Platforms {
    async fn new() -> Self {
        let agency = Agency::new().await;
        let hall = Arc::<Hall>::default();
        let authorizer = new_appid();
        agency.component().authorize(&authorizer);
        let shop = agency.component().authorizer(&authorizer).unwrap();
        shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
        let this = Self { agency, hall, shop };
        let storage = this.storage::<Process<0>>();
        storage.set_secret(&this.agency.appid, SECRET);
        let ticket = VerifyTicket::new(this.agency.component().verify_ticket(), this.agency.now());
        storage.save_component_verify_ticket(&this.agency.appid, ticket, &()).await.unwrap();
        let access = Token::new(TokenKind::Classic, "expired", this.agency.now() - 7200, 7200);
        let record = AuthorizerToken::new()
            .with_access(access)
            .with_refresh_token(this.shop.refresh_token())
            .with_previous_refresh_token("the one before")
            .with_authorized_at(this.agency.now() - 86_400);
        storage.save_access_token(&this.agency.appid, this.shop.appid(), record, &()).await.unwrap();
        this.process::<Process<0>>().fetch_component_access_token().await.unwrap();
        this
    }

    fn storage<C: Custom>(&self) -> Assembly<C> {
        Assembly::of(self.hall.clone(), None)
    }

    fn process<C: Custom>(&self) -> Client<Component> {
        self.on(self.storage::<C>())
    }

    fn on<C: Custom>(&self, storage: Assembly<C>) -> Client<Component> {
        self.agency.builder_on(Bound::new(storage, ())).build().expect("the settings are right")
    }

    fn slot(&self) -> Slot {
        Slot::AuthorizerToken {
            component_appid: self.agency.appid.clone(),
            authorizer_appid: self.shop.appid().to_owned(),
        }
    }

    fn record(&self) -> AuthorizerToken {
        match self.storage::<Process<0>>().row(&self.slot()).record {
            Some(Record::Authorizer(record)) => record,
            other => panic!("{other:?} is no authorizer's record"),
        }
    }

    fn refresh_token(&self) -> Option<String> {
        self.record().refresh_token().map(|token| token.expose().to_owned())
    }

    fn event(&self, info_type: &str, at: u64, code: Option<&str>) -> ComponentEvent {
        let (component, authorizer) = (&self.agency.appid, self.shop.appid());
        let code = code.map_or_else(String::new, |code| {
            let until = at + 3600;
            format!(
                "<AuthorizationCode>{code}</AuthorizationCode>\
                 <AuthorizationCodeExpiredTime>{until}</AuthorizationCodeExpiredTime>"
            )
        });
        let xml = format!(
            "<xml><AppId>{component}</AppId><CreateTime>{at}</CreateTime><InfoType>{info_type}</InfoType>\
             <AuthorizerAppid>{authorizer}</AuthorizerAppid>{code}</xml>"
        );
        ComponentEvent::parse(&xml).expect("it is XML")
    }
}

/// A late cancellation is noted in one process, while another stores a rotated refresh token.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_event_notes_takes_no_refresh_token_back() {
    let platforms = Platforms::new().await;
    let (events, calls) = (platforms.process::<SlowOne>(), platforms.process::<Process<1>>());
    let first = Some(platforms.shop.refresh_token());
    // It is from before the account has authorized the component last.
    let event = platforms.event("unauthorized", platforms.agency.now() - 90_000, None);
    let noted = tokio::spawn(async move { events.receive_event(&event).await });
    ONE.has_begun().await;
    call_for(&calls, platforms.shop.appid()).await.unwrap();
    assert_eq!(platforms.refresh_token(), Some(platforms.shop.refresh_token()), "it is stored");
    ONE.open();
    noted.await.unwrap().unwrap();
    let record = platforms.record();
    let previous = record.previous_refresh_token().map(|token| token.expose().to_owned());
    assert_eq!(previous, first, "nor is the one before lost");
    assert_eq!(platforms.refresh_token(), Some(platforms.shop.refresh_token()), "it stays stored");
}

/// WeChat pushes an authorization to two processes; the second finds the code used, and notes the authorization.
#[tokio::test(flavor = "multi_thread")]
async fn one_authorization_pushed_to_two_processes_keeps_its_refresh_token() {
    let platforms = Platforms::new().await;
    let (first, second) = (platforms.process::<SlowTwo>(), platforms.process::<SlowThree>());
    let code =
        platforms.agency.component().reauthorize(platforms.shop.appid()).authorization_code().to_owned();
    let event = platforms.event("authorized", platforms.agency.now(), Some(&code));
    let again = event.clone();
    let exchanged = tokio::spawn(async move { first.receive_event(&event).await });
    TWO.has_begun().await;
    let noted = tokio::spawn(async move { second.receive_event(&again).await });
    THREE.has_begun().await;
    TWO.open();
    exchanged.await.unwrap().unwrap();
    assert_eq!(platforms.refresh_token(), Some(platforms.shop.refresh_token()), "it is stored");
    let list = platforms.agency.calls(AUTHORIZER_LIST);
    THREE.open();
    noted.await.unwrap().unwrap();
    assert_eq!(platforms.refresh_token(), Some(platforms.shop.refresh_token()), "it stays stored");
    assert_eq!(platforms.agency.calls(AUTHORIZER_LIST), list);
    assert_eq!(platforms.agency.calls(QUERY_AUTH), 2);
}

/// A leader's lead is ended by a note, and another process leads already when it commits.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_refresh_token_is_not_dropped_because_another_leads() {
    let platforms = Platforms::new().await;
    let leader = platforms.storage::<Process<1>>();
    let (one, other) = (platforms.on(leader.clone()), platforms.process::<Process<2>>());
    leader.hold_commits(true);
    let appid = platforms.shop.appid().to_owned();
    let leads = tokio::spawn({
        let appid = appid.clone();
        async move { call_for(&one, &appid).await }
    });
    leader.is_committing(1).await;
    // The list is not to be had for now.
    platforms.agency.sim.fault(AUTHORIZER_LIST, Fault::hang());
    let told = AuthorizerToken::new().with_authorized_at(platforms.agency.now());
    let storage = platforms.storage::<Process<0>>();
    storage.save_access_token(&platforms.agency.appid, &appid, told, &()).await.unwrap();
    let waits = tokio::spawn({
        let appid = appid.clone();
        async move { call_for(&other, &appid).await }
    });
    // It shows the old refresh token, which is refused, and asks for the list.
    platforms.agency.sim.arrived(AUTHORIZER_LIST, 1).await;
    leader.hold_commits(false);
    leads.await.unwrap().expect("its refresh token is stored");
    drop(waits.await.unwrap());
    assert_eq!(platforms.refresh_token(), Some(platforms.shop.refresh_token()));
}

/// The record's fence has moved, and the coordinator is down for a moment when that is looked into.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_refresh_token_is_not_dropped_because_the_coordinator_is_down_for_a_moment() {
    let platforms = Platforms::new().await;
    let leader = platforms.storage::<Process<1>>();
    let one = platforms.on(leader.clone());
    leader.hold_commits(true);
    let appid = platforms.shop.appid().to_owned();
    let leads = tokio::spawn({
        let (one, appid) = (one.clone(), appid.clone());
        async move { call_for(&one, &appid).await }
    });
    leader.is_committing(1).await;
    let told = AuthorizerToken::new().with_authorized_at(platforms.agency.now());
    let storage = platforms.storage::<Process<0>>();
    storage.save_access_token(&platforms.agency.appid, &appid, told, &()).await.unwrap();
    leader.fail_begins(true);
    leader.hold_commits(false);
    leads.await.unwrap().unwrap_err();
    leader.fail_begins(false);
    call_for(&one, &appid).await.unwrap();
    assert_eq!(platforms.refresh_token(), Some(platforms.shop.refresh_token()));
    assert_eq!((platforms.agency.calls(AUTHORIZER_TOKEN), platforms.agency.calls(AUTHORIZER_LIST)), (1, 0));
}

/// What an authorization has brought is as young as what a refresh has.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_authorization_has_just_brought_is_not_replaced() {
    let platforms = Platforms::new().await;
    let one = platforms.process::<Process<1>>();
    let appid = platforms.shop.appid();
    let code = platforms.agency.component().authorize(appid).authorization_code().to_owned();
    exchange(&one, &code).await.unwrap();
    platforms.shop.revoke();
    let answer = call_for(&one, appid).await;
    assert_eq!(platforms.agency.calls(AUTHORIZER_TOKEN), 0, "{answer:?}");
}

/// The quota is cleared while some process leads, if only to be told that it is held back.
#[tokio::test(flavor = "multi_thread")]
async fn a_quota_cleared_while_another_leads_ends_the_pause() {
    let world = World::new().await;
    let shared = Shared::new();
    shared.set_secret(&world.appid, SECRET);
    let storage = shared.as_process::<1>();
    let client = world.builder_on(Bound::new(storage.clone(), ())).token(TokenKind::Classic).build().unwrap();
    world.sim.fault("/cgi-bin/token", Fault::errcode(45009).times(1));
    assert_eq!(call(&client).await.unwrap_err().errcode(), Some(45009));
    let slot = Slot::AccessToken { appid: world.appid.clone() };
    let begun = storage.begin(&slot, Duration::from_secs(15)).await.unwrap();
    let Turn::Lead { fence } = begun.turn else { panic!("nobody leads") };
    let before = storage.begins();
    let clears = tokio::spawn({
        let client = client.clone();
        async move { client.post("/cgi-bin/clear_quota/v2").send().await }
    });
    storage.has_begun(before + 1).await;
    // It was held back, as all are.
    storage.abort(&slot, fence, begun.notes.unwrap()).await.unwrap();
    assert_eq!(clears.await.unwrap().unwrap().errcode(), Some(0));
    call(&client).await.expect("the quota is cleared");
}

/// A count is known also to a version that does not know a kind of error.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_a_later_version_takes_no_count_along() {
    let world = World::new().await;
    let shared = Shared::new();
    shared.set_secret(&world.appid, SECRET);
    let settings = RefreshSettings::default();
    let client = world
        .builder_on(Bound::new(shared.as_process::<1>(), ()))
        .token(TokenKind::Classic)
        .refresh(settings)
        .build()
        .unwrap();
    world.sim.fault("/cgi-bin/token", Fault::errcode(40164).times(1));
    call(&client).await.unwrap_err();
    let slot = Slot::AccessToken { appid: world.appid.clone() };
    shared.alter(&slot, |row| {
        let notes = row.notes.take().unwrap();
        let kind = serde_json::from_str::<serde_json::Value>(notes.as_str()).unwrap()["cool_downs"][0]["error"]
            ["kind"]
            .to_string();
        row.notes = Some(notes.as_str().replace(&kind, "\"of_a_later_version\"").into());
    });
    call(&client).await.expect_err("the pause is not over");
    assert_eq!(world.sim.ledger().issued(&world.appid, Line::Classic), 0);
}

/// The coordinator's clock is put forward while a leader's question is on its way, and another's overtakes it. (That all is
/// flushed does the same, where fences go on to grow.)
#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_after_a_refused_commit_is_current_in_the_end() {
    let world = World::new().await;
    let shared = Shared::new();
    shared.set_secret(&world.appid, SECRET);
    let mut settings = RefreshSettings::default();
    settings.lease = Duration::from_millis(1500);
    let on = |storage| {
        let builder = world.builder_on(storage).token(TokenKind::Classic).refresh(settings.clone());
        builder.build().unwrap()
    };
    let one = on(Bound::new(shared.as_process::<1>(), ()));
    let other = on(Bound::new(shared.as_process::<2>(), ()));
    world.sim.fault("/cgi-bin/token", Fault::delay(Duration::from_millis(600)).times(1));
    let slow = tokio::spawn(async move { call(&one).await });
    world.sim.arrived("/cgi-bin/token", 1).await;
    shared.pass(Duration::from_secs(2));
    call(&other).await.unwrap();
    slow.await.unwrap().unwrap();
    // Longer than the lease, after which what is suspect is refreshed.
    tokio::time::sleep(Duration::from_millis(3500)).await;
    let slot = Slot::AccessToken { appid: world.appid.clone() };
    let stored = match shared.row(&slot).record {
        Some(Record::Token(token)) => Some(token.access_token().expose().to_owned()),
        _ => None,
    };
    assert_eq!(stored, world.account().current_token(Line::Classic));
}

/// A lease that was granted to a question without an answer goes to the next one who asks, when nearly over.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_given_a_lease_that_was_granted_before_has_all_of_it() {
    let Some(server) = redis_server::start() else { return };
    let storage =
        || Redis::builder(server.url()).command_timeout(Duration::from_millis(300)).build().unwrap();
    let (one, other) = (storage(), storage());
    let slot = Slot::AccessToken { appid: "wx1".to_owned() };
    let lease = Duration::from_millis(1500);
    // The script is known, and there is a connection.
    let Turn::Lead { fence } = one.begin(&slot, lease).await.unwrap().turn else { panic!("nobody leads") };
    assert!(one.abort(&slot, fence, "".into()).await.unwrap());
    server.freeze();
    one.begin(&slot, lease).await.unwrap_err();
    server.resume();
    let key = "{wechat:1:access_token:wx1}";
    while server.tell::<Option<String>>(&["HGET", key, "lease_end"]).is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(lease - Duration::from_millis(200)).await;
    let began = std::time::Instant::now();
    let turn = one.begin(&slot, lease).await.unwrap().turn;
    assert!(matches!(turn, Turn::Lead { .. }), "{turn:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let turn = other.begin(&slot, lease).await.unwrap().turn;
    assert!(began.elapsed() < lease);
    assert!(matches!(turn, Turn::Wait { .. }), "two lead: {turn:?}");
}

/// A question that is given up by the one who asks, not by the adapter, leaves a lease that nobody is told of.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_granted_to_a_question_that_was_dropped_goes_to_the_next_who_asks() {
    let Some(server) = redis_server::start() else { return };
    let one = Redis::builder(server.url()).build().unwrap();
    let slot = Slot::AccessToken { appid: "wx1".to_owned() };
    let lease = Duration::from_secs(15);
    let Turn::Lead { fence } = one.begin(&slot, lease).await.unwrap().turn else { panic!("nobody leads") };
    assert!(one.abort(&slot, fence, "".into()).await.unwrap());
    server.freeze();
    // As with a `storage_timeout` that is shorter than the `command_timeout`, or a caller's runtime that ends.
    tokio::time::timeout(Duration::from_millis(200), one.begin(&slot, lease)).await.unwrap_err();
    server.resume();
    let key = "{wechat:1:access_token:wx1}";
    while server.tell::<Option<String>>(&["HGET", key, "lease_end"]).is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let turn = one.begin(&slot, lease).await.unwrap().turn;
    assert!(matches!(turn, Turn::Lead { .. }), "{turn:?}");
}

/// A save is done, its answer is lost, and it is asked again when another has led since.
#[tokio::test(flavor = "multi_thread")]
async fn a_save_whose_answer_is_lost_is_not_done_again_over_what_has_come_since() {
    let Some(server) = redis_server::start() else { return };
    let proxy = FaultProxy::to(([127, 0, 0, 1], server.port()).into()).await;
    let authority = format!("127.0.0.1:{}", server.port());
    let through = server.url().replace(&authority, &proxy.address().to_string());
    assert_ne!(through, server.url());
    let storage = |url: String| Redis::builder(url).command_timeout(Duration::from_secs(20)).build().unwrap();
    let (far, near) = (storage(through), storage(server.url()));
    let (component, authorizer) = ("wx1", "wx2");
    let slot = Slot::AuthorizerToken {
        component_appid: component.to_owned(),
        authorizer_appid: authorizer.to_owned(),
    };
    let refresh_token =
        |record: &AuthorizerToken| record.refresh_token().map(|token| token.expose().to_owned());
    let record = |token: &str| AuthorizerToken::new().with_refresh_token(token);
    near.save_access_token(component, authorizer, record("first"), &()).await.unwrap();
    far.save_access_token(component, authorizer, record("first"), &()).await.unwrap();
    proxy.delay(Way::Back, Duration::from_millis(500));
    let saves = tokio::spawn({
        let far = far.clone();
        async move {
            far.save_access_token("wx1", "wx2", AuthorizerToken::new().with_refresh_token("second"), &())
                .await
        }
    });
    while refresh_token(&near.fetch_access_token(component, authorizer, &()).await.unwrap().unwrap())
        != Some("second".to_owned())
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    proxy.cut();
    // Another process refreshes with it, and WeChat replaces it.
    let begun = near.begin(&slot, Duration::from_secs(15)).await.unwrap();
    let (Turn::Lead { fence }, Some(Record::Authorizer(stored))) = (begun.turn, begun.record) else {
        panic!("nobody leads")
    };
    let replaced = Record::Authorizer(record("third").over(Some(stored)));
    assert!(near.commit(&slot, fence, replaced, "".into()).await.unwrap());
    saves.await.unwrap().expect("it was saved");
    let kept = near.fetch_access_token(component, authorizer, &()).await.unwrap().unwrap();
    assert_eq!(refresh_token(&kept).as_deref(), Some("third"));
}

/// A component's quota is cleared, which its accounts' tokens are granted by.
#[tokio::test(flavor = "multi_thread")]
async fn a_components_cleared_quota_ends_its_accounts_pauses() {
    let platforms = Platforms::new().await;
    let client = platforms.process::<Process<1>>();
    platforms.agency.sim.fault(AUTHORIZER_TOKEN, Fault::errcode(45009).times(1));
    assert_eq!(call_for(&client, platforms.shop.appid()).await.unwrap_err().errcode(), Some(45009));
    let cleared = client.post("/cgi-bin/component/clear_quota/v2").send().await.unwrap();
    assert_eq!(cleared.errcode(), Some(0), "{cleared:?}");
    call_for(&client, platforms.shop.appid()).await.expect("the quota is cleared");
}

/// The same, without a coordinator.
#[tokio::test(flavor = "multi_thread")]
async fn a_components_cleared_quota_ends_its_accounts_pauses_in_one_process() {
    let agency = Agency::new().await;
    let client = agency.client();
    let shop = agency.authorizer(&client).await;
    shop.revoke();
    agency.sim.fault(AUTHORIZER_TOKEN, Fault::errcode(45009).times(1));
    assert_eq!(call_for(&client, shop.appid()).await.unwrap_err().errcode(), Some(45009));
    let cleared = client.post("/cgi-bin/component/clear_quota/v2").send().await.unwrap();
    assert_eq!(cleared.errcode(), Some(0), "{cleared:?}");
    call_for(&client, shop.appid()).await.expect("the quota is cleared");
}

/// A store that was not given the newest has an older one than the refused.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_the_refused_one_is_no_answer_also_while_another_leads() {
    let world = World::new().await;
    let clock = world.sim.clock();
    let shared = Shared::by_clock(move || clock.now());
    shared.set_secret(&world.appid, SECRET);
    let (first, storage) = (shared.as_process::<2>(), shared.as_process::<1>());
    let on = |storage| world.builder_on(storage).token(TokenKind::Classic).build().unwrap();
    let (other, one) = (on(Bound::new(first.clone(), ())), on(Bound::new(storage.clone(), ())));
    call(&other).await.unwrap();
    world.pass(60);
    world.account().revoke(Line::Classic);
    storage.fail_commits(true);
    call(&one).await.expect("it has another, which is not stored");
    world.pass(60);
    world.account().revoke(Line::Classic);
    let slot = Slot::AccessToken { appid: world.appid.clone() };
    let begun = first.begin(&slot, Duration::from_secs(15)).await.unwrap();
    let Turn::Lead { fence } = begun.turn else { panic!("nobody leads") };
    let before = storage.begins();
    let waits = tokio::spawn(async move { call(&one).await });
    storage.has_begun(before + 1).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    first.abort(&slot, fence, begun.notes.unwrap_or_default()).await.unwrap();
    waits.await.unwrap().expect("it waits for its turn");
}

/// A refresh waits for a dead leader's lease, and is then slow: its callers have gone, and new ones have come.
#[tokio::test(flavor = "multi_thread")]
async fn who_leads_next_finds_what_a_slow_refresh_has_bought() {
    let platforms = Platforms::new().await;
    let storage = platforms.storage::<Process<0>>();
    storage.alter(&platforms.slot(), |row| {
        row.record = Some(Record::Authorizer(AuthorizerToken::new().with_refresh_token("lost")));
    });
    let mut settings = RefreshSettings::default();
    settings.lease = Duration::from_millis(1500);
    settings.upstream_timeout = Duration::from_millis(400);
    let process = Bound::new(platforms.storage::<Process<1>>(), ());
    let client = platforms.agency.builder_on(process).refresh(settings.clone()).build().unwrap();
    client.fetch_component_access_token().await.unwrap();
    platforms.agency.sim.fault(AUTHORIZER_TOKEN, Fault::delay_after(Duration::from_millis(300)));
    platforms.agency.sim.fault(AUTHORIZER_LIST, Fault::delay(Duration::from_millis(300)));
    // It dies.
    storage.begin(&platforms.slot(), settings.lease).await.unwrap();
    let appid = platforms.shop.appid().to_owned();
    let calls = || {
        let (client, appid) = (client.clone(), appid.clone());
        tokio::spawn(async move { call_for(&client, &appid).await })
    };
    let began = tokio::time::Instant::now();
    let first = calls();
    tokio::time::sleep_until(began + Duration::from_millis(2000)).await;
    let second = calls();
    platforms.agency.processed(AUTHORIZER_TOKEN, 2).await;
    loop {
        let begun = storage.begin(&platforms.slot(), settings.lease).await.unwrap();
        if let Turn::Lead { .. } = begun.turn {
            let Some(Record::Authorizer(record)) = begun.record else { panic!("there is a record") };
            assert_eq!(
                record.refresh_token().map(|token| token.expose().to_owned()),
                Some(platforms.shop.refresh_token())
            );
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    drop((first.await, second.await));
}

/// One process has no way to WeChat, and asks first whenever a pause is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_a_network_keeps_no_other_from_its_token() {
    let world = World::new().await;
    let clock = world.sim.clock();
    let shared = Shared::by_clock(move || clock.now());
    shared.set_secret(&world.appid, SECRET);
    let cut_off = world.builder_on(Bound::new(shared.as_process::<1>(), ()));
    let cut_off = cut_off.token(TokenKind::Classic).base_url("http://127.0.0.1:9").build().unwrap();
    let other = world.builder_on(Bound::new(shared.as_process::<2>(), ())).token(TokenKind::Classic);
    let other = other.build().unwrap();
    let mut failed = 0;
    for _ in 0..10 {
        call(&cut_off).await.unwrap_err();
        failed += usize::from(call(&other).await.is_err());
        world.pass(37);
    }
    assert_eq!(failed, 0, "of ten calls in six minutes");
}

/// A coordinator that refuses what is bought, such as one with a mistake in its SQL.
#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_refuses_each_commit_costs_no_storm() {
    custom!(FenceOfNobody {
        async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
            let begun = rows.change(&slot.name(), |row, now| {
                let begun = row.begin(now, lease);
                row.fence += 1;
                row.leased_until = None;
                begun
            });
            Ok(begun)
        }
    });
    let world = World::new().await;
    let storage: Assembly<FenceOfNobody> = Assembly::of(Arc::<Hall>::default(), None);
    storage.set_secret(&world.appid, SECRET);
    let client = world.builder_on(Bound::new(storage, ())).token(TokenKind::Classic).build().unwrap();
    for _ in 0..10 {
        drop(call(&client).await);
    }
    let issued = world.sim.ledger().issued(&world.appid, Line::Classic);
    assert!(issued <= 10, "{issued} for ten calls");
}

/// Turns are given, and nothing can be stored: the gap and the budget hold nevertheless.
#[tokio::test(flavor = "multi_thread")]
async fn the_gap_holds_also_where_no_commit_succeeds() {
    let world = World::new().await;
    let clock = world.sim.clock();
    let shared = Shared::by_clock(move || clock.now());
    shared.set_secret(&world.appid, SECRET);
    let storage = shared.as_process::<1>();
    let client = world.builder_on(Bound::new(storage.clone(), ())).token(TokenKind::Classic).build().unwrap();
    storage.fail_commits(true);
    let rounds = 20;
    for _ in 0..rounds {
        world.account().revoke(Line::Classic);
        drop(call(&client).await);
        world.pass(16);
    }
    let issued = world.sim.ledger().issued(&world.appid, Line::Classic);
    let most = 2 + rounds * 16 / 30;
    assert!(issued <= most, "{issued} issued in {} s, {most} at most", rounds * 16);
}

/// A user that may not do all of what a script does: what is stored is stored for ever, or is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_is_refused_half_way_leaves_no_refresh_token_that_expires() {
    let rules =
        "on >password ~{wechat:1:* -@all +hget +hmget +hset +hdel +pttl +pexpire +time +eval +evalsha";
    let Some(server) = redis_server::with().user("hub", rules).start() else { return };
    let storage = Redis::builder(server.url_of("hub", "password")).build().unwrap();
    let slot =
        Slot::AuthorizerToken { component_appid: "wx1".to_owned(), authorizer_appid: "wx2".to_owned() };
    let Turn::Lead { fence } = storage.begin(&slot, Duration::from_secs(15)).await.unwrap().turn else {
        panic!("nobody leads")
    };
    let record = Record::Authorizer(AuthorizerToken::new().with_refresh_token("first"));
    let error = storage.commit(&slot, fence, record, "".into()).await.unwrap_err();
    assert!(error.to_string().contains("NOPERM"), "{error}");
    let key = "{wechat:1:authorizer_token:wx1:wx2}";
    let stored: Option<String> = server.tell(&["HGET", key, "record"]);
    let left: i64 = server.tell(&["PTTL", key]);
    assert!(stored.is_none() || left < 0, "it is stored, and expires in {left} ms");
}
