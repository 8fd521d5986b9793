//! Starting, serving many, and ending.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tokio::task::JoinSet;
use tokio::time::timeout;
use wechat_simulator::{App, Fault, Line, SimClock, Simulator, StartError};

use crate::support::{APPID, Platform, SECRET};

#[tokio::test]
async fn the_clock_is_frozen_at_a_whole_second_and_shared_with_its_clones() {
    let platform = Platform::start().await;
    let clock = platform.clock();
    assert!(clock.is_frozen());
    let since = clock.now().duration_since(UNIX_EPOCH).unwrap();
    assert_eq!(since.subsec_nanos(), 0);
    platform.advance(10);
    assert_eq!(clock.unix(), since.as_secs() + 10);
    clock.set(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    assert_eq!(platform.clock().unix(), 1_700_000_000);
    clock.advance(Duration::MAX);
    assert_eq!(clock.unix(), u64::from(u32::MAX), "the last second that a rid can tell");
}

#[tokio::test]
async fn a_test_can_bring_its_own_clock_and_let_it_run() {
    let clock = SimClock::running();
    let sim = Simulator::builder().clock(clock.clone()).start().await.unwrap();
    let before = clock.now();
    while clock.now() == before {
        tokio::task::yield_now().await;
    }
    sim.clock().freeze();
    assert_eq!(clock.now(), clock.now());
    assert!(clock.is_frozen());
}

#[tokio::test]
async fn ten_thousand_callers_256_at_a_time_are_all_served() {
    let platform = Platform::start().await;
    let token: Arc<str> = platform.classic().await.value.into();
    let url: Arc<str> = platform.url(&format!("/cgi-bin/getcallbackip?access_token={token}")).into();
    let gate = Arc::new(tokio::sync::Semaphore::new(256));
    let mut callers = JoinSet::new();
    for _ in 0..10_000 {
        let (http, url, gate) = (platform.http.clone(), Arc::clone(&url), Arc::clone(&gate));
        callers.spawn(async move {
            let _turn = gate.acquire().await.unwrap();
            let response = http.get(&*url).send().await.unwrap();
            response.text().await.unwrap().starts_with("{\"ip_list\"")
        });
    }
    assert!(callers.join_all().await.into_iter().all(|served| served));
    assert_eq!(platform.sim.ledger().calls_to("/cgi-bin/getcallbackip").len(), 10_000);
}

#[tokio::test]
async fn open_connections_are_counted_and_the_most_of_them_kept() {
    let platform = Platform::start().await;
    let mut streams: Vec<TcpStream> =
        (0..256).map(|_| TcpStream::connect(platform.sim.address()).unwrap()).collect();
    for stream in &mut streams {
        // An answer proves that the connection was accepted.
        stream.write_all(b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        stream.read_exact(&mut [0]).unwrap();
    }
    assert_eq!(platform.sim.open_connections(), 256);
    streams.truncate(6);
    let closed = async {
        while platform.sim.open_connections() > 6 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), closed).await.expect("connections are still open");
    assert_eq!(platform.sim.peak_connections(), 256);
    platform.sim.reset();
    assert_eq!(platform.sim.peak_connections(), 6);
}

#[tokio::test]
async fn dropping_the_simulator_closes_its_port_and_every_connection() {
    let platform = Platform::start().await;
    platform.sim.fault("*", Fault::hang());
    let address = platform.sim.address();
    let held = tokio::spawn(platform.http.get(platform.url("/x")).send());
    platform.sim.arrived("/x", 1).await;
    drop(platform);
    assert!(held.await.unwrap().is_err());
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn stopping_answers_calls_under_way_and_cuts_off_those_that_hang() {
    let Platform { sim, http } = Platform::start().await;
    sim.fault("/hang", Fault::hang());
    let held = tokio::spawn(http.get(format!("{}/hang", sim.base_url())).send());
    sim.arrived("/hang", 1).await;
    timeout(Duration::from_secs(4), sim.stop()).await.expect("a hanging call held the end up");
    assert!(held.await.unwrap().is_err());
}

#[test]
fn the_platform_answers_while_the_test_s_runtime_stands_still() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sim = runtime.block_on(Simulator::builder().app(APPID, SECRET).start()).unwrap();
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    other.block_on(async { Platform::over(sim).classic().await });
}

#[tokio::test]
async fn a_start_that_makes_no_sense_says_why() {
    let twice = Simulator::builder().app(APPID, "a").app(APPID, "b").start().await.unwrap_err();
    assert!(twice.to_string().contains("there is an app wx1f2e3d4c5b6a7988 already"), "{twice}");
    let empty = Simulator::builder().app("", "a").start().await.unwrap_err();
    assert!(matches!(empty, StartError::Setting(_)));
    let sim = Simulator::builder().start().await.unwrap();
    let taken = Simulator::builder().port(sim.address().port()).start().await.unwrap_err();
    assert!(matches!(taken, StartError::Io(_)));
}

#[tokio::test]
async fn a_reset_returns_to_what_was_declared() {
    let platform = Platform::with(App::new(APPID, SECRET).daily_limit("/cgi-bin/token", 1)).await;
    let token = platform.classic().await.value;
    let account = platform.sim.account(APPID).unwrap();
    account.set_secret("another");
    platform.sim.fault("*", Fault::errcode(-1));
    platform.advance(5);
    let unix = platform.clock().unix();
    platform.sim.reset();
    assert_eq!(platform.issued(Line::Classic), 0);
    assert_eq!(platform.clock().unix(), unix);
    assert_eq!(platform.judge(&token).await, 40001);
    platform.classic().await;
}

#[tokio::test]
async fn an_account_can_be_added_while_it_runs() {
    let platform = Platform::over(Simulator::builder().start().await.unwrap());
    assert!(platform.sim.account(APPID).is_none());
    platform.sim.add_app(App::new(APPID, SECRET)).unwrap();
    platform.classic().await;
    assert!(platform.sim.add_app(App::new(APPID, SECRET)).is_err());
}
