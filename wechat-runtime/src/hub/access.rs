//! Who may ask a hub, for what, and how often.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use ipnet::{IpNet, Ipv4Net};
use subtle::ConstantTimeEq as _;

use super::answer::Refusal;
use super::question::Question;
use crate::clock::Moment;
use crate::errcode::ErrorKind;
use crate::flight::lock;
use crate::{Error, Secret};

/// No bearer token is shorter, in bytes: a shorter one can be guessed.
const SHORTEST_BEARER: usize = 16;

/// How many addresses of a network are counted apart before those are forgotten that owe nothing.
const MANY_ADDRESSES: usize = 1000;

const MINUTE: Duration = Duration::from_secs(60);

/// Who may ask a hub: those that are listed, and nobody else.
///
/// ```
/// use wechat_runtime::hub::{Access, Operation, Peer};
///
/// # fn f(bearer: String) -> Result<Access, wechat_runtime::Error> {
/// let access = Access::new()
///     .peer(Peer::by_bearer("orders", bearer)?.appids(["wx1f2e3d4c5b6a7988"]).refreshes_per_minute(60))
///     .peer(Peer::by_network("the old shop", ["10.1.0.0/16", "fd00::/8"])?.operations([Operation::Fetch]));
/// # Ok(access) }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "an access list does nothing until `Settings` take it"]
pub struct Access {
    peers: Vec<Arc<Peer>>,
}

impl Access {
    /// An empty list: nobody may ask.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets one more ask. Where two are known by the same, the first counts.
    pub fn peer(mut self, peer: Peer) -> Self {
        self.peers.push(Arc::new(peer));
        self
    }

    /// Whether nobody may ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// Who asks. A bearer token that is wrong is not made up for by a network that is right.
    pub(super) fn peer_of(&self, headers: &HeaderMap, address: Option<IpAddr>) -> Result<&Peer, Refusal> {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let peer = match (given.next(), given.next()) {
            (None, _) => address.and_then(|address| self.by_network(address.to_canonical())),
            (Some(header), None) => bearer(header.as_bytes()).and_then(|bearer| self.by_bearer(bearer)),
            (Some(_), Some(_)) => None,
        };
        peer.ok_or_else(Refusal::unknown)
    }

    fn by_network(&self, address: IpAddr) -> Option<&Peer> {
        let peers = self.peers.iter().map(Arc::as_ref);
        peers.into_iter().find(|peer| match &peer.known_by {
            KnownBy::Networks(networks) => networks.iter().any(|network| network.contains(&address)),
            KnownBy::Bearer(_) => false,
        })
    }

    /// Compares with every bearer token, each in a time that does not tell how much of it was right.
    fn by_bearer(&self, bearer: &[u8]) -> Option<&Peer> {
        let peers = self.peers.iter().map(Arc::as_ref).rev();
        peers.fold(None, |found, peer| match &peer.known_by {
            KnownBy::Bearer(known) if is_same(known.expose().as_bytes(), bearer) => Some(peer),
            _ => found,
        })
    }
}

/// The token in a header like `Bearer …`.
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token.trim_ascii())
}

/// Whether the two are the same, found out in a time that tells no more than how long they are. By words, because each
/// comparison costs the same, of however many bytes.
fn is_same(known: &[u8], given: &[u8]) -> bool {
    let ((known, known_rest), (given, given_rest)) = (known.as_chunks(), given.as_chunks());
    if known.len() != given.len() {
        return false;
    }
    let word = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
    let words = known.iter().zip(given).map(|(known, given)| word(known).ct_eq(&word(given)));
    words.fold(known_rest.ct_eq(given_rest), |same, word| same & word).into()
}

/// One who may ask a hub: known by a bearer token or by a network, and held to certain accounts and operations.
#[derive(Debug)]
#[must_use = "a peer may not ask until `Access` lists it"]
pub struct Peer {
    name: String,
    known_by: KnownBy,
    appids: Option<HashSet<String>>,
    operations: Option<HashSet<Operation>>,
    refreshes: Rate,
}

#[derive(Debug)]
enum KnownBy {
    Bearer(Secret),
    Networks(Vec<IpNet>),
}

/// What one may ask a hub for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// The access token of an account.
    Fetch,
    /// Another access token than one that is reported as no good.
    Refresh,
    /// A ticket of an account.
    Ticket,
    /// The token of a component application, which is good for all accounts that have authorized it.
    ComponentToken,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Fetch => "access tokens",
            Self::Refresh => "refreshing",
            Self::Ticket => "tickets",
            Self::ComponentToken => "component tokens",
        }
    }
}

impl Peer {
    /// One who shows this bearer token (`Authorization: Bearer …`). The name is for the hub's logs.
    ///
    /// # Errors
    ///
    /// A bearer token shorter than 16 bytes, or with other characters than visible ASCII
    /// ([`Configuration`](ErrorKind::Configuration)).
    pub fn by_bearer(name: impl Into<String>, bearer: impl Into<Secret>) -> Result<Self, Error> {
        let (name, bearer) = (name.into(), bearer.into());
        let token = bearer.expose();
        let wrong = match token.len() {
            0 => Some("is empty"),
            1..SHORTEST_BEARER => Some("is too short"),
            _ if !token.bytes().all(|byte| byte.is_ascii_graphic()) => Some("has odd characters"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            let message = format!("the bearer token of {name:?} {wrong}");
            return Err(Error::new(ErrorKind::Configuration, message)
                .advising("give at least 16 characters of visible ASCII, chosen at random"));
        }
        Ok(Self::new(name, KnownBy::Bearer(bearer)))
    }

    /// Those whose address is in one of these networks (`10.1.0.0/16`, `fd00::/8`, or one address), without any
    /// authentication: for clients that have none.
    ///
    /// The address is that of the connection. Behind a proxy, that is the proxy's. Whatever runs in such a network may
    /// ask, a browser there included; and one who forgets the bearer token does not notice it there.
    ///
    /// # Errors
    ///
    /// What is neither a network nor an address ([`Configuration`](ErrorKind::Configuration)).
    pub fn by_network(
        name: impl Into<String>,
        networks: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, Error> {
        let networks: Result<_, Error> =
            networks.into_iter().map(|written| network(written.as_ref())).collect();
        Ok(Self::new(name.into(), KnownBy::Networks(networks?)))
    }

    fn new(name: String, known_by: KnownBy) -> Self {
        Self { name, known_by, appids: None, operations: None, refreshes: Rate::per_minute(600) }
    }

    /// Holds it to these accounts: by default it may ask for every one whose secret the storage has.
    ///
    /// A component's appid stands for the component's own token and for all accounts that authorize it. The appid of an
    /// account that authorizes a component stands for that account alone, whichever component it is asked through.
    ///
    /// ```
    /// # use wechat_runtime::{hub::Peer, Error};
    /// # fn f(all: String, one: String) -> Result<(), Error> {
    /// let platform = Peer::by_bearer("the whole platform", all)?.appids(["wx5b6a79881f2e3d4c"]);
    /// let shop = Peer::by_bearer("one shop of it", one)?.appids(["wx99aa88bb77cc66dd"]);
    /// # Ok(()) }
    /// ```
    pub fn appids(self, appids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { appids: Some(appids.into_iter().map(Into::into).collect()), ..self }
    }

    /// Holds it to these operations: by default it may ask for everything.
    pub fn operations(self, operations: impl IntoIterator<Item = Operation>) -> Self {
        Self { operations: Some(operations.into_iter().collect()), ..self }
    }

    /// How many times in a minute it may report a token as no good, all at once or one after the other: 600 by default.
    /// One more is answered with status 429 and a `Retry-After`. In a network, each address is counted by itself.
    ///
    /// However often that is, WeChat is asked at most as often as [`RefreshSettings`](crate::RefreshSettings) say.
    pub fn refreshes_per_minute(self, refreshes: u32) -> Self {
        Self { refreshes: Rate::per_minute(refreshes), ..self }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may ask this now; if so, it is counted.
    pub(super) fn may(
        &self,
        question: &Question,
        address: Option<IpAddr>,
        now: impl FnOnce() -> Moment,
    ) -> Result<(), Refusal> {
        let asks = question.asks;
        if self.appids.as_ref().is_some_and(|appids| !question.appids().any(|appid| appids.contains(appid))) {
            return Err(Refusal::not_allowed("this appid"));
        }
        if let Some(allowed) = &self.operations {
            let missing = asks.operations().iter().find(|operation| !allowed.contains(operation));
            if let Some(missing) = missing {
                return Err(Refusal::not_allowed(missing.name()));
            }
        }
        let from = match self.known_by {
            KnownBy::Bearer(_) => None,
            KnownBy::Networks(_) => address,
        };
        if asks.is_report() { self.refreshes.take(from, now()).map_err(Refusal::too_many) } else { Ok(()) }
    }
}

fn network(written: &str) -> Result<IpNet, Error> {
    let address = || written.parse::<IpAddr>().map(IpNet::from);
    written.parse().or_else(|_| address()).map(canonical).map_err(|_| {
        let message = format!("{written:?} is neither a network nor an address");
        Error::new(ErrorKind::Configuration, message).advising("write it like `10.1.0.0/16` or `fd00::/8`")
    })
}

/// As the addresses are written that it is asked about: IPv4 as IPv4.
fn canonical(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V6(mapped) => mapped.addr().to_ipv4_mapped().zip(mapped.prefix_len().checked_sub(96)),
        IpNet::V4(_) => None,
    };
    let ipv4 = mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    ipv4.map_or(network, IpNet::V4)
}

/// So many in a minute: a minute's worth at once, and then one each time a share of a minute has passed.
#[derive(Debug)]
struct Rate {
    share: Duration,
    /// By who asks: of a network, each address by itself.
    taken: Mutex<HashMap<Option<IpAddr>, Taken>>,
}

/// What was taken and has not been earned again, as the time that earns it.
#[derive(Debug)]
struct Taken {
    debt: Duration,
    at: Moment,
}

impl Rate {
    fn per_minute(count: u32) -> Self {
        let share = MINUTE.checked_div(count).unwrap_or(Duration::MAX);
        Self { share, taken: Mutex::default() }
    }

    /// Takes one for whoever asks from there, or says how long there is none.
    fn take(&self, from: Option<IpAddr>, now: Moment) -> Result<(), Duration> {
        let mut taken = lock(&self.taken);
        if taken.len() >= MANY_ADDRESSES {
            taken.retain(|_, taken| !taken.owed(now).is_zero());
        }
        let taken = taken.entry(from).or_insert(Taken { debt: Duration::ZERO, at: now });
        *taken = Taken { debt: taken.owed(now), at: now };
        let debt = taken.debt.saturating_add(self.share);
        if debt > MINUTE {
            return Err(debt.saturating_sub(MINUTE).min(MINUTE));
        }
        taken.debt = debt;
        Ok(())
    }
}

impl Taken {
    /// A clock that was set back earns nothing by that, and goes on earning from there.
    fn owed(&self, now: Moment) -> Duration {
        self.debt.saturating_sub(now.since(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::from_unix(1_795_233_600 + seconds)
    }

    fn taken(rate: &Rate, seconds: u64) -> usize {
        (0..1000).take_while(|_| rate.take(None, at(seconds)).is_ok()).count()
    }

    #[test]
    fn a_minutes_worth_may_be_taken_at_once_and_comes_back_by_and_by() {
        let rate = Rate::per_minute(6);
        assert_eq!(taken(&rate, 0), 6);
        assert_eq!(rate.take(None, at(4)), Err(Duration::from_secs(6)));
        assert_eq!(taken(&rate, 10), 1);
        assert_eq!(taken(&rate, 3600), 6);
    }

    #[test]
    fn a_clock_that_is_set_back_owes_no_more_than_a_minute() {
        let rate = Rate::per_minute(6);
        assert_eq!(taken(&rate, 7200), 6);
        assert_eq!(rate.take(None, at(0)), Err(Duration::from_secs(10)));
        assert_eq!(taken(&rate, 10), 1);
    }

    #[test]
    fn only_the_same_bearer_is_the_same() {
        let known = b"0123456789abcdefghi";
        assert!(is_same(known, known));
        for other in 0..known.len() {
            let mut given = *known;
            given[other] ^= 1;
            assert!(!is_same(known, &given), "{other}");
            assert!(!is_same(known, &known[..other]), "{other}");
            assert!(!is_same(&known[..other], known), "{other}");
        }
    }

    #[test]
    fn none_a_minute_is_none() {
        let rate = Rate::per_minute(0);
        assert_eq!(rate.take(None, at(0)), Err(MINUTE));
    }

    #[test]
    fn a_bearer_token_that_can_be_guessed_or_is_none_is_a_mistake() {
        for wrong in ["", "tiny", "0123456789abcde", "0123456789 abcdef", "0123456789abcdefü"] {
            let error = Peer::by_bearer("orders", wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(wrong.is_empty() || !error.to_string().contains(wrong));
        }
        assert!(Peer::by_bearer("orders", "0123456789abcdef").is_ok());
    }

    #[test]
    fn a_network_is_written_as_one() {
        for right in ["10.0.0.0/8", "127.0.0.1", "::1", "fd00::/8", "0.0.0.0/0"] {
            assert!(Peer::by_network("x", [right]).is_ok(), "{right}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0", "localhost", "*"] {
            assert!(Peer::by_network("x", [wrong]).is_err(), "{wrong}");
        }
    }
}
