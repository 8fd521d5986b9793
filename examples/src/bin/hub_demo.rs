//! A hub, fifty clients of it and a simulated platform in one process: `cargo run -p wechat-examples --bin hub_demo`.
//!
//! It counts what reached the platform, and fails when that is not what it tells. It needs no network but loopback.

#![allow(clippy::print_stderr, reason = "that is where an error goes")]

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use wechat_examples::show;
use wechat_examples::simulated::{count, on};
use wechat_runtime::adapters::{HubClient, Memory};
use wechat_runtime::hub::{Access, Peer, Settings};
use wechat_runtime::{Common, RequestBuilder, hub, wechat_client};
use wechat_simulator::{Line, Simulator};

const APPID: &str = "wx1f2e3d4c5b6a7988";
const SECRET: &str = "the app secret";

/// How many clients there are. Each has a connection to the hub and one to WeChat, both ends of them are in this
/// process, and some systems let it have 256 files open.
const CLIENTS: usize = 50;

/// What the clients call.
const PATH: &str = "/cgi-bin/getcallbackip";

/// The account, for the hub and for its clients. Where its tokens are kept is said when it is made.
#[wechat_client(appid = APPID, adapter_storage = _)]
struct Wechat;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    match tell().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nhub_demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn tell() -> Outcome {
    let sim = Simulator::builder().app(APPID, SECRET).start().await?;
    let settings = settings(&sim)?;
    let running = RunningHub::start(([127, 0, 0, 1], 0).into(), settings.clone()).await?;
    let address = running.address;
    show::line(format!("A WeChat platform, simulated on {}, and a hub on http://{address}", sim.base_url()));

    // Each client has a bearer token of its own, and so keeps what the hub tells it apart from the others, as a program
    // of its own would.
    let clients: Outcome<Vec<_>> = (0..CLIENTS).map(|number| client(&sim, address, Some(number))).collect();
    let clients = clients?;

    show::step(1, "Fifty clients start, and ask for an account that the hub does not let them have");
    let mut refused = 0;
    // One after the other, because the first question of each makes an HTTP client, which keeps a processor busy.
    for wechat in &clients {
        let error = failure_of(wechat.get(PATH).appid("wx0000000000000000")).await?;
        refused += usize::from(error.http_status() == Some(403));
    }
    count("answered 403", refused, CLIENTS)?;
    count("token fetches", fetches(&sim), 0)?;

    show::step(2, "All at once they call for their own, and none has a token");
    all_call(&clients).await?;
    count("token fetches", fetches(&sim), 1)?;

    show::step(3, "Two hours later the token has expired for all of them");
    sim.clock().advance(Duration::from_secs(7200));
    all_call(&clients).await?;
    count("token fetches", fetches(&sim), 2)?;

    show::step(4, "WeChat revokes the token, hours before its end");
    // A token younger than 30 s would not be replaced.
    sim.clock().advance(Duration::from_secs(60));
    sim.account(APPID).ok_or("the account is there")?.revoke(Line::Stable);
    all_call(&clients).await?;
    count("refused calls", refusals(&sim), CLIENTS)?;
    count("token fetches", fetches(&sim), 3)?;

    show::step(5, "A stranger asks the hub without a bearer token");
    let error = failure_of(client(&sim, address, None)?.get(PATH)).await?;
    count("HTTP status", error.http_status().unwrap_or_default().into(), 401)?;
    show::paragraph(&error.to_string());

    show::step(6, "The hub stops: who has a token goes on calling, and who has none is told");
    running.stop().await?;
    all_call(&clients).await?;
    let newcomer = client(&sim, address, Some(CLIENTS))?;
    let error = failure_of(newcomer.get(PATH)).await?;
    show::paragraph(&error.to_string());

    show::step(7, "The hub is back, and its storage had kept the token");
    let running = RunningHub::start(address, settings).await?;
    all_call(&[newcomer]).await?;
    count("token fetches", fetches(&sim), 3)?;

    running.stop().await?;
    sim.stop().await;
    show::line("\nAll counts are as told. This is examples/src/bin/hub_demo.rs.");
    Ok(())
}

/// What the hub serves, and to whom: the fifty, and one who comes later.
fn settings(sim: &Simulator) -> Outcome<Settings> {
    let mut access = Access::new();
    for number in 0..=CLIENTS {
        access = access.peer(Peer::by_bearer(format!("client {number}"), bearer(number))?.appids([APPID]));
    }
    // The hub is a client whose storage has the secret.
    let wechat = on(sim, Wechat::builder(Memory::new().with_secret(APPID, SECRET))).build()?;
    Ok(Settings::new(access).common(&wechat))
}

/// A client that has no secret, and asks the hub by its bearer token or without one.
fn client(sim: &Simulator, hub: SocketAddr, number: Option<usize>) -> Outcome<Wechat> {
    let storage = HubClient::new(format!("http://{hub}"));
    let storage = match number {
        Some(number) => storage.bearer(bearer(number)),
        None => storage,
    };
    Ok(on(sim, Wechat::builder(storage)).build()?)
}

/// Real ones are chosen at random.
fn bearer(number: usize) -> String {
    format!("bearer-token-of-client-{number}")
}

/// All clients call at once, and all must be answered.
async fn all_call(clients: &[Wechat]) -> Outcome {
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for wechat in clients {
        let wechat = wechat.clone();
        calls.spawn(async move { wechat.get(PATH).send().await?.error_for_errcode() });
    }
    let mut answered = 0;
    while let Some(call) = calls.join_next().await {
        call??;
        answered += 1;
    }
    let all = clients.len();
    show::fact("answered", format!("{answered} of {all}, in {} ms", start.elapsed().as_millis()));
    Ok(())
}

/// Why a call fails that should.
async fn failure_of(call: RequestBuilder<Common>) -> Outcome<wechat_runtime::Error> {
    Ok(call.send().await.err().ok_or("a call was answered that should have failed")?)
}

/// How often the platform was asked for a token.
fn fetches(sim: &Simulator) -> usize {
    sim.ledger().token_calls(APPID)
}

/// How many calls the platform has refused for their token.
fn refusals(sim: &Simulator) -> usize {
    sim.ledger().calls_to(PATH).iter().filter(|call| call.errcode() == Some(40001)).count()
}

/// A hub that serves, until it is stopped.
struct RunningHub {
    address: SocketAddr,
    end: oneshot::Sender<()>,
    served: JoinHandle<Result<(), wechat_runtime::Error>>,
}

impl RunningHub {
    async fn start(address: SocketAddr, settings: Settings) -> Outcome<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (end, ended) = oneshot::channel();
        let served = tokio::spawn(hub::serve(listener, settings, async { drop(ended.await) }));
        Ok(Self { address, end, served })
    }

    /// Lets the questions under way be answered, and ends it.
    async fn stop(self) -> Outcome {
        drop(self.end);
        Ok(self.served.await??)
    }
}
