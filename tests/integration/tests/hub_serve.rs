//! The server for a hub alone: open to nobody by mistake, and at its end it lets go of what it holds.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use wechat_integration_tests::World;
use wechat_integration_tests::asking::{BEARER, LONG, Line, Served, for_old_clients, open};
use wechat_runtime::hub::{self, Access, Peer, Settings};
use wechat_runtime::{Error, ErrorKind};
use wechat_simulator::Fault;

const STABLE: &str = "/cgi-bin/stable_token";
const QUESTION: &str = "GET /client/access_token?appid=wxtest HTTP/1.1\r\nhost: hub\r\n\r\n";

/// No server that has nothing to wait for takes so long to stop.
const SOON: Duration = Duration::from_secs(5);

async fn in_time<T>(limit: Duration, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, work).await.expect("it ends in time")
}

async fn stocked() -> World {
    let world = World::new().await;
    world.shelf.put_value("wxtest", "T1", world.sim.clock().unix());
    world
}

/// Somewhere to listen, or none where this machine has no such address.
async fn listen(address: &str) -> Option<(TcpListener, u16)> {
    let listener = TcpListener::bind(address).await.ok()?;
    let port = listener.local_addr().unwrap().port();
    Some((listener, port))
}

/// Serves until the sender is dropped.
fn serve(
    listener: TcpListener,
    settings: Settings,
) -> (oneshot::Sender<()>, tokio::task::JoinHandle<Result<(), Error>>) {
    let (stop, stopped) = oneshot::channel();
    (stop, tokio::spawn(hub::serve(listener, settings, async { drop(stopped.await) })))
}

#[tokio::test]
async fn a_hub_that_serves_no_application_is_not_served() {
    let (listener, _) = listen("127.0.0.1:0").await.unwrap();
    let settings = Settings::new(Access::new());
    let error = in_time(SOON, hub::serve(listener, settings, std::future::pending())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("by `common`"), "{error}");
}

#[tokio::test]
async fn what_others_can_reach_is_not_served_to_nobody_in_particular() {
    let world = stocked().await;
    for address in ["0.0.0.0:0", "[::]:0"] {
        let Some((listener, _)) = listen(address).await else { continue };
        let settings = Settings::new(Access::new()).common(&world.client());
        let refused = in_time(SOON, hub::serve(listener, settings, std::future::pending())).await;
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        for says in ["access list is empty", "bearer tokens or networks", "`Access`", "127.0.0.1"] {
            assert!(error.to_string().contains(says), "{says} in {error}");
        }
    }
    let (listener, port) = listen("0.0.0.0:0").await.unwrap();
    let (stop, serving) = serve(listener, open(&world.client()));
    let mut line = Line::to(SocketAddr::from(([127, 0, 0, 1], port))).await;
    assert_eq!(line.ask(QUESTION).await.status, 401);
    let known =
        QUESTION.replace("host: hub\r\n", &format!("host: hub\r\nauthorization: Bearer {BEARER}\r\n"));
    assert_eq!(line.ask(known).await.value(), "T1");
    drop(stop);
    in_time(SOON, serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn on_loopback_an_empty_list_lets_in_who_is_on_this_machine() {
    let world = stocked().await;
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let Some((listener, _)) = listen(address).await else { continue };
        let at = listener.local_addr().unwrap();
        let (stop, serving) = serve(listener, Settings::new(Access::new()).common(&world.client()));
        let mut line = Line::to(at).await;
        assert_eq!(line.ask(QUESTION).await.value(), "T1");
        let wrong = QUESTION.replace("host: hub\r\n", "host: hub\r\nauthorization: Bearer wrong\r\n");
        assert_eq!(line.ask(wrong).await.status, 401);
        drop(stop);
        in_time(SOON, serving).await.unwrap().unwrap();
    }
    // A list that is not empty is what counts, here as well.
    let served = Served::new(open(&world.client())).await;
    assert_eq!(served.connect().await.ask(QUESTION).await.status, 401);
}

/// On a socket for both, a client of IPv4 has an address of IPv6.
#[tokio::test]
async fn networks_of_ipv4_are_known_on_a_socket_of_ipv6() {
    let world = stocked().await;
    let Some((listener, port)) = listen("[::]:0").await else { return };
    let ipv4 = SocketAddr::from(([127, 0, 0, 1], port));
    if TcpStream::connect(ipv4).await.is_err() {
        return;
    }
    let access = Access::new().peer(Peer::by_network("here", ["127.0.0.0/8"]).unwrap());
    let (_stop, _serving) = serve(listener, Settings::new(access).common(&world.client()));
    assert_eq!(Line::to(ipv4).await.ask(QUESTION).await.value(), "T1");
}

#[tokio::test]
async fn a_question_under_way_is_answered_and_an_idle_connection_holds_nothing() {
    let world = stocked().await;
    let mut served = Served::new(for_old_clients(&world.client()).timeout(LONG)).await;
    let mut idle = served.connect().await;
    assert_eq!(idle.ask(QUESTION).await.value(), "T1");
    let silent = served.connect().await;
    world.sim.fault(STABLE, Fault::hang());
    let mut asking = served.connect().await;
    asking.write(QUESTION.replace("wxtest", &world.appid)).await;
    world.sim.arrived(STABLE, 1).await;

    let address = served.address;
    served.tell_to_stop();
    assert!(in_time(SOON, idle.closed()).await.is_empty(), "who is idle is sent away at once");
    assert!(in_time(SOON, silent.closed()).await.is_empty());
    world.sim.clear_faults();
    let answer = in_time(SOON, asking.answer()).await.expect("it is answered");
    assert_eq!(Some(answer.value()), world.shelf.value(&world.appid));
    in_time(SOON, served.stopped()).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn it_ends_in_bounded_time_and_cuts_off_what_hangs() {
    let world = stocked().await;
    let settings = for_old_clients(&world.client()).timeout(Duration::from_millis(200));
    let mut served = Served::new(settings).await;
    let mut begun = served.connect().await;
    begun.write(&QUESTION[..QUESTION.len() - 2]).await;
    let mut bodiless = served.connect().await;
    bodiless.write("POST /refresh/access_token HTTP/1.1\r\nhost: hub\r\ncontent-length: 9\r\n\r\n").await;
    // Both have been read: what comes after them is answered.
    assert_eq!(served.connect().await.ask(QUESTION).await.value(), "T1");
    served.tell_to_stop();
    in_time(SOON, served.stopped()).await.unwrap();
    in_time(SOON, begun.closed()).await;
    in_time(SOON, bodiless.closed()).await;
}

#[tokio::test]
async fn a_server_that_is_dropped_leaves_no_connection_behind() {
    let world = stocked().await;
    let (listener, _) = listen("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (_stop, serving) = serve(listener, for_old_clients(&world.client()));
    let mut line = Line::to(at).await;
    let mut begun = Line::to(at).await;
    begun.write("GET /client").await;
    assert_eq!(line.ask(QUESTION).await.value(), "T1");
    serving.abort();
    assert!(serving.await.unwrap_err().is_cancelled());
    in_time(SOON, line.closed()).await;
    in_time(SOON, begun.closed()).await;
    assert!(TcpStream::connect(at).await.is_err());
}

/// On a clock that goes on when nothing else does.
#[tokio::test(start_paused = true)]
async fn who_asks_and_never_reads_is_cut_off() {
    let world = stocked().await;
    let (listener, port) = listen("127.0.0.1:0").await.unwrap();
    let (_stop, _serving) = serve(listener, open(&world.client()));
    let mut stranger = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let questions = QUESTION.repeat(1000);
    let asks_on = async { while stranger.write_all(questions.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(3600), asks_on).await.expect("the connection is ended");
}

#[tokio::test]
async fn heads_that_never_end_hold_nobody_else() {
    let world = stocked().await;
    let served = Served::new(for_old_clients(&world.client())).await;
    let mut slow = Vec::new();
    for number in 0..100 {
        let mut line = served.connect().await;
        line.write(&QUESTION[..number % QUESTION.len()]).await;
        slow.push(line);
    }
    let mut line = served.connect().await;
    for _ in 0..10 {
        assert_eq!(in_time(SOON, line.ask(QUESTION)).await.value(), "T1");
    }
    // And where they end after all, they are answered.
    let mut late = slow.pop().unwrap();
    assert_eq!(in_time(SOON, late.ask(&QUESTION[99 % QUESTION.len()..])).await.value(), "T1");
}

#[tokio::test]
async fn one_connection_may_ask_in_advance_by_http_1_0_and_by_a_whole_address() {
    let world = stocked().await;
    let served = Served::new(for_old_clients(&world.client())).await;
    let mut line = served.connect().await;
    line.write(QUESTION.repeat(5)).await;
    for _ in 0..5 {
        assert_eq!(in_time(SOON, line.answer()).await.unwrap().value(), "T1");
    }
    let whole = QUESTION.replace("GET /", "GET http://hub.internal:4000/");
    assert_eq!(line.ask(whole).await.value(), "T1");
    let old = QUESTION.replace("1.1", "1.0");
    assert_eq!(line.ask(old).await.value(), "T1");
    in_time(SOON, line.closed()).await;
}
