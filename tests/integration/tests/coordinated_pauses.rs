//! What several processes know of pauses, gaps and budgets: all of them the same, and none more than concerns it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::join_all;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use wechat_integration_tests::assembly::Rows;
use wechat_integration_tests::processes::{Hubs, Platforms};
use wechat_integration_tests::{
    AUTHORIZER_TOKEN, COMPONENT_TOKEN, SECRET, Shared, World, call, call_for, calls_at_once, custom,
};
use wechat_runtime::storage::{self, Begun, Coordinator as _, Slot, Turn};
use wechat_runtime::{Bound, ErrorKind, RefreshSettings, TokenKind};
use wechat_simulator::{Fault, Line};

const TOKEN: &str = "/cgi-bin/token";

#[tokio::test]
async fn the_gap_between_two_refusals_is_that_of_all_processes() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    call(&one).await.unwrap();
    hubs.world.pass(60);
    hubs.world.sim.fault("/cgi-bin/getcallbackip", Fault::errcode(40001).times(3));
    call(&one).await.unwrap_err();
    assert_eq!(hubs.issued(), 2);
    let error = call(&other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRejected, "{error}");
    let wait = error.retry_after().expect("it is known");
    assert!(wait > Duration::from_secs(20) && wait <= Duration::from_secs(30), "{error}");
    assert_eq!(hubs.issued(), 2, "another process has replaced one a moment ago");
    hubs.world.pass(30);
    call(&other).await.unwrap();
    assert_eq!(hubs.issued(), 2);
}

#[tokio::test]
async fn the_days_budget_of_refusals_is_that_of_all_processes() {
    let hubs = Hubs::new().await;
    let settings = || {
        let mut settings = RefreshSettings::default();
        settings.refusals_per_day = 2;
        settings
    };
    let (one, other) = (hubs.with_settings::<1>(settings()), hubs.with_settings::<2>(settings()));
    call(&one).await.unwrap();
    for client in [&one, &other] {
        hubs.world.pass(60);
        hubs.world.account().revoke(Line::Classic);
        call(client).await.unwrap();
    }
    hubs.world.pass(60);
    hubs.world.account().revoke(Line::Classic);
    let error = call(&other).await.unwrap_err();
    assert_eq!((error.kind(), hubs.issued()), (ErrorKind::TokenRejected, 3), "{error}");
    assert!(error.retry_after() > Some(Duration::from_secs(60)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cool_down_costs_one_call_over_all_processes_and_all_are_told_the_same() {
    let hubs = Hubs::new().await;
    let clients = [hubs.process::<1>(), hubs.process::<2>(), hubs.process::<3>(), hubs.process::<4>()];
    hubs.world.sim.fault(TOKEN, Fault::errcode(45009));
    let failed = join_all(clients.iter().map(|client| calls_at_once(10, client))).await.concat();
    assert_eq!((failed.len(), hubs.world.asked()), (40, 1));
    for error in &failed {
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::Quota, Some(45009)), "{error}");
        assert_eq!(error.endpoint(), Some(TOKEN));
        let wait = error.retry_after().expect("it is known");
        assert!(wait > Duration::from_secs(3500) && wait <= Duration::from_secs(3600), "{error}");
    }
    // One probe in an hour, whoever makes it.
    hubs.world.pass(3600);
    join_all(clients.iter().map(call)).await;
    assert_eq!(hubs.world.asked(), 2);

    // Who clears the quota ends the pause of all.
    hubs.world.sim.clear_faults();
    let clear = clients[2].post("/cgi-bin/clear_quota/v2").json(&json!({}));
    clear.send().await.unwrap().error_for_errcode().unwrap();
    join_all(clients.iter().map(call)).await.into_iter().for_each(|called| drop(called.unwrap()));
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test]
async fn another_secret_ends_a_pause_in_the_process_that_has_it_and_in_no_other() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    hubs.shared.set_secret(&hubs.world.appid, "a wrong one");
    for client in [&one, &other] {
        assert_eq!(call(client).await.unwrap_err().errcode(), Some(40125));
    }
    assert_eq!(hubs.world.asked(), 1);
    hubs.shared.set_secret(&hubs.world.appid, SECRET);
    call(&other).await.unwrap();
    assert_eq!(hubs.world.asked(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verify_ticket_that_is_refused_is_shown_by_no_process_again() {
    let platforms = Platforms::cold().await;
    let clients = [platforms.process::<1>(), platforms.process::<2>()];
    platforms.agency.sim.fault(COMPONENT_TOKEN, Fault::errcode(61006));
    for client in &clients {
        let error = client.fetch_component_access_token().await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::VerifyTicket, Some(61006)), "{error}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
    }
    assert_eq!(platforms.agency.calls(COMPONENT_TOKEN), 1);
    platforms.agency.sim.clear_faults();
    platforms.agency.component().issue_verify_ticket();
    platforms.push_ticket().await;
    clients[1].fetch_component_access_token().await.unwrap();
    clients[0].fetch_component_access_token().await.unwrap();
    assert_eq!(platforms.agency.component_issued(), 1);
}

/// The quota is cleared while some process leads, if only to be told that it is held back.
#[tokio::test(flavor = "multi_thread")]
async fn a_quota_cleared_while_another_leads_ends_the_pause() {
    let hubs = Hubs::new().await;
    let (client, storage) = (hubs.process::<1>(), hubs.shared.as_process::<1>());
    hubs.world.sim.fault(TOKEN, Fault::errcode(45009).times(1));
    assert_eq!(call(&client).await.unwrap_err().errcode(), Some(45009));
    let begun = hubs.shared.begin(&hubs.slot(), Duration::from_secs(15)).await.unwrap();
    let Turn::Lead { fence } = begun.turn else { panic!("nobody leads") };
    let before = storage.begins();
    let clears = tokio::spawn({
        let client = client.clone();
        async move { client.post("/cgi-bin/clear_quota/v2").send().await }
    });
    storage.has_begun(before + 1).await;
    // It was held back, as all are.
    hubs.shared.abort(&hubs.slot(), fence, begun.notes.unwrap()).await.unwrap();
    assert_eq!(clears.await.unwrap().unwrap().errcode(), Some(0));
    call(&client).await.expect("the quota is cleared");
}

/// What an account is granted is granted by the component's quota.
#[tokio::test(flavor = "multi_thread")]
async fn a_components_cleared_quota_ends_its_accounts_pauses_in_all_processes() {
    let platforms = Platforms::new().await;
    let (one, other) = (platforms.process::<1>(), platforms.process::<2>());
    platforms.agency.sim.fault(AUTHORIZER_TOKEN, Fault::errcode(45009).times(1));
    for client in [&one, &other] {
        assert_eq!(call_for(client, platforms.shop.appid()).await.unwrap_err().errcode(), Some(45009));
    }
    let cleared = one.post("/cgi-bin/component/clear_quota/v2").send().await.unwrap();
    assert_eq!(cleared.errcode(), Some(0), "{cleared:?}");
    call_for(&other, platforms.shop.appid()).await.expect("the quota is cleared");
}

/// A version that does not know a kind of error knows the count and the pause all the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_a_later_version_takes_no_count_along() {
    let hubs = Hubs::new().await;
    let client = hubs.process::<1>();
    hubs.world.sim.fault(TOKEN, Fault::errcode(40164).times(1));
    call(&client).await.unwrap_err();
    hubs.shared.alter(&hubs.slot(), |row| {
        let notes = row.notes.take().unwrap();
        let mut told: serde_json::Value = serde_json::from_str(notes.as_str()).unwrap();
        told["cool_downs"][0]["error"]["kind"] = "of_a_later_version".into();
        row.notes = Some(told.to_string().into());
    });
    call(&client).await.expect_err("the pause is not over");
    assert_eq!(hubs.issued(), 0);
}

/// One process has no way to WeChat, and asks first whenever a pause is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_a_network_keeps_no_other_from_its_token() {
    let hubs = Hubs::new().await;
    let cut_off = hubs.world.builder_on(Bound::new(hubs.shared.as_process::<1>(), ()));
    let cut_off = cut_off.token(TokenKind::Classic).base_url("http://127.0.0.1:9").build().unwrap();
    let other = hubs.process::<2>();
    for _ in 0..10 {
        let error = call(&cut_off).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
        call(&other).await.expect("it has a network");
        hubs.world.pass(37);
    }
}

/// Leads what comes to this port to the platform, until it is aborted.
async fn lead_to_platform(port: u16, platform: String) -> tokio::task::JoinHandle<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free again");
    tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = TcpStream::connect(&platform).await.expect("the platform is there");
            connections.spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    })
}

/// What a process knew by itself is over when all know better: its pauses do not go on to double after a success.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_has_its_network_back_begins_with_short_pauses_again() {
    let hubs = Hubs::new().await;
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let platform = hubs.world.sim.base_url().trim_start_matches("http://").to_owned();
    let client = hubs.world.builder_on(Bound::new(hubs.shared.as_process::<1>(), ()));
    let client =
        client.token(TokenKind::Classic).base_url(format!("http://127.0.0.1:{port}")).build().unwrap();
    let mut pauses = Vec::new();
    for _ in 0..3 {
        let error = client.fetch_access_token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
        pauses.push(error.retry_after().unwrap());
        hubs.world.pass(37);
    }
    assert!(pauses[2] > 3 * pauses[0], "{pauses:?}");
    let network = lead_to_platform(port, platform).await;
    client.fetch_access_token().await.unwrap();
    network.abort();
    network.await.unwrap_err();
    hubs.world.pass(7201);
    let error = client.fetch_access_token().await.unwrap_err();
    assert!(error.retry_after() < Some(Duration::from_secs(2)), "{error}");
}

custom!(
    /// As a storage does that goes by a clock which is put back: no lease is longer than it was granted for.
    Capped {
        async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
            Ok(rows.change(&slot.name(), |row, now| {
                if row.left(now) > Some(lease) {
                    row.leased_until = Some(now + lease);
                }
                row.begin(now, lease)
            }))
        }
    }
);

/// A coordinator's clock that goes on by itself, and is an hour ahead or behind when a test says so.
#[derive(Clone)]
struct Jumpy {
    began: Instant,
    hours: Arc<AtomicU64>,
}

impl Jumpy {
    fn new() -> Self {
        Self { began: Instant::now(), hours: Arc::new(AtomicU64::new(1)) }
    }

    fn now(&self) -> SystemTime {
        let hours = Duration::from_secs(3600) * u32::try_from(self.hours.load(Ordering::SeqCst)).unwrap();
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_233_600) + hours + self.began.elapsed()
    }

    fn jump(&self, hours: u64) {
        self.hours.store(hours, Ordering::SeqCst);
    }
}

async fn hubs_by(clock: &Jumpy) -> Hubs {
    let clock = clock.clone();
    Hubs::on(World::new().await, Shared::by_clock(move || clock.now()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_an_hour_back_leaves_nobody_waiting_longer_than_a_lease() {
    let clock = Jumpy::new();
    let hubs = hubs_by(&clock).await;
    let mut settings = RefreshSettings::default();
    settings.lease = Duration::from_secs(1);
    let client = hubs.client(hubs.shared.as_custom::<Capped>(), settings.clone());
    // It dies.
    hubs.shared.begin(&hubs.slot(), settings.lease).await.unwrap();
    clock.jump(0);
    let began = Instant::now();
    call(&client).await.expect("it has its turn when the lease is over");
    assert!(began.elapsed() < 2 * settings.lease + Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_back_and_forth_costs_no_storm() {
    let clock = Jumpy::new();
    let hubs = hubs_by(&clock).await;
    let settings = RefreshSettings::default;
    let clients = [
        hubs.client(hubs.shared.as_custom::<Capped>(), settings()),
        hubs.process::<1>(),
        hubs.process::<2>(),
    ];
    let jumps = [2, 0, 1, 0, 2, 1];
    for hours in jumps {
        clock.jump(hours);
        for _ in 0..3 {
            hubs.world.account().revoke(Line::Classic);
            let failed = join_all(clients.iter().map(|client| calls_at_once(5, client))).await.concat();
            assert!(failed.iter().all(|error| error.kind() == ErrorKind::TokenRejected), "{failed:?}");
        }
    }
    // Where the clock says that an hour has passed, a gap is over.
    assert!(hubs.issued() <= 1 + jumps.len(), "{} issued", hubs.issued());
}

/// A pause that began at a time which the clock has not reached again begins anew, and is as long as ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_no_longer_where_the_clock_was_put_back() {
    let clock = Jumpy::new();
    let hubs = hubs_by(&clock).await;
    let mut settings = RefreshSettings::default();
    settings.gap = Duration::from_secs(1);
    let client = hubs.with_settings::<1>(settings.clone());
    call(&client).await.unwrap();
    clock.jump(0);
    hubs.world.account().revoke(Line::Classic);
    let error = call(&client).await.unwrap_err();
    assert_eq!((error.kind(), hubs.issued()), (ErrorKind::TokenRejected, 1), "{error}");
    assert!(error.retry_after() <= Some(settings.gap), "{error}");
    hubs.shared.pass(settings.gap);
    hubs.world.pass(1);
    call(&client).await.expect("the gap is over");
    assert_eq!(hubs.issued(), 2);
}
