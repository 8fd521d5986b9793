//! Pushes: what a developer's server receives, and what its answers come to.

pub(crate) mod codec;
mod control;
mod kinds;
mod replies;
pub(crate) mod server;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use wechat_simulator::{Answer, Callback, Push, Pusher, Simulator, Verification};

use crate::support::APPID;
use server::{Behaviour, Received, Server};

pub(crate) const TOKEN: &str = "AAAAA";
pub(crate) const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
pub(crate) const OPENID: &str = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M";

/// A time-out that a server on the same machine meets only by never answering.
const SHORT: Duration = Duration::from_millis(100);

/// A simulator, a server, and what pushes to it.
struct Scene {
    sim: Simulator,
    server: Server,
}

impl Scene {
    async fn start(behaviour: impl Fn(&Received, usize) -> Behaviour + Send + Sync + 'static) -> Self {
        let sim = Simulator::builder().start().await.unwrap();
        Self { sim, server: Server::start(behaviour) }
    }

    fn pusher(&self, callback: impl FnOnce(&str) -> Callback) -> Pusher {
        self.sim.pusher(APPID, callback(&self.server.url)).unwrap()
    }
}

fn plain(url: &str) -> Callback {
    Callback::plain(url, TOKEN)
}

fn encrypted(url: &str) -> Callback {
    Callback::encrypted(url, TOKEN, KEY)
}

fn compat(url: &str) -> Callback {
    Callback::compat(url, TOKEN, KEY)
}

#[tokio::test]
async fn a_text_in_plain_mode_is_a_signed_post_of_the_platform_s_xml() {
    let scene = Scene::start(|_, _| Behaviour::ok("success")).await;
    let pusher = scene.pusher(plain);
    let push = Push::text(OPENID, "a ]]> b").create_time(1_409_735_668).msg_id(6_054_768_590_064_713_728);
    let delivery = pusher.push(push).await;
    assert_eq!((delivery.answer(), delivery.tries()), (&Answer::Success, 1));
    let [received] = &scene.server.received()[..] else { panic!("one request") };
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/wechat"));
    assert_eq!(received.header("content-type"), Some("text/xml"));
    assert_eq!(received.names(), ["signature", "timestamp", "nonce", "openid"]);
    assert_eq!(received.query("openid"), OPENID);
    assert_eq!(received.query("timestamp"), scene.sim.clock().unix().to_string());
    let name = pusher.user_name();
    assert!(name.starts_with("gh_") && name.len() == 15, "{name}");
    let body = format!(
        "<xml><ToUserName><![CDATA[{name}]]></ToUserName>\n<FromUserName><![CDATA[{OPENID}]]></FromUserName>\n\
         <CreateTime>1409735668</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n\
         <Content><![CDATA[a ]]]]><![CDATA[> b]]></Content>\n<MsgId>6054768590064713728</MsgId>\n</xml>"
    );
    assert_eq!(received.body, body);
}

#[tokio::test]
async fn a_push_without_an_answer_is_tried_three_times_with_the_same_message_and_a_fresh_signature() {
    let scene = Scene::start(|_, _| Behaviour::Silence).await;
    let delivery = scene.pusher(|url| plain(url).timeout(SHORT)).push(Push::text(OPENID, "1")).await;
    assert_eq!((delivery.tries(), delivery.answer(), delivery.delivered()), (3, &Answer::NoAnswer, false));
    scene.server.arrived(3).await;
    let received = scene.server.received();
    assert_eq!(received.len(), 3);
    for again in &received[1..] {
        assert_eq!(again.body, received[0].body);
        assert_ne!(again.query("nonce"), received[0].query("nonce"));
        assert_ne!(again.query("signature"), received[0].query("signature"));
    }
}

#[tokio::test]
async fn an_error_of_the_server_s_is_tried_again_until_it_succeeds() {
    let answers = [Behaviour::status(500, "busy"), Behaviour::ok("")];
    let scene = Scene::start(move |_, index| answers[index].clone()).await;
    let delivery = scene.pusher(encrypted).push(Push::text(OPENID, "1")).await;
    let statuses: Vec<_> = delivery.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), Some(200)]);
    assert_eq!(delivery.attempts[0].answer, Answer::Refused { status: 500, body: "busy".to_owned() });
    assert!(delivery.delivered());
    let received = scene.server.received();
    assert_ne!(received[0].body, received[1].body, "16 fresh random bytes");
}

#[tokio::test]
async fn a_handshake_passes_only_with_the_exact_echo() {
    let scene = Scene::start(|request, index| match index {
        0 => Behaviour::ok(request.query("echostr")),
        1 => Behaviour::ok(&format!("{}\n", request.query("echostr"))),
        2 => Behaviour::status(403, "no"),
        _ => Behaviour::Hangup,
    })
    .await;
    let pusher = scene.pusher(plain);
    assert!(pusher.verify().await.passed());
    let received = &scene.server.received()[0];
    assert_eq!(received.method, "GET");
    assert_eq!(received.names(), ["signature", "echostr", "timestamp", "nonce"]);
    let echostr = received.query("echostr");
    assert!(echostr.len() == 19 && echostr.bytes().all(|digit| digit.is_ascii_digit()), "{echostr}");
    let url = pusher.verification_url();
    assert!(
        url.starts_with(&format!("{}?signature=", scene.server.url)) && url.contains("&echostr="),
        "{url}"
    );
    assert!(matches!(pusher.verify().await, Verification::NotEchoed { .. }));
    assert_eq!(pusher.verify().await, Verification::Refused { status: 403, body: "no".to_owned() });
    assert!(matches!(pusher.verify().await, Verification::Unreachable(_)));
    let silent = Scene::start(|_, _| Behaviour::Silence).await;
    assert_eq!(silent.pusher(|url| plain(url).timeout(SHORT)).verify().await, Verification::NoAnswer);
}

#[tokio::test]
async fn dropping_the_simulator_ends_a_push_that_waits() {
    let Scene { sim, server } = Scene::start(|_, _| Behaviour::Silence).await;
    let pusher = sim.pusher(APPID, plain(&server.url)).unwrap();
    let waiting = tokio::spawn({
        let pusher = pusher.clone();
        async move { pusher.push(Push::text(OPENID, "1")).await }
    });
    server.arrived(1).await;
    drop(sim);
    let delivery = timeout(Duration::from_secs(4), waiting).await.expect("the push hangs").unwrap();
    assert!(matches!(delivery.answer(), Answer::Unreachable(_)), "{delivery:?}");
    let later = timeout(Duration::from_secs(4), pusher.push(Push::text(OPENID, "1"))).await.unwrap();
    assert!(matches!(later.answer(), Answer::Unreachable(_)), "{later:?}");
}

#[tokio::test]
async fn two_thousand_pushes_at_once_are_all_answered() {
    let scene = Scene::start(|_, _| Behaviour::ok("success")).await;
    // The server's queue of connections is short, and one that does not fit into it is made again later.
    let pusher = scene.pusher(|url| encrypted(url).timeout(Duration::from_secs(60)));
    let mut callers = JoinSet::new();
    for number in 0..2_000 {
        let pusher = pusher.clone();
        callers.spawn(async move { pusher.push(Push::text(OPENID, number.to_string())).await });
    }
    let deliveries = callers.join_all().await;
    let tries: usize = deliveries.iter().map(wechat_simulator::Delivery::tries).sum();
    assert!(deliveries.iter().all(|delivery| *delivery.answer() == Answer::Success));
    assert_eq!(tries, 2_000, "nothing was tried twice");
    assert_eq!(scene.sim.ledger().pushes().len(), 2_000);
}

#[tokio::test(start_paused = true)]
async fn a_test_s_paused_clock_does_not_hurry_a_push() {
    let scene = Scene::start(|_, _| Behaviour::ok("success")).await;
    assert!(scene.pusher(plain).push(Push::subscribe(OPENID)).await.delivered());
}

#[tokio::test]
async fn a_signed_push_can_be_tampered_with_and_replayed() {
    let scene = Scene::start(|_, _| Behaviour::ok("success")).await;
    let pusher = scene.pusher(encrypted);
    let signed = pusher.sign(&Push::text(OPENID, "1"));
    assert!(scene.server.received().is_empty(), "signing sends nothing");
    let mut tampered = signed.clone();
    tampered.url = signed.url.replace("msg_signature=", "msg_signature=deadbeef");
    tampered.content_type = "text/plain".to_owned();
    tampered.body.push(' ');
    for request in [signed.clone(), signed.clone(), tampered] {
        let attempt = pusher.send(request).await;
        assert_eq!((attempt.status, attempt.answer), (Some(200), Answer::Success));
    }
    let received = scene.server.received();
    assert_eq!(received[0].raw_query, received[1].raw_query);
    assert_eq!(received[0].body, received[1].body);
    assert!(received[2].query("msg_signature").starts_with("deadbeef"));
    assert_eq!(received[2].header("content-type"), Some("text/plain"));
    assert_eq!(received[2].body, format!("{} ", signed.body));
    assert!(signed.plaintext.contains("<Content><![CDATA[1]]></Content>"), "{}", signed.plaintext);
    let mut nowhere = signed;
    nowhere.url = "https://127.0.0.1/".to_owned();
    assert!(matches!(pusher.send(nowhere).await.answer, Answer::Unreachable(_)));
}

#[tokio::test]
async fn what_was_pushed_is_written_down_without_its_content() {
    let answers = [Behaviour::ok("success"), Behaviour::status(500, ""), Behaviour::ok("what")];
    let scene = Scene::start(move |_, index| answers[index].clone()).await;
    let pusher = scene.pusher(encrypted);
    pusher.push(Push::text(OPENID, "1")).await;
    pusher.push(Push::component_verify_ticket("ticket@@@x")).await;
    let ledger = scene.sim.ledger();
    let notes: Vec<_> = ledger
        .pushes()
        .iter()
        .map(|pushed| (pushed.kind.as_str(), pushed.openid.as_deref(), pushed.tries, pushed.outcome))
        .collect();
    let expected =
        [("text", Some(OPENID), 1, "success"), ("component_verify_ticket", None, 2, "not_understood")];
    assert_eq!(notes, expected);
    assert_eq!((ledger.pushes()[0].appid.as_str(), ledger.pushes()[0].at), (APPID, scene.sim.clock().unix()));
    scene.sim.clear_ledger();
    assert!(scene.sim.ledger().pushes().is_empty());
}

#[tokio::test]
async fn the_ledger_keeps_the_newest_pushes() {
    let sim = Simulator::builder().ledger_limit(2).start().await.unwrap();
    let pusher = sim.pusher(APPID, plain("http://127.0.0.1:1/").tries(1)).unwrap();
    for kind in ["a", "b", "c"] {
        pusher.push(Push::event(OPENID, kind)).await;
    }
    let ledger = sim.ledger();
    assert_eq!(ledger.pushes().iter().map(|pushed| pushed.kind.as_str()).collect::<Vec<_>>(), ["b", "c"]);
}

#[tokio::test]
async fn a_slow_server_holds_back_no_more_than_its_share_of_connections() {
    let scene = Scene::start(|request, _| {
        if request.body.contains("unsubscribe") { Behaviour::ok("success") } else { Behaviour::Silence }
    })
    .await;
    let pusher = scene.pusher(|url| plain(url).connections(2).tries(1));
    let mut waiting = JoinSet::new();
    for _ in 0..5 {
        let pusher = pusher.clone();
        waiting.spawn(async move { pusher.push(Push::text(OPENID, "1")).await });
    }
    scene.server.arrived(2).await;
    // Another pusher's request comes through, and no third one of the first's has come before it.
    assert!(scene.pusher(plain).push(Push::unsubscribe(OPENID)).await.delivered());
    assert_eq!(scene.server.received().len(), 3);
}

#[tokio::test]
async fn settings_that_make_no_sense_say_what_is_wrong_and_never_show_a_secret() {
    let sim = Simulator::builder().start().await.unwrap();
    let url = "http://127.0.0.1/";
    let secret = "abcdefghijklmnopqrstuvwxyz";
    let cases = [
        (APPID, Callback::plain("https://host/", TOKEN), "http:// only"),
        (APPID, Callback::plain("host/", TOKEN), "http://"),
        (APPID, Callback::plain(url, ""), "token"),
        ("", Callback::plain(url, TOKEN), "appid"),
        (APPID, Callback::plain(url, TOKEN).component(""), "appid"),
        (APPID, Callback::encrypted(url, TOKEN, secret), "43 characters"),
        (APPID, Callback::compat(url, TOKEN, format!("{KEY}=")), "43 characters"),
        (APPID, Callback::plain(url, TOKEN).tries(0), "at least one"),
        (APPID, Callback::plain(url, TOKEN).connections(0), "at least one"),
    ];
    for (appid, callback, text) in cases {
        let error = sim.pusher(appid, callback).unwrap_err().to_string();
        assert!(error.contains(text), "{text}: {error}");
        assert!(!error.contains(secret), "{error}");
    }
    let callback = Callback::encrypted(url, "a secret token", KEY);
    let pusher = sim.pusher(APPID, callback.clone()).unwrap();
    for shown in [format!("{callback:?}"), format!("{pusher:?}"), format!("{pusher:#?}")] {
        assert!(!shown.contains("a secret token") && !shown.contains(KEY), "{shown}");
    }
}
