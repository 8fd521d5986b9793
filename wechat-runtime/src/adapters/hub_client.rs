//! A client of a hub over HTTP.

mod answer;
mod common;
mod component;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use tokio::runtime::{Handle, Id};
use url::{Host, Url};

use self::answer::Answer;
use crate::errcode::ErrorKind;
use crate::flight::lock;
use crate::hub_wire::Refresh;
use crate::{Error, Secret, base, http_client};

/// Said where nothing but plain HTTP can be spoken.
const NO_TLS: &str =
    "https needs the feature `rustls` or `native-tls`, which this build of wechat-runtime has not";

/// How long a connection is kept that nobody uses: less than hubs keep it, of which the original's server is the quickest
/// with 5 s, so that none is used that a hub is closing.
const LONGEST_IDLE: Duration = Duration::from_secs(4);

/// How many async runtimes are told apart before the HTTP clients of earlier ones are dropped.
const MANY_RUNTIMES: usize = 16;

/// A client of a hub over HTTP: the storage of a process that asks another for its tokens and tickets.
///
/// The hub is one of [`hub::router`][router] or one of `elixir_wechat`. No secret is needed here, and WeChat is never asked
/// for a token or a ticket, whatever fails.
///
/// ```
/// use wechat_runtime::{adapters::HubClient, wechat_client};
///
/// #[wechat_client(
///     appid = "wx1f2e3d4c5b6a7988",
///     adapter_storage = HubClient::new("http://hub.internal:4000").bearer(std::env::var("HUB_BEARER").unwrap_or_default()),
/// )]
/// pub struct Wechat;
///
/// // The same, in short:
/// #[wechat_client(
///     appid = "wx1f2e3d4c5b6a7988",
///     adapter_storage = ("http://hub.internal:4000", std::env::var("HUB_BEARER").unwrap_or_default()),
/// )]
/// pub struct InShort;
/// ```
///
/// It is a [`storage::Client`](crate::storage::Client) and a [`storage::ComponentClient`](crate::storage::ComponentClient):
/// the hub tells a component application its own token, and those of the accounts that have authorized it.
///
/// ```
/// use wechat_runtime::{adapters::HubClient, Bound, Client, Component};
///
/// let hub = Bound::<Component>::new(HubClient::new("http://hub.internal:4000"), ());
/// let platform = Client::builder(hub).appid("wx5b6a79881f2e3d4c").build()?;
/// let shop = platform.authorizer("wx99aa88bb77cc66dd");
/// # Ok::<(), wechat_runtime::Error>(())
/// ```
///
/// What the hub has answered is kept until it expires, and asked for again behind the callers' backs in the last five
/// minutes ([`margin`](crate::RefreshSettings::margin)). All clients of one hub in a process with the same bearer token and
/// time-outs share what they have, those made for one call included; with an [`http`](Self::http) of its own, a client
/// shares with its clones alone.
///
/// The hub's clock need not agree with this machine's: an age is reckoned by the `Date` of the hub's answer.
///
/// # Errors
///
/// What WeChat refused to the hub is the caller's error, with its [`errcode`](Error::errcode), and what the hub refused
/// has its [`reason`](Error::reason): `invalid_authorizer_appid` is an account that does not authorize the component
/// ([`ReauthorizationRequired`](ErrorKind::ReauthorizationRequired)), `verify_ticket_not_found` a hub to which WeChat has
/// pushed no verify ticket of late ([`NoVerifyTicket`](ErrorKind::NoVerifyTicket)). A hub that cannot be reached, is late, or answers with what is no hub's answer is
/// an error of the kind [`Storage`](ErrorKind::Storage). A URL or a bearer token that cannot be one is the error of each
/// call ([`Configuration`](ErrorKind::Configuration)).
///
#[cfg_attr(feature = "hub", doc = "[router]: crate::hub::router")]
#[cfg_attr(not(feature = "hub"), doc = "[router]: crate#features")]
#[derive(Clone)]
pub struct HubClient {
    /// Where the hub is, or why that is no URL: then each call fails with that.
    url: Result<Url, Error>,
    bearer: Option<Secret>,
    timeout: Duration,
    connect_timeout: Duration,
    http: Arc<Http>,
}

impl HubClient {
    /// A client of the hub at `url`, such as `http://hub.internal:4000`. It may have a path.
    #[must_use]
    pub fn new(url: impl AsRef<str>) -> Self {
        Self {
            url: read_url(url.as_ref()),
            bearer: None,
            timeout: Duration::from_secs(7),
            connect_timeout: Duration::from_secs(3),
            http: Arc::new(Http::new(None)),
        }
    }

    /// Says who is asking, by the bearer token that the hub knows this client by.
    #[must_use]
    pub fn bearer(self, bearer: impl Into<Secret>) -> Self {
        Self { bearer: Some(bearer.into()), ..self }
    }

    /// How long one question to the hub may take, with its connection: 7 s by default, which is more than a hub waits
    /// for WeChat.
    ///
    /// [`RefreshSettings`](crate::RefreshSettings) end it after 10 s (`storage_timeout` and `upstream_timeout`).
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How long making a connection may take: 3 s by default.
    #[must_use]
    pub fn connect_timeout(self, connect_timeout: Duration) -> Self {
        // One that is made already has the time-out that was set until now.
        Self { connect_timeout, http: Arc::new(Http::new(self.http.make.clone())), ..self }
    }

    /// How the HTTP client is made: proxies, roots of trust, pools. It is called once for each async runtime that asks.
    ///
    /// Redirects, the `Referer` header, verbose logging of connections and retries are switched off whatever is set, and
    /// the connect time-out is [`connect_timeout`](Self::connect_timeout)'s.
    #[must_use]
    pub fn http(self, make: impl Fn() -> reqwest::ClientBuilder + Send + Sync + 'static) -> Self {
        Self { http: Arc::new(Http::new(Some(Arc::new(make)))), ..self }
    }

    /// The URL of one of the hub's paths.
    fn locate(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, Error> {
        let mut url = self.url.clone()?;
        let joined = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&joined);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// The header that says who asks.
    fn authorization(&self) -> Result<Option<HeaderValue>, Error> {
        let Some(bearer) = &self.bearer else { return Ok(None) };
        let wrong = |why: &str| {
            Error::new(ErrorKind::Configuration, format!("the hub's bearer token {why}"))
                .advising("give the client the bearer token that the hub knows it by")
        };
        if bearer.expose().is_empty() {
            return Err(wrong("is empty"));
        }
        let value = HeaderValue::try_from(format!("Bearer {}", bearer.expose()));
        let mut value = value.map_err(|_| wrong("has characters that no header can have"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// Asks by GET: once more where the connection broke, since asking twice changes nothing.
    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Error> {
        let (http, url) = (self.http.here(self)?, self.locate(path, query)?);
        let ask = || self.ask(&http, reqwest::Request::new(Method::GET, url.clone()));
        let answer = async {
            match ask().await {
                Err(error) if error.kind() == ErrorKind::Transport => ask().await,
                answer => answer,
            }
        };
        self.in_time(answer).await
    }

    /// Reports a credential that is no good. It is not sent again: the hub may have acted on it.
    async fn post(&self, path: &str, refresh: &Refresh<'_>) -> Result<Answer, Error> {
        let (http, url) = (self.http.here(self)?, self.locate(path, &[])?);
        let mut request = reqwest::Request::new(Method::POST, url);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = serde_json::to_vec(refresh).map_err(|_| Error::wrong_call("cannot be written as JSON"))?;
        *request.body_mut() = Some(body.into());
        self.in_time(self.ask(&http, request)).await
    }

    async fn in_time(&self, asking: impl Future<Output = Result<Answer, Error>>) -> Result<Answer, Error> {
        let late = |_| Err(Error::new(ErrorKind::Timeout, ""));
        let answer = tokio::time::timeout(self.timeout, asking).await.unwrap_or_else(late);
        answer.map_err(|error| {
            let what = match error.kind() {
                ErrorKind::Connect => "cannot be connected to".to_owned(),
                ErrorKind::Timeout => format!("did not answer within {:?}", self.timeout),
                ErrorKind::Transport => "broke the connection off".to_owned(),
                ErrorKind::Body => "answered with more than a hub's answer can be".to_owned(),
                _ => return error,
            };
            self.in_trouble(error, &what)
        })
    }

    async fn ask(&self, http: &reqwest::Client, mut request: reqwest::Request) -> Result<Answer, Error> {
        if let Some(authorization) = self.authorization()? {
            request.headers_mut().insert(AUTHORIZATION, authorization);
        }
        let response = http.execute(request).await.map_err(Error::transport)?;
        Answer::read(response).await
    }

    /// A name for what is asked of the hub: where it is, who asks, and how.
    fn name(&self) -> Option<String> {
        static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        let url = self.url.as_ref().ok()?;
        // Who asks decides what is answered; the bearer token itself need not be kept in a name.
        let bearer = self.bearer.as_ref().map(|bearer| KEYS.hash_one(bearer.expose()));
        // What a function makes is known to be the same for clones alone. The address is kept as long as the name is,
        // because the binding keeps the client.
        let own_way = self.http.make.as_ref().map(|_| Arc::as_ptr(&self.http));
        Some(format!("{url} {bearer:?} {:?} {:?} {own_way:?}", self.timeout, self.connect_timeout))
    }

    /// An error of the hub's own.
    fn trouble(&self, what: &str) -> Error {
        self.in_trouble(Error::new(ErrorKind::Storage, ""), what)
    }

    fn in_trouble(&self, error: Error, what: &str) -> Error {
        let hub = self.url.as_ref().map_or("", |url| url.as_str());
        let error = error.of_kind(ErrorKind::Storage).because(format!("the hub at {hub} {what}"));
        let speaks = cfg!(any(feature = "rustls", feature = "native-tls")) || hub.starts_with("http:");
        error.advising(if speaks { "check that the hub runs at this URL" } else { NO_TLS })
    }
}

impl fmt::Debug for HubClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubClient")
            .field("url", &self.url.as_ref().map(Url::as_str).ok())
            .field("bearer", &self.bearer)
            .finish_non_exhaustive()
    }
}

/// A hub's URL, with no slash at its end.
fn read_url(written: &str) -> Result<Url, Error> {
    let wrong = |why: &str| {
        Error::new(ErrorKind::Configuration, format!("the hub's URL {why}"))
            .advising("write it like `http://hub.internal:4000`, with nothing secret in it")
    };
    let mut url = base::plain_url(written).map_err(wrong)?;
    if url.host_str().is_some_and(|host| base::is_wechat(&format!(".{}", host.trim_end_matches('.')))) {
        return Err(wrong("is WeChat's, which is no hub"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// The HTTP clients by which a hub is asked. A connection belongs to the async runtime that has made it, and a hub's
/// client may outlive that: each runtime has its own.
struct Http {
    make: Option<Make>,
    clients: Mutex<HashMap<Id, reqwest::Client>>,
}

type Make = Arc<dyn Fn() -> reqwest::ClientBuilder + Send + Sync>;

impl Http {
    fn new(make: Option<Make>) -> Self {
        Self { make, clients: Mutex::default() }
    }

    /// The HTTP client of the runtime that asks.
    fn here(&self, of: &HubClient) -> Result<reqwest::Client, Error> {
        let no_runtime = |_| Error::wrong_call("is made outside of a Tokio runtime");
        let runtime = Handle::try_current().map_err(no_runtime)?.id();
        if let Some(client) = lock(&self.clients).get(&runtime) {
            return Ok(client.clone());
        }
        let client = self.build(of)?;
        let mut clients = lock(&self.clients);
        if clients.len() >= MANY_RUNTIMES {
            clients.clear();
        }
        Ok(clients.entry(runtime).or_insert(client).clone())
    }

    fn build(&self, of: &HubClient) -> Result<reqwest::Client, Error> {
        // No proxy can know what this machine means by its own address.
        let plain = || {
            let plain = reqwest::ClientBuilder::new().pool_idle_timeout(LONGEST_IDLE);
            if is_loopback(&of.url) { plain.no_proxy() } else { plain }
        };
        let builder = self.make.as_ref().map_or_else(plain, |make| make());
        http_client::tamed(builder, of.connect_timeout)
    }
}

fn is_loopback(url: &Result<Url, Error>) -> bool {
    match url.as_ref().ok().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub_wire;

    #[test]
    fn a_path_is_joined_with_one_slash_and_the_query_is_a_forms() {
        for written in ["http://hub.example/wechat", "http://hub.example/wechat/"] {
            let hub = HubClient::new(written);
            let url = hub.locate(hub_wire::ACCESS_TOKEN, &[("appid", "wx a&b/ü+")]).unwrap();
            let whole = "http://hub.example/wechat/client/access_token?appid=wx+a%26b%2F%C3%BC%2B";
            assert_eq!(url.as_str(), whole);
        }
        let url = HubClient::new("http://hub.example").locate(hub_wire::REFRESH_ACCESS_TOKEN, &[]).unwrap();
        assert_eq!(url.as_str(), "http://hub.example/refresh/access_token");
    }

    #[test]
    fn a_url_that_is_no_hubs_is_a_mistake() {
        for wrong in [
            "",
            "hub.internal:4000",
            "ftp://hub.example",
            "http://user:pass@hub.example",
            "http://hub.example/?bearer=x",
            "http://hub.example/#x",
            "https://api.weixin.qq.com",
            "https://api.weixin.qq.com.",
            "https://weixin.qq.com",
        ] {
            let error = HubClient::new(wrong).locate("/x", &[]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{wrong}");
            assert!(!error.to_string().contains("pass"));
        }
    }

    #[test]
    fn clients_share_what_they_have_where_all_that_decides_is_the_same() {
        let name = |hub: HubClient| hub.name();
        let plain = || HubClient::new("http://hub.example");
        let one = name(plain());
        assert!(one.is_some());
        assert_eq!(name(HubClient::new("http://hub.example/")), one);
        let others = [
            name(HubClient::new("http://hub.example/other")),
            name(plain().bearer("another")),
            name(plain().timeout(Duration::from_secs(1))),
            name(plain().connect_timeout(Duration::from_secs(1))),
            name(plain().http(reqwest::ClientBuilder::new)),
        ];
        let own_way = plain().http(reqwest::ClientBuilder::new);
        assert_eq!(name(own_way.clone()), name(own_way.clone()));
        assert_ne!(name(own_way), name(plain().http(reqwest::ClientBuilder::new)));
        assert!(others.iter().all(|other| *other != one));
        assert!(!name(plain().bearer("a bearer token")).unwrap().contains("bearer token"));
    }

    #[test]
    fn a_bearer_token_that_cannot_be_one_is_told_and_not_shown() {
        for wrong in ["", "a\nb", "schlüssel\u{7f}"] {
            let error = HubClient::new("http://hub.example").bearer(wrong).authorization().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{wrong:?}");
            assert!(wrong.is_empty() || !error.to_string().contains(wrong));
        }
    }
}
