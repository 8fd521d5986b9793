//! No token, secret or body is seen in a log, an error, a panic or a `Debug`, whatever goes wrong.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;
use wechat_integration_tests::seen::{Seen, around, whole};
use wechat_integration_tests::{PATH, SECRET, World, call, http, new_appid};
use wechat_runtime::{AddCard, Error, RefreshSettings, Response, TokenInjection, Upload, UploadFile};
use wechat_simulator::{Fault, Line};

/// All of it in one test: the subscriber is the process's.
#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_seen_anywhere() {
    let seen = Seen::begin();
    let world = World::new().await;
    let mut settings = RefreshSettings::default();
    settings.upstream_timeout = Duration::from_millis(100);
    // A user who asks for wire logs does not get the token in them.
    let builder = || world.builder().http(http().connection_verbose(true)).retries(0);
    let client = builder().refresh(settings).attempt_timeout(Duration::from_millis(100)).build().unwrap();
    let mut canaries = vec![SECRET.to_owned(), "canary-body".to_owned(), "canary-query".to_owned()];
    let mut text = String::new();
    let mut note = |outcome: Result<Response, Error>| match outcome {
        Ok(answer) => writeln!(text, "{answer:?}").unwrap(),
        Err(error) => writeln!(text, "{}", whole(&error)).unwrap(),
    };

    let mut requests = String::new();
    let echo = |what: &str| format!(r#"{{"errcode":40013,"errmsg":"you sent {what}"}}"#);
    let stable = "/cgi-bin/stable_token";
    for (met, fault) in [
        Fault::errcode(40125),
        Fault::status(502),
        Fault::hang(),
        Fault::drop_before(),
        Fault::truncated_body(),
        Fault::truncated_json(),
        Fault::raw(200, "application/json", echo(SECRET)),
        Fault::raw(200, "text/html", SECRET),
        Fault::redirect(format!("/elsewhere?secret={SECRET}")),
        // Last, because the token can be read all the same.
        Fault::non_utf8(),
    ]
    .into_iter()
    .enumerate()
    {
        world.sim.fault(stable, fault.times(1));
        note(call(&client).await);
        assert_eq!(world.asked(), met + 1, "each fault is met");
        world.pass(1000);
    }
    world.sim.clear_faults();
    note(call(&client).await);
    let token = world.shelf.value(&world.appid).unwrap();
    canaries.push(token.clone());
    for fault in [
        Fault::errcode(48001),
        Fault::status(502),
        Fault::hang(),
        Fault::drop_before(),
        Fault::drop_after(),
        Fault::empty(),
        Fault::truncated_body(),
        Fault::raw(200, "application/json", echo(&token)),
        Fault::raw(500, "text/html", token.clone()),
        Fault::redirect(format!("/elsewhere?access_token={token}")),
        Fault::errcode(40001),
    ] {
        world.sim.fault(PATH, fault.times(1));
        let request = client.post(PATH).query(&[("q", "canary-query")]).json(&json!({ "b": "canary-body" }));
        write!(requests, "{request:?}").unwrap();
        let outcome = request.send().await;
        note(outcome.and_then(Response::error_for_errcode));
        world.pass(100);
    }
    note(client.get(format!("http://foreign.example/x?access_token={token}")).send().await);
    note(client.get(format!("{PATH}?access_token={token}#x")).send().await);
    note(client.get(PATH).access_token(token.as_str()).query(&[("access_token", &token)]).send().await);
    note(client.get("/sns/jscode2session").query(&[("js_code", "canary-query")]).send().await);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = builder().base_url(format!("http://{nobody}")).build().unwrap();
    note(nowhere.get(PATH).access_token(token.as_str()).send().await);
    note(nowhere.get(PATH).appid(new_appid()).send().await);
    note(nowhere.get(PATH).send().await);

    // Tickets, and what is signed with them.
    let getticket = "/cgi-bin/ticket/getticket";
    note(call(&client).await);
    let token = world.shelf.value(&world.appid).unwrap();
    world.sim.fault(getticket, Fault::raw(200, "application/json", echo(&token)).times(1));
    note(client.get(getticket).query(&[("type", "jsapi")]).send().await);
    world.pass(100);
    let ticket = client.fetch_ticket("jsapi").await.unwrap();
    canaries.push(ticket.ticket().expose().to_owned());
    let card = AddCard::new("pCard").code("canary-code").openid("canary-openid");
    canaries.extend(["canary-code".to_owned(), "canary-openid".to_owned()]);
    let signing = client.card_signature(card.clone());
    write!(requests, "{card:?} {signing:?} {ticket:?} {:?}", client.jssdk_config("/no page").await).unwrap();
    write!(requests, "{:?}", signing.await.unwrap()).unwrap();
    note(client.get(getticket).query(&[("type", "jsapi")]).send().await);

    // Tokens asked for by name.
    note(client.post(stable).json(&json!({ "secret": SECRET, "force": "canary-body" })).send().await);
    note(client.get("/cgi-bin/token").query(&[("secret", "canary-query")]).send().await);

    // Uploads and downloads.
    let upload = "/cgi-bin/media/upload";
    for fault in [Fault::errcode(48001), Fault::drop_after(), Fault::raw(200, "text/plain", echo(&token))] {
        world.sim.fault(upload, fault.times(1));
        let form = Upload::from(UploadFile::bytes("a.png", "canary-body")).text("type", "canary-body");
        let request = client.post(upload).upload(form);
        write!(requests, "{request:?}").unwrap();
        note(request.send().await.and_then(Response::error_for_errcode));
    }
    let short = UploadFile::reader("a.png", 100, &b"canary-body"[..]);
    note(client.post(upload).upload(short).send().await);
    let picture = world.account().put_media("a.jpg", "image/jpeg", "canary-body");
    let get = || client.get("/cgi-bin/media/get").query(&[("media_id", &picture)]);
    for fault in [Fault::truncated_body(), Fault::raw(200, "image/jpeg", echo(&token)), Fault::drop_before()]
    {
        world.sim.fault("/cgi-bin/media/get", fault.times(1));
        match get().download().await {
            Ok(file) => {
                write!(requests, "{file:?}").unwrap();
                note(Err(file.bytes().await.unwrap_err()));
            }
            Err(error) => note(Err(error)),
        }
    }

    // The middleware, whose stack shows its errors and its responses.
    let stack = reqwest_middleware::ClientBuilder::new(http().connection_verbose(false).build().unwrap())
        .with(TokenInjection::new(&client))
        .build();
    for fault in [Fault::drop_before(), Fault::raw(200, "application/json", echo(&token)), Fault::status(502)]
    {
        world.sim.fault(PATH, fault.times(1));
        let answer = stack.get(format!("{}{PATH}?q=1", world.sim.base_url())).send().await;
        match answer {
            Ok(answer) => write!(requests, "{answer:?}").unwrap(),
            Err(error) => write!(requests, "{error} {error:?} {:?}", error.source()).unwrap(),
        }
    }

    world.account().revoke(Line::Stable);
    world.shelf.panic_reads(true);
    note(call(&client).await);
    world.shelf.panic_reads(false);
    note(call(&client).await);
    canaries.extend(world.sim.ledger().issues().iter().map(|issue| issue.value.clone()));
    write!(text, "{requests} {client:?} {:?}", client.fetch_access_token().await).unwrap();

    let logged = seen.end();
    assert!(logged.contains("hyper_util"), "the subscriber sees other crates' targets");
    assert!(logged.contains("wechat_runtime"), "and ours");
    assert!(logged.contains("the shelf fell down"), "and panics");
    assert!(logged.contains("something else seems to fetch tokens"), "and the warning of a foreign hand");
    for named in ["wechat_call", "wechat_refresh", "cause=\"refused\"", PATH, "answered", "not refreshed"] {
        assert!(logged.contains(named), "logs tell what happened, {named} among it");
    }
    for canary in &canaries {
        assert!(!logged.contains(canary.as_str()), "logged: {}", around(&logged, canary));
        assert!(!text.contains(canary.as_str()), "shown: {}", around(&text, canary));
    }
}
