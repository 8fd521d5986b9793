//! The command line.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use lexopt::{Arg, Parser, ValueExt};
use wechat_simulator::{App, Component, SimClock};

const HELP: &str = "\
The WeChat platform offline, on 127.0.0.1.

Usage: wechat-simulator [--port PORT] [--app APPID:SECRET]... [--component APPID:SECRET]...
                        [--frozen [UNIX]] [--body-limit BYTES]

  --port PORT               listen on this port (0 takes a free one) [default: 8900]
  --app APPID:SECRET        add an account; may be given several times
  --component APPID:SECRET  add a third-party platform; may be given several times
  --frozen [UNIX]           stand the clock still, now or at this Unix second [default: it runs]
  --body-limit BYTES        read request bodies up to this length [default: 33554432]
  --help                    print this
  --version                 print the version

The program prints `listening on http://127.0.0.1:PORT` and serves until Ctrl-C.
Accounts, third-party platforms, clock, faults and the ledger are under /_sim/ of that address.";

const VERSION: &str = concat!("wechat-simulator ", env!("CARGO_PKG_VERSION"));

/// The port unless one is named.
const PORT: u16 = 8900;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Order {
    Run(Args),
    Print(&'static str),
}

/// How the platform is to be.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) port: u16,
    pub(crate) apps: Vec<App>,
    pub(crate) components: Vec<Component>,
    pub(crate) clock: SimClock,
    pub(crate) body_limit: Option<usize>,
}

/// What is wrong with the command line. It never has a secret in it.
#[derive(Debug)]
pub(crate) struct BadArgs(String);

impl fmt::Display for BadArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<lexopt::Error> for BadArgs {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

impl Args {
    pub(crate) fn parse(mut parser: Parser) -> Result<Order, BadArgs> {
        let mut args = Self {
            port: PORT,
            apps: Vec::new(),
            components: Vec::new(),
            clock: SimClock::running(),
            body_limit: None,
        };
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("port") => args.port = port(&parser.value()?.string()?)?,
                Arg::Long("app") => {
                    let (appid, secret) = credentials("--app", &parser.value()?.string()?)?;
                    args.apps.push(App::new(appid, secret));
                }
                Arg::Long("component") => {
                    let (appid, secret) = credentials("--component", &parser.value()?.string()?)?;
                    args.components.push(Component::new(appid, secret));
                }
                Arg::Long("body-limit") => args.body_limit = Some(body_limit(&parser.value()?.string()?)?),
                Arg::Long("frozen") => args.clock = frozen(&mut parser)?,
                Arg::Short('h') | Arg::Long("help") => return Ok(Order::Print(HELP)),
                Arg::Short('V') | Arg::Long("version") => return Ok(Order::Print(VERSION)),
                // A stray value may be a secret, so it is not repeated.
                Arg::Value(_) => return Err(BadArgs("an argument belongs to no option".into())),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(Order::Run(args))
    }
}

fn port(text: &str) -> Result<u16, BadArgs> {
    text.parse().map_err(|_| BadArgs(format!("--port wants a number from 0 to 65535, not {text:?}")))
}

fn body_limit(text: &str) -> Result<usize, BadArgs> {
    text.parse().map_err(|_| BadArgs(format!("--body-limit wants a number of bytes, not {text:?}")))
}

fn credentials(option: &str, text: &str) -> Result<(String, String), BadArgs> {
    match text.split_once(':') {
        Some((appid, secret)) if !appid.is_empty() && !secret.is_empty() => {
            Ok((appid.to_owned(), secret.to_owned()))
        }
        _ => Err(BadArgs(format!(
            "{option} wants APPID:SECRET, an appid and a secret with a colon between them"
        ))),
    }
}

/// `--frozen`, `--frozen=UNIX`, or `--frozen UNIX`.
fn frozen(parser: &mut Parser) -> Result<SimClock, BadArgs> {
    let attached = parser.optional_value();
    let following = || parser.try_raw_args()?.next_if(|next| !next.to_string_lossy().starts_with('-'));
    let Some(text) = attached.or_else(following) else {
        return Ok(SimClock::frozen());
    };
    let text = text.string()?;
    let unix: u32 = text
        .parse()
        .map_err(|_| BadArgs(format!("--frozen wants a Unix second below 2^32, not {text:?}")))?;
    Ok(SimClock::frozen_at(UNIX_EPOCH + Duration::from_secs(unix.into())))
}
