//! Ten thousand callers at once who have no token yet, or one that has expired, against as many by hand-written reqwest.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use wechat_integration_tests::orders::Told;
use wechat_integration_tests::process::Process;
use wechat_integration_tests::{PATH, http};
use wechat_runtime::adapters::Memory;
use wechat_runtime::wechat_client;

use crate::ceiling::Ceiling;
use crate::report::{Must, Report, Table, whole};
use crate::roles::{self, Had, Opened, PlatformOrder, PlatformSettings};
use crate::rounds::{ROUNDS, median, spread};
use crate::sides::SECRET;

const CALLERS: usize = 10_000;
const CONNECTIONS: usize = 256;
/// How long the platform takes for each call.
const LATENCY: Duration = Duration::from_millis(50);
/// How long a token of the platform's lives, in seconds.
const LIFE: u64 = 7200;
/// How long a caller waits for a connection and for an answer: it is not what is measured.
const PATIENCE: Duration = Duration::from_secs(120);

/// The account of a round: one that nobody has a token of.
fn appid(round: usize) -> String {
    format!("wx1f2e3d4c5b6a{round:04}")
}

fn storage() -> Memory {
    (0..ROUNDS).fold(Memory::new(), |storage, round| storage.with_secret(appid(round), SECRET))
}

#[wechat_client(adapter_storage = storage())]
struct Wechat;

/// What became of the callers of a storm.
struct Storm {
    failures: usize,
    /// From the common beginning to the end of the last caller, in milliseconds.
    slowest: f64,
}

pub(crate) async fn run() -> Report {
    storms(ROUNDS).await
}

/// At most [`ROUNDS`] storms of each kind.
pub(crate) async fn storms(rounds: usize) -> Report {
    let settings = PlatformSettings { appids: (0..rounds).map(appid).collect(), latency: LATENCY };
    let mut platform = roles::start(roles::PLATFORM, &settings);
    let opened: Opened = platform.says().await;
    let clock = Told::new(opened.unix);
    let (mut raw, mut cold, mut expiry) = (Vec::new(), Vec::new(), Vec::new());
    let (mut cold_fetches, mut expiry_fetches, mut connections) = (Vec::new(), Vec::new(), 0_usize);
    for round in 0..rounds {
        let appid = appid(round);
        let had =
            async |platform: &mut Process| -> Had { platform.ask(&PlatformOrder::Had(appid.clone())).await };
        platform.ask::<()>(&PlatformOrder::Anew).await;
        raw.push(by_hand(&opened.base_url, &appid).await);

        platform.ask::<()>(&PlatformOrder::Anew).await;
        let ceiling = Ceiling::of(CONNECTIONS);
        let wechat = client(&opened.base_url, &appid, &clock, &ceiling);
        cold.push(declared(&wechat).await);
        cold_fetches.push(had(&mut platform).await.fetches);

        clock.set(platform.ask(&PlatformOrder::Advance(LIFE)).await);
        expiry.push(declared(&wechat).await);
        ceiling.over();
        let had = had(&mut platform).await;
        expiry_fetches.push(had.fetches);
        connections = connections.max(had.connections);
    }
    assert!(platform.end().await.success(), "the platform ends well");

    let mut report = Report::default();
    let mut table = Table::new(
        &format!("{CALLERS} callers at once, {CONNECTIONS} connections, {} ms a call", LATENCY.as_millis()),
        &["side", "slowest, ms", "spread", "calls for a token", "failures"],
    );
    let median_of = |storms: &[Storm]| median(storms.iter().map(|storm| storm.slowest));
    let failures = |storms: &[Storm]| storms.iter().map(|storm| storm.failures).sum::<usize>();
    let told = |fetches: &[usize]| spread(fetches.iter().map(|&fetches| whole(fetches)), 0);
    for (side, storms, fetches) in [
        ("declared client, no token", &cold, told(&cold_fetches)),
        ("declared client, expired token", &expiry, told(&expiry_fetches)),
        ("reqwest, fixed token", &raw, "-".to_owned()),
    ] {
        table.row([
            side.to_owned(),
            format!("{:.0}", median_of(storms)),
            spread(storms.iter().map(|storm| storm.slowest), 0),
            fetches,
            failures(storms).to_string(),
        ]);
    }
    report.table(table);
    let worst = |fetches: &[usize]| fetches.iter().copied().max().unwrap_or(0);
    report.count("cold_fetches", worst(&cold_fetches), Must::Be(1.0));
    report.count("expiry_fetches", worst(&expiry_fetches), Must::Be(1.0));
    report.count("failures", failures(&cold) + failures(&expiry), Must::Be(0.0));
    let (slowest, raw) = (median_of(&cold).max(median_of(&expiry)), median_of(&raw));
    report.timed("slowest_ms", slowest, Must::StayWithin((raw * 1.2 + 100.0).round()));
    report.timed("raw_ms", raw, Must::Tell);
    report.count("connections", connections, Must::StayWithin(256.0));
    report
}

fn client(base_url: &str, appid: &str, clock: &Told, ceiling: &Ceiling) -> Wechat {
    let clock = clock.clone();
    let built = Wechat::builder()
        .appid(appid)
        .base_url(base_url)
        .clock(move || clock.now())
        .http(http().connector_layer(ceiling.clone()))
        .connect_timeout(PATIENCE)
        .attempt_timeout(PATIENCE)
        .timeout(PATIENCE)
        .build();
    built.expect("the settings are right")
}

async fn declared(wechat: &Wechat) -> Storm {
    storm(|| {
        let wechat = wechat.clone();
        async move {
            let answer = wechat.get(PATH).send().await.and_then(wechat_runtime::Response::error_for_errcode);
            answer.is_ok()
        }
    })
    .await
}

async fn by_hand(base_url: &str, appid: &str) -> Storm {
    let asks = json!({ "grant_type": "client_credential", "appid": appid, "secret": SECRET });
    let plain = http().build().expect("the settings are right");
    let granted = plain.post(format!("{base_url}/cgi-bin/stable_token")).json(&asks).send().await;
    let granted: Value = granted.expect(GRANTS).json().await.expect(GRANTS);
    drop(plain);
    let token = granted["access_token"].as_str().expect(GRANTS).to_owned();

    let ceiling = Ceiling::of(CONNECTIONS);
    let http = http().connector_layer(ceiling.clone()).build().expect("the settings are right");
    let storm = storm(|| {
        let (http, token, base_url) = (http.clone(), token.clone(), base_url.to_owned());
        async move {
            let call = http.get(format!("{base_url}{PATH}?access_token={token}"));
            let Ok(answer) = call.send().await else { return false };
            // An answer that tells of an error tells nothing else.
            answer.bytes().await.is_ok_and(|answer| answer.starts_with(br#"{"ip_list""#))
        }
    })
    .await;
    ceiling.over();
    assert_eq!(storm.failures, 0, "the calls by hand succeed");
    storm
}

const GRANTS: &str = "the platform grants a token";

/// All callers at once.
async fn storm<C>(caller: impl Fn() -> C) -> Storm
where
    C: Future<Output = bool> + Send + 'static,
{
    let began = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let call = caller();
            tokio::spawn(async move { (call.await, began.elapsed()) })
        })
        .collect();
    let ended = join_all(callers).await.into_iter().map(|ended| ended.expect("no caller panics"));
    let mut storm = Storm { failures: 0, slowest: 0.0 };
    for (succeeded, took) in ended {
        storm.failures += usize::from(!succeeded);
        storm.slowest = storm.slowest.max(took.as_secs_f64() * 1e3);
    }
    storm
}
