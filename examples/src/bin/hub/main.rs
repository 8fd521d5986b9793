//! A hub in a terminal of its own: `cargo run -p wechat-examples --bin hub`.
//!
//! It needs no network and no account, because the platform is simulated in this process. With `WECHAT_APPID` and
//! `WECHAT_SECRET` set it owns the tokens of that account. It prints the command that starts a client in a second
//! terminal, and then what it is asked; `--help` tells the rest.

mod args;
mod store;

use std::fmt::Display;
use std::future::ready;
use std::io::{self, ErrorKind, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::process::ExitCode;

use tokio::net::TcpListener;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use wechat_examples::given;
use wechat_runtime::{hub, wechat_client};
use wechat_simulator::{SimClock, Simulator};

use self::args::{Args, Order};

/// The account on the simulated platform.
const APPID: &str = "wx1f2e3d4c5b6a7988";
const SECRET: &str = "the app secret";

/// The account that the hub is for.
#[wechat_client(adapter_storage = _)]
struct Wechat;

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Order::read() {
        Ok(Order::Print(text)) => say(text),
        Ok(Order::Serve(args)) => serve(args).await,
        Err(trouble) => Err(trouble),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble { message, exit_code }) => {
            // Nobody to tell if even this fails.
            let _ = writeln!(io::stderr(), "hub: {message}");
            ExitCode::from(exit_code)
        }
    }
}

async fn serve(mut args: Args) -> Result<(), Trouble> {
    log();
    // Asked for before the address is printed, so that whoever has read it can end the program.
    let end = end_signal()?;
    let access = args.access()?;
    let listener = listen(args.listen).await?;

    let simulator = if args.account.is_none() { Some(simulate().await?) } else { None };
    if let Some(simulator) = &simulator {
        args.base_url = Some(simulator.base_url().to_owned());
    }
    let (appid, secret) = args.account.take().unwrap_or_else(|| (APPID.to_owned(), SECRET.into()));

    // The hub is a client whose storage has the secret.
    let mut wechat = Wechat::builder(args.store.open(&appid, secret)?).token(args.token);
    if let Some(base_url) = &args.base_url {
        wechat = wechat.base_url(base_url).http(given::http_for(base_url));
    }
    let settings = hub::Settings::new(access).common(&wechat.build()?);
    let guide = guide(&args, &appid, listener.local_addr()?, simulator.is_some());

    let mut serving = pin!(hub::serve(listener, settings, end));
    tokio::select! {
        biased;
        // It says at once if it does not like its settings.
        ended = &mut serving => return Ok(ended?),
        () = ready(()) => say(&guide)?,
    }
    serving.await?;
    if let Some(simulator) = simulator {
        simulator.stop().await;
    }
    say("The hub has ended.\n")
}

async fn simulate() -> Result<Simulator, Trouble> {
    // Its clock runs, as that of a client in another process does.
    let simulator = Simulator::builder().app(APPID, SECRET).clock(SimClock::running());
    simulator.start().await.map_err(Trouble::failed)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Trouble> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Trouble::failed(format!(
            "{address} is taken: end the program that listens there, or give another address by --listen"
        )),
        _ => Trouble::failed(format!("cannot listen on {address} ({error}): give another by --listen")),
    })
}

/// What whoever has started the hub has to know.
fn guide(args: &Args, appid: &str, mut address: SocketAddr, simulated: bool) -> String {
    let mut lines = Vec::new();
    if simulated {
        lines.push("WECHAT_APPID and WECHAT_SECRET are not set: WeChat is simulated here.".to_owned());
    }
    lines.push(format!("The hub of {appid} listens on http://{address} until Ctrl-C. It answers"));
    if args.bearer.is_some() {
        lines.push("  whoever shows the bearer token of HUB_BEARER".to_owned());
    }
    lines.extend(args.unauthenticated_from.iter().map(|network| format!("  everybody in {network}")));
    if args.bearer.is_none() && args.unauthenticated_from.is_empty() {
        lines.push("  everybody on this machine".to_owned());
    }

    if args.store.is_shared() {
        lines.push(
            "Other processes of this hub may be started, each with another --listen and the same --store."
                .to_owned(),
        );
    }
    if address.ip().is_unspecified() {
        // From this machine it is reached by an address of this machine.
        address.set_ip(if address.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        });
    }
    let mut words = vec![format!("HUB_URL=http://{address}")];
    if args.bearer.is_some() {
        words.push(r#"HUB_BEARER="$HUB_BEARER""#.to_owned());
    }
    words.push(format!("WECHAT_APPID={appid}"));
    words.extend(args.base_url.iter().map(|base_url| format!("WECHAT_BASE_URL={base_url}")));
    words.push("cargo run -p wechat-examples --bin hub_client".to_owned());
    let command = words.join(" ");
    lines.push(format!("A client for a second terminal:\n\n  {command}\n\n"));
    lines.join("\n")
}

/// Ends with Ctrl-C, or when the system asks the program to end.
#[cfg(unix)]
fn end_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends with Ctrl-C.
#[cfg(not(unix))]
fn end_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without the signal there is no other end than the system's.
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// Prints what the hub is asked and what it asks of WeChat. No secret is ever in it.
fn log() {
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_target(false);
    let ours = Targets::new().with_target("wechat_runtime", LevelFilter::DEBUG);
    tracing_subscriber::registry().with(lines).with(ours).init();
}

fn say(text: &str) -> Result<(), Trouble> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// Why the program fails: one line that says what to do, and what it exits with.
struct Trouble {
    message: String,
    exit_code: u8,
}

impl Trouble {
    /// The program is not called as it should be.
    fn usage(message: impl Display) -> Self {
        Self { message: format!("{message} (--help tells more)"), exit_code: 2 }
    }

    fn failed(message: impl Display) -> Self {
        Self { message: message.to_string(), exit_code: 1 }
    }
}

impl From<wechat_runtime::Error> for Trouble {
    fn from(error: wechat_runtime::Error) -> Self {
        match error.kind() {
            wechat_runtime::ErrorKind::Configuration => Self::usage(error),
            _ => Self::failed(error),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::failed(error)
    }
}
