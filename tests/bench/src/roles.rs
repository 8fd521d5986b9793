//! The processes that a scenario starts: this program again, in a role that it is told.

mod accounts;
mod bare;
mod counted;
mod hub;
mod platform;
mod upstream;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;
use wechat_integration_tests::orders::say;
use wechat_integration_tests::process::Process;

pub(crate) use self::accounts::{AccountsSettings, Warmed};
pub(crate) use self::counted::CountedWork;
pub(crate) use self::hub::HubSettings;
pub(crate) use self::platform::{Had, Opened, PlatformOrder, PlatformSettings};
use crate::{ROLE, usage};

/// A platform that does nothing but answer.
pub(crate) const UPSTREAM: &str = "upstream";
/// The platform of the tests.
pub(crate) const PLATFORM: &str = "platform";
/// A hub.
pub(crate) const HUB: &str = "hub";
/// Answers as a hub does.
pub(crate) const BARE: &str = "bare";
/// Makes calls for many accounts.
pub(crate) const ACCOUNTS: &str = "accounts";
/// Makes calls while valgrind counts what they take.
pub(crate) const COUNTED: &str = "counted";

/// What a server is told while it serves.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ServerOrder {
    /// To say how much CPU time it has used: answered with a `Duration`.
    Cpu,
    /// What time it is, in Unix seconds: answered `null`.
    Clock(u64),
}

/// Says where a server listens, on a port that is free.
async fn listening() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    say(&format!("http://{}", listener.local_addr().expect("it listens")));
    listener
}

/// Does what a server is told, until its standard input ends. `set_clock` is told what time it is.
async fn told(mut orders: UnboundedReceiver<ServerOrder>, set_clock: impl Fn(u64)) {
    while let Some(order) = orders.recv().await {
        match order {
            ServerOrder::Cpu => say(&usage::cpu()),
            ServerOrder::Clock(unix) => {
                set_clock(unix);
                say(&());
            }
        }
    }
}

/// Plays a role, until it is over.
pub(crate) fn play(role: &str, told: &[&str]) {
    match (role, told) {
        (UPSTREAM, []) => upstream::serve(),
        (PLATFORM, []) => platform::serve(),
        (HUB, []) => hub::serve(),
        (BARE, []) => bare::serve(),
        (ACCOUNTS, []) => accounts::work(),
        (COUNTED, [work]) => counted::work(serde_json::from_str(work).expect("it is told what to do")),
        _ => panic!("there is no role {role}"),
    }
}

/// Starts a process in this role, and tells it the first thing.
pub(crate) fn start(role: &str, settings: &impl Serialize) -> Process {
    let program = program();
    let mut command = std::process::Command::new(&program);
    command.args(arguments(role));
    Process::start_by(command, &program, settings)
}

/// This program.
pub(crate) fn program() -> String {
    let program = std::env::current_exe().expect("a program knows where it is");
    program.to_str().expect("its path is text").to_owned()
}

/// What it is called with to play a role.
pub(crate) fn arguments(role: &str) -> [&str; 2] {
    [ROLE, role]
}
