//! What a test tells the processes that it spawns, and what they answer: a line of JSON each.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use wechat_runtime::Error;

/// What a hub's process is told first; it answers with its URL.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HubSettings {
    /// Where the platform is.
    pub base_url: String,
    /// The secrets that its storage has, by their appids.
    pub secrets: BTreeMap<String, String>,
    /// The verify tickets of the component applications that it has, by their appids.
    pub verify_tickets: BTreeMap<String, String>,
    /// Where it listens on 127.0.0.1; it looks for a free port where it is told none.
    pub port: Option<u16>,
    /// What time it is, in Unix seconds.
    pub unix: u64,
    /// How many seconds its own clock is ahead of that, or behind.
    pub off_by: i64,
    /// Whether a common application's token is a classic one.
    pub classic: bool,
    pub store: Store,
    pub refresh: Refresh,
}

/// Where a hub's storage keeps everything.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Store {
    #[default]
    Memory,
    Redis {
        url: String,
        prefix: String,
        /// How long one command may take.
        command_timeout: Duration,
    },
}

/// The numbers of refreshing that are not the defaults: those of `RefreshSettings`, and of its cool-downs.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Refresh {
    pub lease: Option<Duration>,
    pub upstream_timeout: Option<Duration>,
    pub storage_timeout: Option<Duration>,
    pub gap: Option<Duration>,
    pub background_pause: Option<Duration>,
    /// The first pause, and the longest.
    pub transient: Option<Duration>,
    /// The first pause, and the longest.
    pub address: Option<Duration>,
    pub quota_probe: Option<Duration>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum HubOrder {
    /// What time it is, in Unix seconds: answered `null`.
    Clock(u64),
    /// What it has been asked until now: answered [`Asked`].
    Asked,
    /// To begin something by callers of its own: answered `null`, when all of them have begun.
    Begin(Work),
    /// To drop what so many callers are waiting for, who began before all others: answered `null`, when it is done.
    Cancel(usize),
    /// To wait until all work is done that has begun: answered [`Tally`].
    Rest,
    /// To keep a component's verify ticket: answered whether it is kept.
    VerifyTicket { component: String, ticket: String },
    /// What it has warned of until now: answered as a list of lines.
    Warnings,
    /// To stop as a hub does: answered `null`, and the process ends when it has stopped.
    Stop,
}

/// What some callers in a hub's process do, all at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Work {
    /// The application's appid.
    pub appid: String,
    /// The account that they call for, where `appid` is a component's.
    pub authorizer: Option<String>,
    pub does: Does,
    pub callers: usize,
    /// How long each is ready to wait.
    pub within: Duration,
}

/// What one caller does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Does {
    /// Looks at the token.
    Token,
    /// Says that this token is no good.
    Report(String),
    /// Makes a plain call.
    Call,
    /// Posts this to a path.
    Post(String, serde_json::Value),
    /// Exchanges an authorization for the account's tokens.
    Exchange(String),
}

/// What a keeper of tickets is told first; it answers with its URL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeeperSettings {
    /// The component application's appid. Its `Token` and key are those of all tests.
    pub appid: String,
    /// The file in which the ticket is kept.
    pub file: PathBuf,
    /// What time it is, in Unix seconds.
    pub unix: u64,
}

/// What a keeper of authorizers is told first; it answers with what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthorizerSettings {
    /// Where the platform is.
    pub base_url: String,
    pub component: String,
    /// The account that is called for.
    pub authorizer: String,
    /// What is exchanged for the account's tokens, in place of a call.
    pub code: Option<String>,
    /// The file in which everything is kept.
    pub file: PathBuf,
    /// Whether the save of an authorizer begins and does not end: it says so.
    pub never_saves: bool,
    /// What time it is, in Unix seconds.
    pub unix: u64,
}

/// What a keeper of a file of redb's is told first; it answers `Result<(), Trouble>` when it has opened the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RedbSettings {
    pub file: PathBuf,
    /// How many accounts save one refresh token after the other, without end; it then says [`RedbSaved`] of each.
    pub accounts: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum RedbOrder {
    /// To call: answered `Result<(), Trouble>`.
    Call(RedbCall),
    /// To save this refresh token: answered `Result<(), Trouble>`.
    Save(RedbSaved),
    /// What is kept of an account: answered `Result<Option<RedbSaved>, Trouble>`.
    Kept(u64),
    /// To take all the room that there is on the disk: answered `null`.
    Fill,
    /// To give that room back: answered `null`.
    GiveBack,
    /// To close the file, and open it again: answered `Result<(), Trouble>`.
    Reopen,
}

/// A call by a client whose storage is the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RedbCall {
    /// Where the platform is.
    pub base_url: String,
    /// What time it is, in Unix seconds.
    pub unix: u64,
    /// The application's, whose secret is that of all tests.
    pub appid: String,
    /// The account that is called for, where `appid` is a component's.
    pub authorizer: Option<String>,
    /// What is kept before the call: the component's verify ticket, and what is exchanged for the account's tokens.
    pub first: Option<(String, String)>,
}

/// The refresh token of an account that was saved: which one after the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedbSaved {
    pub account: u64,
    pub number: u64,
}

/// An error, as a process says it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trouble {
    /// All of it, as `Display` and as `Debug` have it.
    pub said: String,
}

impl<E: std::fmt::Display + std::fmt::Debug> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self { said: format!("{error}\n{error:?}") }
    }
}

/// How many questions a hub has answered or refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub tokens: usize,
    /// Those that report a token as no good.
    pub reports: usize,
    pub tickets: usize,
    /// Those for a component's own token.
    pub component_tokens: usize,
    /// Those that report a component's own token as no good.
    pub component_reports: usize,
}

/// What a process of callers is told first; it answers `null`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallerSettings {
    /// Where the hub is.
    pub hub: String,
    /// Where the platform is.
    pub base_url: String,
    pub appid: String,
    /// The account that they call for, where `appid` is a component's.
    pub authorizer: Option<String>,
    /// What time it is, in Unix seconds.
    pub unix: u64,
    pub clients: usize,
    pub bindings: Bindings,
}

/// What the clients of a process have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bindings {
    /// One binding, by its name.
    Shared,
    /// Nothing: each has a binding of its own, and keeps no connection that it does not use.
    Own,
    /// Nothing: each has a binding and connections of its own.
    OwnConnected,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum CallerOrder {
    /// What time it is, in Unix seconds: answered `null`.
    Clock(u64),
    /// Each client does this so many times, all at once: answered [`Tally`].
    Each(Act, usize),
    /// Each client calls again and again from now on: answered `null`.
    Load,
    /// Waits until each client has ended so many calls that it began after this order: answered with their [`Tally`].
    Ended(usize),
    /// As [`Ended`](Self::Ended), where only calls count that succeeded.
    Succeeded(usize),
    /// To end the load: answered with the [`Tally`] of all its calls.
    Rest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Looks at its token.
    Token,
    /// Makes a plain call.
    Call,
    /// Makes a plain call that brings a client of the hub of its own.
    CallWithOwnStorage,
    /// Asks for a ticket, through a client of the hub that the call brings.
    TicketWithOwnStorage,
}

/// What became of calls.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    pub succeeded: usize,
    /// How many failed, by the kind of the error.
    pub failed: BTreeMap<String, usize>,
    /// What the last of them said.
    pub said: Option<String>,
    pub longest: Duration,
    /// The tokens that were told.
    pub tokens: BTreeSet<String>,
    /// How many of those that failed were told when it is worth asking again, and the longest of these times.
    pub told_when: usize,
    pub retry_after: Option<Duration>,
}

impl Tally {
    pub fn count(&mut self, outcome: Result<(), Error>, took: Duration) {
        self.longest = self.longest.max(took);
        match outcome {
            Ok(()) => self.succeeded += 1,
            Err(error) => {
                *self.failed.entry(format!("{:?}", error.kind())).or_default() += 1;
                self.told_when += usize::from(error.retry_after().is_some());
                self.retry_after = self.retry_after.max(error.retry_after());
                self.said = Some(error.to_string());
            }
        }
    }

    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.succeeded += other.succeeded;
        for (kind, count) in other.failed {
            *self.failed.entry(kind).or_default() += count;
        }
        self.tokens.extend(other.tokens);
        self.told_when += other.told_when;
        let retry_after = self.retry_after.max(other.retry_after);
        let longest = self.longest.max(other.longest);
        Self { said: self.said.or(other.said), longest, retry_after, ..self }
    }

    /// How many failed, of whatever kind.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failed.values().sum()
    }
}

/// The orders that come to this process; the first line is what it is told first.
///
/// The process ends with its standard input, whatever it is doing: then nobody is there any more who would end it.
pub fn orders<S, O>() -> (S, mpsc::UnboundedReceiver<O>)
where
    S: DeserializeOwned,
    O: DeserializeOwned + Send + 'static,
{
    let mut lines = BufReader::new(std::io::stdin()).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_else(|| std::process::exit(0));
    let settings = serde_json::from_str(&first).expect("the first line is what the process is told first");
    let (tx, orders) = mpsc::unbounded_channel();
    // A thread of its own: a read of standard input cannot be given up, and a runtime would wait for it.
    std::thread::spawn(move || {
        for line in lines {
            match serde_json::from_str(&line) {
                // Where nobody takes orders any more, the process is ending.
                Ok(order) => drop(tx.send(order)),
                Err(error) => {
                    let _ = writeln!(std::io::stderr(), "no such order: {line}: {error}");
                    std::process::exit(1);
                }
            }
        }
        std::process::exit(0);
    });
    (settings, orders)
}

/// Says something to the test.
pub fn say(answer: &impl Serialize) {
    let line = serde_json::to_string(answer).expect("it can be written as JSON");
    let mut out = std::io::stdout().lock();
    // Where nobody listens any more, standard input has ended, too.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The clock of a process: it shows what it is told.
#[derive(Clone)]
pub struct Told(Arc<AtomicU64>);

impl Told {
    pub fn new(unix: u64) -> Self {
        Self(Arc::new(AtomicU64::new(unix)))
    }

    pub fn set(&self, unix: u64) {
        self.0.store(unix, Ordering::SeqCst);
    }

    pub fn unix(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    pub fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.unix())
    }
}
