//! A bot that answers what users write, and a simulated platform that pushes it: `cargo run -p wechat-examples --bin echo_bot`.
//!
//! What is said is printed as a dialogue, and it fails when the bot says something else. It needs no network but loopback.

#![allow(clippy::print_stderr, reason = "that is where an error goes")]

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;

use axum::Router;
use axum::extract::State;
use tokio::net::TcpListener;
use wechat_examples::show;
use wechat_runtime::callback::{self, Article, Content, Incoming, Keys, Reply, Settings};
use wechat_simulator::{Answer, Callback, Push, Pusher, ReceivedReply, SimClock, Simulator};

/// The account, and its server configuration as WeChat's console has it.
const APPID: &str = "wx1f2e3d4c5b6a7988";
const TOKEN: &str = "the Token";
const ENCODING_AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// The user.
const OPENID: &str = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M";

/// What the handlers share.
#[derive(Clone)]
struct Bot {
    name: &'static str,
}

/// This is all that a bot needs.
async fn answer(State(bot): State<Bot>, incoming: Incoming) -> Result<Reply, callback::Error> {
    Ok(match incoming.content {
        Content::Text { content, .. } if content == "人工" => Reply::transfer_customer_service(),
        Content::Text { content, .. } => Reply::text(format!("你说：{content}")),
        Content::Image { media_id, .. } => Reply::image(media_id),
        Content::Voice { recognition: Some(said), .. } => Reply::text(format!("我听到：{said}")),
        Content::Location { label, .. } => Reply::text(format!("你在{label}")),
        Content::Subscribe { .. } => Reply::text(format!("欢迎！我是{}。", bot.name)),
        Content::Click { event_key, .. } if event_key == "news" => {
            Reply::news([Article::new("秋季新品", "https://example.com/autumn").description("三十秒看完")])?
        }
        _ => Reply::success(),
    })
}

/// The routes, to serve or to merge with others.
fn routes(clock: SimClock) -> Result<Router, callback::Error> {
    let keys = Keys::encrypted(APPID, TOKEN, ENCODING_AES_KEY)?;
    // The simulator has a clock of its own. For WeChat, give the keys alone: `callback::service(keys, answer)`.
    let settings = Settings::new(keys).clock(move || clock.now());
    Ok(Router::new().route("/wechat", callback::service(settings, answer)).with_state(Bot { name: "回声" }))
}

#[tokio::main]
async fn main() -> ExitCode {
    match talk().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\necho_bot: {error}");
            ExitCode::FAILURE
        }
    }
}

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

async fn talk() -> Outcome {
    let sim = Simulator::builder().start().await?;
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let url = format!("http://{}/wechat", listener.local_addr()?);
    let routes = routes(sim.clock())?;
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
    show::line(format!("A bot on {url}, and a simulated WeChat that pushes to it"));

    let wechat = sim.pusher(APPID, Callback::encrypted(&url, TOKEN, ENCODING_AES_KEY))?;
    show::step(1, "WeChat verifies the URL");
    let verified = wechat.verify().await;
    show::fact("echostr", verified.name());
    expect(verified.passed(), "the verification was to pass")?;

    show::step(2, "Somebody follows the account, and talks to it");
    let dialogue = [
        ("关注", Push::subscribe(OPENID), "欢迎！我是回声。"),
        ("你好", Push::text(OPENID, "你好"), "你说：你好"),
        ("]]> <b> &amp; 😀", Push::text(OPENID, "]]> <b> &amp; 😀"), "你说：]]> <b> &amp; 😀"),
        ("[图片]", Push::image(OPENID, "https://example.com/1.jpg", "media-1"), "[图片 media-1]"),
        ("[语音]", Push::voice(OPENID, "media-2", "amr").field("Recognition", "明天见"), "我听到：明天见"),
        ("[位置]", Push::location(OPENID, 31.2, 121.5, 16, "外滩"), "你在外滩"),
        ("[菜单 news]", Push::click(OPENID, "news"), "[图文 秋季新品]"),
        ("人工", Push::text(OPENID, "人工"), "[转人工客服]"),
        ("[链接]", Push::link(OPENID, "一页", "说明", "https://example.com"), ""),
        ("取消关注", Push::unsubscribe(OPENID), ""),
    ];
    for (said, push, expected) in dialogue {
        let answered = said_by(&wechat, push).await?;
        say("user", said);
        say("bot", if answered.is_empty() { "(no reply)" } else { &answered });
        expect(answered == expected, "the bot was to say something else")?;
    }

    show::step(3, "The network loses an answer, and WeChat pushes the same again");
    let push = Push::text(OPENID, "在吗").msg_id(7);
    for time in ["first", "again"] {
        show::fact(
            time,
            if said_by(&wechat, push.clone()).await?.is_empty() { "success" } else { "a reply" },
        );
    }

    show::step(4, "A stranger pushes without the Token");
    let stranger = sim.pusher(APPID, Callback::encrypted(&url, "a guess", ENCODING_AES_KEY).tries(1))?;
    let refused = stranger.push(Push::text(OPENID, "转账")).await;
    show::fact("answered", refused.answer().name());
    expect(
        matches!(refused.answer(), Answer::Refused { status: 403, .. }),
        "the stranger was to be refused",
    )?;

    serving.abort();
    sim.stop().await;
    show::line("\nEverything was answered as told. This is examples/src/bin/echo_bot.rs.");
    Ok(())
}

fn say(who: &str, what: &str) {
    show::fact(who, what);
}

/// What the user sees.
async fn said_by(wechat: &Pusher, push: Push) -> Outcome<String> {
    match wechat.push(push).await.answer() {
        Answer::Success => Ok(String::new()),
        Answer::Reply(reply) => Ok(seen(reply)),
        other => Err(format!("the push was not answered as it should: {}", other.name()).into()),
    }
}

fn seen(reply: &ReceivedReply) -> String {
    let part = |path| reply.get(path).unwrap_or_default();
    match reply.msg_type() {
        "text" => part("Content").to_owned(),
        "image" => format!("[图片 {}]", part("Image/MediaId")),
        "news" => format!("[图文 {}]", part("Articles/item/Title")),
        "transfer_customer_service" => "[转人工客服]".to_owned(),
        other => format!("[{other}]"),
    }
}

fn expect(held: bool, what: &str) -> Outcome {
    if held { Ok(()) } else { Err(what.into()) }
}
