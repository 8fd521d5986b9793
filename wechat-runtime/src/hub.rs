//! A hub over HTTP: one process owns the tokens and tickets, and every other program asks it.
//!
//! [`router`] makes an axum router of a client of yours, to serve beside your own routes; [`serve`] is a server that has
//! nothing else. Programs in Rust ask it by [`HubClient`](crate::adapters::HubClient), and those that use `elixir_wechat`
//! by its default client, unchanged: the protocol is that library's.
//!
//! ```no_run
//! use wechat_runtime::{adapters::Memory, hub, wechat_client};
//!
//! #[wechat_client(adapter_storage = Memory::new().with_secret("wx1f2e3d4c5b6a7988", "the app secret"))]
//! pub struct Wechat;
//!
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let access = hub::Access::new()
//!     .peer(hub::Peer::by_bearer("orders", std::env::var("ORDERS_BEARER")?)?.appids(["wx1f2e3d4c5b6a7988"]))
//!     .peer(hub::Peer::by_network("the old shop", ["10.1.0.0/16"])?.operations([hub::Operation::Fetch]));
//! let settings = hub::Settings::new(access).common(&Wechat::new());
//!
//! let listener = tokio::net::TcpListener::bind("0.0.0.0:4000").await?;
//! hub::serve(listener, settings, async { drop(tokio::signal::ctrl_c().await) }).await?;
//! # Ok(()) }
//! ```
//!
//! # What it answers
//!
//! | | |
//! |---|---|
//! | `GET /client/access_token?appid=…` | `{"access_token":"…","expires_in":7200,"timestamp":1795357423}` |
//! | `POST /refresh/access_token` with `{"access_token":"…","appid":"…"}` | the same, with another token than the one reported |
//! | `GET /client/ticket?appid=…&type=jsapi` | `{"expires_in":7200,"ticket":"…","timestamp":1795357587,"type":"jsapi"}` |
//!
//! `type` is `jsapi` or `wx_card`. `timestamp` is when it was granted, in Unix seconds. A reported token is compared with the one that is current: however
//! many report the same one, WeChat is asked once. Secrets are on no route. The forms for component applications answer
//! `invalid_config`.
//!
//! Everything else that is HTTP is answered in JSON as well, under a status that says what it is:
//! `{"errcode":40013,"message":"invalid appid","reason":null,"http_status":200}`. Where WeChat refused, `errcode`, `message`
//! and `http_status` are WeChat's own; where it did not, `reason` is one of the protocol's words, such as
//! `invalid_request`. A `Retry-After` says in how many seconds it is worth asking again.
//!
//! # Who may ask
//!
//! Nobody, unless [`Access`] says so. Answers are not to be cached (`Cache-Control: no-store`), and tokens travel in them:
//! beyond one machine or a network that you trust, let a proxy in front speak TLS.

mod access;
mod answer;
mod question;
mod serve;

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use futures_util::FutureExt as _;

pub use self::access::{Access, Operation, Peer};
use self::answer::Refusal;
use self::question::{Asks, Question};
pub use self::serve::serve;
use crate::application::Common;
use crate::client::{Call, Client};
use crate::clock::{Clock, Moment, SystemClock};
use crate::credential::{Account, Credential, Grant};
use crate::credentials::Cause;
use crate::hub_wire;
use crate::{Error, TicketType};

/// What a hub serves, to whom, and within which limits.
#[derive(Clone, Debug)]
#[must_use = "settings do nothing until `router` or `serve` takes them"]
pub struct Settings {
    common: Option<Client<Common>>,
    access: Access,
    timeout: Duration,
    body_limit: usize,
}

impl Settings {
    /// Settings by which these may ask.
    pub fn new(access: Access) -> Self {
        Self { common: None, access, timeout: Duration::from_secs(6), body_limit: 16 * 1024 }
    }

    /// Serves the tokens and tickets that this client calls with: of every account whose secret its storage has, or of
    /// those alone that a [`Peer`] is [held to](Peer::appids).
    ///
    /// What the client was declared with holds here, too: its kind of token, its `expires_in`, its clock, its refresh
    /// settings.
    pub fn common(self, client: &impl Call<App = Common>) -> Self {
        Self { common: Some(client.client().clone()), ..self }
    }

    /// How long a question may take to come, and then to be answered: 6 s each by default, which is more than WeChat has
    /// to answer in.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How many bytes the body of a question may have: 16 KiB by default.
    pub fn body_limit(self, bytes: usize) -> Self {
        Self { body_limit: bytes, ..self }
    }
}

/// The hub as a router: serve it, nest it at a path, or merge it with routes of your own.
///
/// It has a fallback, so that all it answers is JSON: merge it with routers that have none. [Networks](Peer::by_network)
/// are known by axum's `ConnectInfo<SocketAddr>`: serve it `into_make_service_with_connect_info::<SocketAddr>()`, or nobody
/// is let in by its network.
///
/// ```no_run
/// # use std::net::SocketAddr;
/// # use wechat_runtime::{hub, Client, Common};
/// # fn f(wechat: Client<Common>, access: hub::Access) {
/// let hub = hub::router(hub::Settings::new(access).common(&wechat));
/// let app = axum::Router::new().nest("/wechat", hub);
/// let service = app.into_make_service_with_connect_info::<SocketAddr>();
/// # }
/// ```
pub fn router(settings: Settings) -> Router {
    if settings.common.is_none() {
        tracing::warn!("{SERVES_NOTHING}");
    }
    let routes = ROUTES.iter().fold(Router::new(), |router, route| {
        let answer =
            move |State(hub): State<Arc<Settings>>, request| async move { hub.answer(route, request).await };
        router.route(route.path, on(route.method, answer))
    });
    routes
        .fallback(|State(hub): State<Arc<Settings>>| async move { hub.refuse(&Refusal::no_such_path()) })
        .method_not_allowed_fallback(|State(hub): State<Arc<Settings>>| async move {
            hub.refuse(&Refusal::wrong_method())
        })
        .with_state(Arc::new(settings))
}

const SERVES_NOTHING: &str = "the hub serves no application: give its settings a client, by `common`";

/// A path of the protocol.
struct Route {
    method: MethodFilter,
    path: &'static str,
    asks: Asks,
}

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    Route { method: MethodFilter::GET, path: hub_wire::ACCESS_TOKEN, asks: Asks::AccessToken },
    Route { method: MethodFilter::POST, path: hub_wire::REFRESH_ACCESS_TOKEN, asks: Asks::AnotherAccessToken },
    Route { method: MethodFilter::GET, path: hub_wire::TICKET, asks: Asks::Ticket },
    Route { method: MethodFilter::GET, path: hub_wire::COMPONENT_ACCESS_TOKEN, asks: Asks::ComponentAccessToken },
    Route { method: MethodFilter::POST, path: hub_wire::REFRESH_COMPONENT_ACCESS_TOKEN, asks: Asks::AnotherComponentAccessToken },
];

impl Settings {
    async fn answer(&self, route: &Route, request: Request) -> Response {
        let work = AssertUnwindSafe(self.settle(route, request)).catch_unwind();
        let granted = work.await.unwrap_or_else(|_| Err(Refusal::panicked()));
        granted.unwrap_or_else(|refusal| self.refuse(&refusal))
    }

    async fn settle(&self, route: &Route, request: Request) -> Result<Response, Refusal> {
        let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|from| from.0.ip());
        let peer = self.access.peer_of(request.headers(), address).inspect_err(|_| log_stranger(address))?;
        let reading = Question::read(route.asks, request, self.body_limit);
        let question =
            tokio::time::timeout(self.timeout, reading).await.unwrap_or_else(|_| Err(Refusal::too_slow()))?;
        let (asks, appid) = (route.asks, &*question.appid);
        let answered = match peer.may(asks, appid, address, self.now()) {
            Ok(()) => {
                let work = tokio::time::timeout(self.timeout, self.grant(&question));
                work.await.unwrap_or_else(|_| Err(Refusal::not_in_time(asks)))
            }
            Err(refusal) => Err(refusal),
        };
        match &answered {
            Ok(_) => tracing::debug!(peer = peer.name(), ?asks, ?appid, "answered"),
            Err(refusal) => tracing::warn!(peer = peer.name(), ?asks, ?appid, %refusal, "not answered"),
        }
        answered
    }

    /// Comes by what was asked for.
    async fn grant(&self, question: &Question) -> Result<Response, Refusal> {
        let client = self.common.as_ref().filter(|_| question.is_common());
        let client = client.ok_or_else(Refusal::not_served)?;
        let credential = match &question.ticket_type {
            Some(ticket_type) => Credential::Ticket(ticket_type.clone()),
            None => Credential::AccessToken(client.token_kind()),
        };
        let wire = client.wire().map_err(|error| Refusal::wrong_settings(&error))?;
        let credentials =
            client.credentials(wire, client.bound(), Account::of(question.appid.as_str().into()), credential);
        let granted = match &question.stale {
            Some(stale) => credentials.refresh(Some(stale.clone()), Cause::Refused(None)).await,
            None => credentials.obtain().await,
        };
        let granted = granted.map_err(|error: Error| Refusal::failed(&error, question.asks))?;
        let cap = client.expires_in().filter(|_| client.bound().binding().store.owner().is_some());
        Ok(self.hand_over(granted, cap, question.ticket_type.clone()))
    }

    /// What was granted, with the life that the hub itself believes in: a client must not keep it longer.
    fn hand_over(&self, granted: Grant, cap: Option<Duration>, ticket_type: Option<TicketType>) -> Response {
        let cap = cap.map_or(u64::MAX, |cap| cap.as_secs());
        let granted = Grant { expires_in: granted.expires_in.min(cap), ..granted };
        match ticket_type {
            Some(ticket_type) => answer::ticket(granted, ticket_type, self.clock()),
            None => answer::token(granted, self.clock()),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Response {
        answer::refused(refusal, self.clock())
    }

    fn now(&self) -> Moment {
        Moment::now(self.clock())
    }

    /// The clock that the timestamps are of.
    fn clock(&self) -> &dyn Clock {
        self.common.as_ref().map_or(&SystemClock, |client| client.clock())
    }
}

fn log_stranger(address: Option<IpAddr>) {
    if let Some(address) = address {
        tracing::warn!(%address, "a stranger was turned away");
    } else {
        tracing::warn!(
            "a stranger was turned away, whose network is not known: serve the router \
             `into_make_service_with_connect_info::<SocketAddr>()`"
        );
    }
}
