//! A component application (third-party platform) that acts for two accounts, and a simulated platform that pushes it:
//! `cargo run -p wechat-examples --bin component`.
//!
//! It counts what reached the platform, and fails when that is not what it tells. It needs no network but loopback.

#![allow(clippy::print_stderr, reason = "that is where an error goes")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wechat_examples::show;
use wechat_examples::simulated::{count, on};
use wechat_runtime::adapters::Memory;
use wechat_runtime::callback::{self, Keys, Settings};
use wechat_runtime::{Call, ErrorKind, wechat_client};
use wechat_simulator::{Answer, Callback, Component, ComponentAccount, Delivery, Simulator};

/// The component, and its configuration as WeChat's console has it.
const COMPONENT: &str = "wx3e0f8a7c5d2b1946";
const SECRET: &str = "the component's secret";
const TOKEN: &str = "the Token";
const ENCODING_AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// Two accounts of other people, and one of our own, which has nothing to do with the component.
const BOOKSHOP: &str = "wx1a2b3c4d5e6f7081";
const TEAHOUSE: &str = "wx9f8e7d6c5b4a3928";
const OWN: &str = "wx1f2e3d4c5b6a7988";
const OWN_SECRET: &str = "the app secret";

/// The component. Where its tokens, and those of the accounts, are kept is said when it is made.
#[wechat_client(component, appid = COMPONENT, adapter_storage = _)]
struct Platform;

/// Our own account, as a common application.
#[wechat_client(appid = OWN, adapter_storage = Memory::new().with_secret(OWN, OWN_SECRET))]
struct OwnAccount;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// How many users follow an account: of whatever kind of application, by whatever token.
async fn followers(wechat: &impl Call) -> Result<u64, wechat_runtime::Error> {
    Ok(wechat.get("/cgi-bin/user/get").send().await?.value()?["total"].as_u64().unwrap_or_default())
}

#[tokio::main]
async fn main() -> ExitCode {
    match tell().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\ncomponent: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn tell() -> Outcome {
    let component = Component::new(COMPONENT, SECRET);
    let sim = Simulator::builder().app(OWN, OWN_SECRET).with_component(component).start().await?;
    let wechat = sim.component(COMPONENT).ok_or("the component is there")?;
    let running = Running::start(&sim, &wechat).await?;
    let platform = &running.platform;
    show::line(format!(
        "A WeChat platform, simulated on {}, and a component on {}",
        sim.base_url(),
        running.url
    ));

    show::step(1, "WeChat pushes a verify ticket, without which there is no token for the component");
    let error = platform.fetch_component_access_token().await.err().ok_or("there is no ticket yet")?;
    show::paragraph(&error.to_string());
    delivered(&wechat.push_verify_ticket().await)?;
    platform.fetch_component_access_token().await?;
    count("component tokens", sim.ledger().component_issued(COMPONENT), 1)?;

    show::step(2, "Two accounts authorize the component on WeChat's page, and the events bring their codes");
    let link = platform.preauth_url("https://platform.example/authorized").await?;
    let (page, _) = link.as_str().split_once('?').ok_or("the link has a query")?;
    show::fact("the page", page);
    for appid in [BOOKSHOP, TEAHOUSE] {
        delivered(&wechat.authorize_and_push(appid).await)?;
    }
    count("codes exchanged", calls(&sim, "api_query_auth"), 2)?;

    show::step(3, "One function counts followers, for both of them and for an account of our own");
    let own = on(&sim, OwnAccount::builder()).build()?;
    let (bookshop, teahouse) = (platform.authorizer(BOOKSHOP), platform.authorizer(TEAHOUSE));
    show::fact("the bookshop", followers(&bookshop).await?);
    show::fact("the tea house", followers(&teahouse).await?);
    show::fact("our own", followers(&own).await?);
    count("tokens refreshed", calls(&sim, "api_authorizer_token"), 0)?;

    show::step(4, "Two hours later every token has expired, and twenty callers find out at once");
    pass(&sim, &wechat).await;
    let callers = (0..20).map(|number| {
        let account = if number % 2 == 0 { bookshop.clone() } else { teahouse.clone() };
        tokio::spawn(async move { followers(&account).await })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await??;
    }
    count("component tokens", sim.ledger().component_issued(COMPONENT), 2)?;
    count("tokens refreshed", calls(&sim, "api_authorizer_token"), 2)?;

    show::step(5, "The process starts anew, and its memory is empty: the refresh tokens are lost");
    let running = running.restart(&sim, &wechat).await?;
    let platform = &running.platform;
    let (bookshop, teahouse) = (platform.authorizer(BOOKSHOP), platform.authorizer(TEAHOUSE));
    delivered(&wechat.push_verify_ticket().await)?;
    show::fact("the bookshop", followers(&bookshop).await?);
    show::fact("the tea house", followers(&teahouse).await?);
    show::note("They are in WeChat's list of authorizers. A durable storage need not look there.");
    count("lists read", calls(&sim, "api_get_authorizer_list"), 1)?;

    show::step(6, "The tea house takes its authorization back");
    // Events carry whole seconds, and of the same one an authorization counts.
    sim.clock().advance(Duration::from_secs(60));
    delivered(&wechat.cancel_and_push(TEAHOUSE).await)?;
    let before = sim.ledger().calls().count();
    let error = followers(&teahouse).await.err().ok_or("it has authorized nobody")?;
    if error.kind() != ErrorKind::ReauthorizationRequired {
        return Err(error.into());
    }
    show::paragraph(&error.to_string());
    count("calls to WeChat", sim.ledger().calls().count() - before, 0)?;
    show::fact("the bookshop", followers(&bookshop).await?);

    running.stop();
    sim.stop().await;
    show::line("\nAll counts are as told. This is examples/src/bin/component.rs.");
    Ok(())
}

/// Lets two hours pass, in which WeChat goes on pushing tickets.
async fn pass(sim: &Simulator, wechat: &ComponentAccount) {
    sim.clock().advance(Duration::from_secs(7200));
    wechat.settled().await;
}

/// How often a path below `/cgi-bin/component/` was called.
fn calls(sim: &Simulator, name: &str) -> usize {
    sim.ledger().calls_to(&format!("/cgi-bin/component/{name}")).len()
}

fn delivered(delivery: &Delivery) -> Outcome {
    if *delivery.answer() == Answer::Success {
        Ok(())
    } else {
        Err(format!("a push was not taken: {delivery:?}").into())
    }
}

/// The component's process: its client, and the service that WeChat pushes to.
struct Running {
    platform: Platform,
    url: String,
    served: JoinHandle<std::io::Result<()>>,
}

impl Running {
    async fn start(sim: &Simulator, wechat: &ComponentAccount) -> Outcome<Self> {
        let platform = on(sim, Platform::builder(Memory::new().with_secret(COMPONENT, SECRET))).build()?;
        let keys = Keys::encrypted(COMPONENT, TOKEN, ENCODING_AES_KEY)?;
        // The simulator has a clock of its own. For WeChat, give the keys alone.
        let clock = sim.clock();
        let settings = Settings::new(keys).clock(move || clock.now());
        // The client itself keeps what WeChat pushes: tickets, and who authorizes it.
        let events = callback::component_service(settings, platform.clone());
        let router = Router::new().route("/wechat/events", events);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/wechat/events", listener.local_addr()?);
        let served = tokio::spawn(async move { axum::serve(listener, router).await });
        wechat.set_callback(Callback::encrypted(&*url, TOKEN, ENCODING_AES_KEY));
        Ok(Self { platform, url, served })
    }

    async fn restart(self, sim: &Simulator, wechat: &ComponentAccount) -> Outcome<Self> {
        self.stop();
        Self::start(sim, wechat).await
    }

    fn stop(&self) {
        self.served.abort();
    }
}
