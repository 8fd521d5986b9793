//! No token, ticket, secret or bearer token is seen in what a hub and its clients log, in their errors, in a `Debug`, or
//! in an answer to one who may not have it; and no refresh token or verify ticket in any.

#[path = "hub_canaries/components.rs"]
mod components;

use std::fmt::Write as _;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use futures_util::stream;
use http::Request;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wechat_integration_tests::asking::{BEARER, Served, ask, for_old_clients, get, known, open, post, with};
use wechat_integration_tests::seen::{Seen, around, whole};
use wechat_integration_tests::{PATH, SECRET, World, http};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::hub::{self, Access, Peer};
use wechat_runtime::{Bound, Client, Common, RefreshSettings, Secret};
use wechat_simulator::{Fault, Line};

const STABLE: &str = "/cgi-bin/stable_token";
const GETTICKET: &str = "/cgi-bin/ticket/getticket";

const WRONG_BEARER: &str = "canary-wrong-bearer-0123456789";
const STALE: &str = "canary-stale-token";
const ODD: &str = "canary-of-a-body";

/// What was shown to somebody, and what must not be in it.
struct Shown {
    text: String,
    canaries: Vec<String>,
}

impl Shown {
    /// Notes an answer; of a success, all but the one value that was asked for.
    async fn ask(&mut self, router: &Router, request: Request<Body>) -> u16 {
        let answer = ask(router, request).await;
        let mut body = answer.text().to_owned();
        if answer.status == 200 {
            let value = answer.value();
            body = body.replacen(&value, "", 1);
            self.canaries.push(value);
        }
        writeln!(self.text, "{} {:?} {body}", answer.status, answer.headers).unwrap();
        answer.status
    }

    /// Notes how the calls of a hub's client end.
    async fn call(&mut self, client: &Client<Common>) {
        let called = client.get(PATH).send().await;
        let failed = [
            called.err(),
            client.fetch_access_token().await.err(),
            client.refresh_access_token(&Secret::from(STALE)).await.err(),
            client.fetch_ticket("jsapi").await.err(),
        ];
        for error in failed.into_iter().flatten() {
            writeln!(self.text, "{}", whole(&error)).unwrap();
        }
        writeln!(self.text, "{client:?} {:?}", client.fetch_access_token().await).unwrap();
        writeln!(self.text, "{:?}", client.fetch_ticket("jsapi").await).unwrap();
    }
}

fn echo(what: &str) -> String {
    format!(r#"{{"errcode":40013,"errmsg":"you sent {what}"}}"#)
}

/// A hub that repeats whatever it was sent.
async fn parrot() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut sent, mut some) = (String::new(), [0; 4096]);
            while !(sent.ends_with('}') || (sent.starts_with("GET") && sent.ends_with("\r\n\r\n"))) {
                let length = stream.read(&mut some).await.unwrap();
                assert!(length > 0, "a whole request comes");
                sent.push_str(std::str::from_utf8(&some[..length]).unwrap());
            }
            let said = json!({ "errcode": 40013, "message": sent, "reason": sent, "http_status": 200 });
            let said = said.to_string();
            let head =
                format!("HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: {}", said.len());
            stream.write_all(format!("{head}\r\n\r\n{said}").as_bytes()).await.unwrap();
        }
    });
    url
}

/// All of it in one test: the subscriber is the process's.
#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_seen_of_a_hub_or_its_clients() {
    let seen = Seen::begin();
    let world = World::new().await;
    let mut settings = RefreshSettings::default();
    settings.upstream_timeout = Duration::from_millis(100);
    let client = world.builder().http(http().connection_verbose(true)).refresh(settings).build().unwrap();
    let limits = open(&client).body_limit(1000).timeout(Duration::from_millis(200));
    let router = hub::router(limits.clone());
    let mut shown = Shown {
        text: String::new(),
        canaries: [SECRET, BEARER, WRONG_BEARER, STALE, ODD].map(str::to_owned).to_vec(),
    };

    let appid = &world.appid;
    let token = || get(&format!("/client/access_token?appid={appid}"));
    let ticket = || get(&format!("/client/ticket?type=jsapi&appid={appid}"));
    let report = |stale: &str| {
        let body = format!(r#"{{"access_token":"{stale}","appid":"{appid}"}}"#);
        post("/refresh/access_token", body)
    };
    let all = || [token(), ticket(), report(STALE)];

    // Failures of every sort, before there is anything to serve.
    for fault in [
        Fault::errcode(40125),
        Fault::status(502),
        Fault::hang(),
        Fault::drop_before(),
        Fault::truncated_json(),
        Fault::raw(200, "application/json", echo(SECRET)),
        Fault::raw(500, "text/html", SECRET),
        Fault::redirect(format!("/elsewhere?secret={SECRET}")),
    ] {
        world.sim.fault(STABLE, fault);
        for request in all() {
            assert_ne!(shown.ask(&router, known(request)).await, 200);
        }
        world.sim.clear_faults();
        world.pass(1000);
    }
    world.shelf.panic_reads(true);
    for request in all() {
        assert_eq!(shown.ask(&router, known(request)).await, 503);
    }
    world.shelf.panic_reads(false);

    // Successes, and what is refused while there is something that could be told.
    for request in all() {
        assert_eq!(shown.ask(&router, known(request)).await, 200);
    }
    let live = world.shelf.value(appid).unwrap();
    for request in all() {
        assert_eq!(shown.ask(&router, request).await, 401);
    }
    for request in all() {
        let request = with(request, "authorization", &format!("Bearer {WRONG_BEARER}"));
        assert_eq!(shown.ask(&router, request).await, 401);
    }
    let never = Body::from_stream(stream::pending::<std::io::Result<Bytes>>());
    for (request, status) in [
        (known(known(token())), 401),
        (get(&format!("/client/access_token?appid={appid}&access_token={BEARER}")), 401),
        (known(report(&live)), 429),
        (known(get(&format!("/client/access_token?appid=wxnone&secret={ODD}"))), 404),
        (known(get(&format!("/{ODD}?access_token={live}"))), 404),
        (known(get("/refresh/access_token")), 405),
        (known(get(&format!("/client/ticket?appid={appid}&type={ODD}"))), 400),
        (known(post("/refresh/access_token", format!(r#"{{"access_token":"{ODD}"}}"#))), 400),
        (known(post("/refresh/access_token", format!(r#"{{"access_token":"{live}","appid":7}}"#))), 400),
        (known(post("/refresh/access_token", ODD.repeat(100))), 413),
        (known(Request::post("/refresh/access_token").body(never).unwrap()), 408),
    ] {
        assert_eq!(shown.ask(&router, request).await, status);
    }
    world.sim.fault(GETTICKET, Fault::raw(200, "application/json", echo(&live)).times(1));
    let other_ticket = known(get(&format!("/client/ticket?type=wx_card&appid={appid}")));
    assert_eq!(shown.ask(&router, other_ticket).await, 502);
    world.pass(60);
    world.account().revoke(Line::Stable);
    assert_eq!(shown.ask(&router, known(report(&live))).await, 200);

    let of_components = components::show(&mut shown).await;

    // Clients of the hub, known to it and not, and of what is no hub.
    let served = Served::new(limits.clone()).await;
    let mut socket = served.connect().await;
    socket.ask("GET / HTTP/1.1\r\nhost: hub\r\n\r\n").await;
    socket.write(format!("{ODD}\r\n\r\n")).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let verbose = || http().connection_verbose(true);
    for storage in [
        HubClient::new(served.url()).bearer(BEARER),
        HubClient::new(served.url()).bearer(WRONG_BEARER),
        HubClient::new(served.url()),
        HubClient::new(parrot().await).bearer(BEARER),
        HubClient::new(format!("http://{nobody}")).bearer(BEARER),
        HubClient::new(format!("http://user:{BEARER}@hub.internal")),
        HubClient::new(served.url()).bearer(format!("{BEARER}\n")),
        HubClient::new(world.sim.base_url()).bearer(BEARER),
    ] {
        write!(shown.text, "{storage:?} {storage:#?}").unwrap();
        let client = world.builder_on(Bound::new(storage.http(verbose), ())).retries(0).build().unwrap();
        shown.call(&client).await;
        let relay = hub::router(open(&client));
        for request in all() {
            shown.ask(&relay, known(request)).await;
        }
    }
    drop(socket);
    served.stopped().await.unwrap();

    let peer = Peer::by_bearer("shown", BEARER).unwrap();
    write!(shown.text, "{peer:?} {peer:#?}").unwrap();
    let access = Access::new().peer(peer);
    write!(shown.text, "{access:?} {access:#?} {limits:?} {limits:#?} {:?}", for_old_clients(&client))
        .unwrap();
    for wrong in ["canary-short".to_owned(), format!("{BEARER} {ODD}")] {
        let error = Peer::by_bearer("wrong", wrong.as_str()).unwrap_err();
        writeln!(shown.text, "{}", whole(&error)).unwrap();
        shown.canaries.push(wrong);
    }

    let ledger = world.sim.ledger();
    shown.canaries.extend(ledger.issues().iter().map(|issue| issue.value.clone()));
    shown.canaries.extend(ledger.ticket_issues().iter().map(|issue| issue.value.clone()));
    let logged = seen.end();
    for named in [
        "hyper_util",
        "wechat_runtime::hub",
        "a stranger was turned away",
        "not answered",
        "the shelf fell down",
    ] {
        assert!(logged.contains(named), "logs tell what happened, {named} among it");
    }
    for named in [
        &format!("peer=\"tests\" asks=AccessToken appid=\"{appid}\""),
        "HTTP status 429",
        "answered",
        &of_components,
    ] {
        assert!(logged.contains(named), "logs tell who asked for what, {named} among it");
    }
    for canary in &shown.canaries {
        assert!(!logged.contains(canary), "logged: {}", around(&logged, canary));
        assert!(!shown.text.contains(canary), "shown: {}", around(&shown.text, canary));
    }
}
