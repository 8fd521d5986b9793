//! What the command line and the environment ask for.

use std::net::SocketAddr;

use lexopt::{Arg, Parser, ValueExt};
use wechat_examples::given;
use wechat_runtime::hub::{Access, Peer};
use wechat_runtime::{Secret, TokenKind};

use crate::Trouble;
use crate::store::Store;

const HELP: &str = "\
A hub over HTTP: it owns the tokens of an account, and other programs ask it.

Usage: hub [--listen ADDRESS] [--store STORE] [--unauthenticated-from NETWORK]... [--token KIND] [--base-url URL]

  --listen ADDRESS                listen here (port 0 takes a free one) [default: 127.0.0.1:4000]
  --store STORE                   where its tokens are kept: memory, redb:PATH (a file, made where there is none), or
                                  a URL such as redis://127.0.0.1:6379, which several processes of the hub may share
                                  [default: memory]
  --unauthenticated-from NETWORK  let everybody in this network ask, such as 10.1.0.0/16: for clients
                                  that cannot authenticate; may be given several times
  --token KIND                    stable or classic: WeChat's two kinds of access token [default: stable]
  --base-url URL                  where WeChat's API is [default: https://api.weixin.qq.com]
  --help                          print this

In the environment:

  WECHAT_APPID, WECHAT_SECRET     the account; without them the platform is simulated in this process
  HUB_STORE_KEY                   what is kept in Redis is encrypted by: 64 hexadecimal digits
  HUB_BEARER                      the bearer token of those who may ask: at least 16 characters

With neither HUB_BEARER nor --unauthenticated-from, everybody on this machine may ask.
It serves until Ctrl-C.
";

/// What is to be done.
pub(crate) enum Order {
    Serve(Args),
    Print(&'static str),
}

pub(crate) struct Args {
    pub(crate) listen: SocketAddr,
    pub(crate) store: Store,
    pub(crate) unauthenticated_from: Vec<String>,
    pub(crate) bearer: Option<Secret>,
    pub(crate) token: TokenKind,
    pub(crate) base_url: Option<String>,
    pub(crate) account: Option<(String, Secret)>,
}

impl Order {
    pub(crate) fn read() -> Result<Self, Trouble> {
        let mut args = Args {
            listen: SocketAddr::from(([127, 0, 0, 1], 4000)),
            store: Store::Memory,
            unauthenticated_from: Vec::new(),
            bearer: given::variable("HUB_BEARER").map_err(Trouble::usage)?.map(Secret::from),
            token: TokenKind::Stable,
            base_url: None,
            account: None,
        };
        let mut parser = Parser::from_env();
        while let Some(arg) = parser.next().map_err(Trouble::usage)? {
            match arg {
                Arg::Long("listen") => args.listen = address(&value(&mut parser)?)?,
                Arg::Long("store") => {
                    args.store = Store::parse(value(&mut parser)?).map_err(Trouble::usage)?;
                }
                Arg::Long("unauthenticated-from") => args.unauthenticated_from.push(value(&mut parser)?),
                Arg::Long("token") => args.token = kind(&value(&mut parser)?)?,
                Arg::Long("base-url") => args.base_url = Some(value(&mut parser)?),
                Arg::Short('h') | Arg::Long("help") => return Ok(Self::Print(HELP)),
                // A stray value may be a secret, so it is not repeated.
                Arg::Value(_) => return Err(Trouble::usage("an argument belongs to no option")),
                other => return Err(Trouble::usage(other.unexpected())),
            }
        }
        let key = given::variable("HUB_STORE_KEY").map_err(Trouble::usage)?;
        args.store = args.store.encrypted_by(key.as_deref())?;
        args.account = given::account().map_err(Trouble::usage)?;
        if args.account.is_none() && args.base_url.is_some() {
            return Err(Trouble::usage("--base-url wants an account: set WECHAT_APPID and WECHAT_SECRET"));
        }
        if args.account.is_none() && args.store.is_shared() {
            return Err(Trouble::usage(
                "hubs that share a store share an account: set WECHAT_APPID and WECHAT_SECRET; to try it, run a simulator of \
                 its own (cargo run -p wechat-simulator -- --port 8900 --app $WECHAT_APPID:$WECHAT_SECRET) and name it by \
                 --base-url http://127.0.0.1:8900",
            ));
        }
        Ok(Self::Serve(args))
    }
}

impl Args {
    /// Who may ask: whoever has the bearer token, and the networks that need none.
    pub(crate) fn access(&self) -> Result<Access, wechat_runtime::Error> {
        let mut access = Access::new();
        if let Some(bearer) = &self.bearer {
            access = access.peer(Peer::by_bearer("HUB_BEARER", bearer.clone())?);
        }
        if !self.unauthenticated_from.is_empty() {
            access = access.peer(Peer::by_network("unauthenticated", &self.unauthenticated_from)?);
        }
        Ok(access)
    }
}

fn value(parser: &mut Parser) -> Result<String, Trouble> {
    parser.value().and_then(ValueExt::string).map_err(Trouble::usage)
}

fn address(text: &str) -> Result<SocketAddr, Trouble> {
    text.parse().map_err(|_| {
        Trouble::usage(format!("--listen wants an address and a port, such as 127.0.0.1:4000, not {text:?}"))
    })
}

fn kind(text: &str) -> Result<TokenKind, Trouble> {
    match text {
        "stable" => Ok(TokenKind::Stable),
        "classic" => Ok(TokenKind::Classic),
        // What is given here by mistake may be a token.
        _ => Err(Trouble::usage("--token wants the word stable or the word classic")),
    }
}
