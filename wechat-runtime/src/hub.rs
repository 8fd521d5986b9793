//! A hub over HTTP: it owns the tokens and tickets, and every other program asks it.
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
//! It is one process, or several behind a load balancer, where their storage has a
//! [`Coordinator`](crate::storage::Coordinator), such as `adapters::Redis`. Of those, each counts its peers' refreshes for
//! itself.
//!
//! # What it answers
//!
//! | | |
//! |---|---|
//! | `GET /client/access_token?appid=…` | `{"access_token":"…","expires_in":7200,"timestamp":1795357423}` |
//! | `POST /refresh/access_token` with `{"access_token":"…","appid":"…"}` | the same, with another token than the one reported |
//! | `GET /client/ticket?appid=…&type=jsapi` | `{"expires_in":7200,"ticket":"…","timestamp":1795357587,"type":"jsapi"}` |
//!
//! `type` is `jsapi` or `wx_card`. `timestamp` is when it was granted, in Unix seconds. A reported token is compared with the
//! one that is current: however many report the same one, WeChat is asked once. Secrets are on no route.
//!
//! # The forms for component applications
//!
//! With [`component`](Settings::component), the accounts that have authorized a component are asked for by both appids, and
//! the component's own token by paths of its own. `appid` is the component's then.
//!
//! | | |
//! |---|---|
//! | `GET /client/access_token?appid=…&authorizer_appid=…` | the authorizer's access token, as above |
//! | `POST /refresh/access_token` with `{"access_token":"…","appid":"…","authorizer_appid":"…"}` | the same, with another token than the one reported |
//! | `GET /client/ticket?appid=…&authorizer_appid=…&type=jsapi` | the authorizer's ticket, as above |
//! | `GET /client/component_access_token?appid=…` | the component's own access token, as above |
//! | `POST /client/refresh_component_access_token` with `{"access_token":"…","appid":"…"}` | the same, with another token than the one reported |
//!
//! In a report, `access_token` may be `null`: of a token that was never had. Refresh tokens and verify tickets are on no route
//! either, and no answer or log tells them.
//!
//! # What went wrong
//!
//! Everything else that is HTTP is answered in JSON as well, under a status that says what it is:
//! `{"errcode":40013,"message":"invalid appid","reason":null,"http_status":200}`. Where WeChat refused, `errcode`, `message`
//! and `http_status` are WeChat's own; where it did not, `reason` is one of the protocol's words, such as
//! `invalid_request`. A `Retry-After` says in how many seconds it is worth asking again.
//!
//! Of component applications:
//!
//! | | |
//! |---|---|
//! | the account is not among those that authorize the component, or has taken that back | 404 `invalid_authorizer_appid` |
//! | WeChat refuses the account's refresh token (61023) | 502 `invalid_component_refresh_token` |
//! | no verify ticket was pushed and kept in the last twelve hours | 503 `verify_ticket_not_found`, with a `Retry-After` |
//! | WeChat refuses the verify ticket (61005, 61006) | 502 `invalid_component_verify_ticket`, with a `Retry-After` |
//! | WeChat refuses the hub's address (61004) | 502 `invalid_clientip` |
//! | the storage has no secret for the component | 404 `invalid_config`, with WeChat's 40013 |
//! | the hub serves no component | 501 `invalid_config` |
//!
//! # Who may ask
//!
//! Nobody, unless [`Access`] says so. A [`Peer`] can be held to some applications, and to some of the accounts that authorize
//! a component. Answers are not to be cached (`Cache-Control: no-store`), and tokens travel in them: beyond one machine or a
//! network that you trust, let a proxy in front speak TLS.

mod access;
mod answer;
mod granting;
mod question;
mod serve;

use std::future::{Future, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Method;
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use futures_util::FutureExt as _;
use tracing::field;

pub use self::access::{Access, Operation, Peer};
use self::answer::Refusal;
use self::question::{Asks, Question};
pub use self::serve::serve;
use crate::application::{Common, Component};
use crate::client::{Call, Client};
use crate::clock::{Clock, Moment, SystemClock};
use crate::hub_wire;

/// What a hub serves, to whom, and within which limits.
#[derive(Clone, Debug)]
#[must_use = "settings do nothing until `router` or `serve` takes them"]
pub struct Settings {
    common: Option<Client<Common>>,
    component: Option<Client<Component>>,
    access: Access,
    timeout: Duration,
    body_limit: usize,
}

impl Settings {
    /// Settings by which these may ask.
    pub fn new(access: Access) -> Self {
        let (common, component) = (None, None);
        Self { common, component, access, timeout: Duration::from_secs(6), body_limit: 16 * 1024 }
    }

    /// Serves the tokens and tickets that this client calls with: of every account whose secret its storage has, or of
    /// those alone that a [`Peer`] is [held to](Peer::appids).
    ///
    /// What the client was declared with holds here, too: its kind of token, its `expires_in`, its clock, its refresh
    /// settings.
    pub fn common(self, client: &impl Call<App = Common>) -> Self {
        Self { common: Some(client.client().clone()), ..self }
    }

    /// Serves the component tokens that this client calls with, and the tokens and tickets of the accounts that have
    /// authorized a component: of every component whose secret its storage has, or of those alone that a [`Peer`] is
    /// [held to](Peer::appids). It may be there beside [`common`](Self::common), or alone.
    ///
    /// What the client was declared with holds here, too, but for its appids: who asks gives both.
    ///
    /// ```no_run
    /// # use wechat_runtime::{hub, Client, Common, Component};
    /// # fn f(shop: Client<Common>, platform: Client<Component>, access: hub::Access) {
    /// let settings = hub::Settings::new(access).common(&shop).component(&platform);
    /// # }
    /// ```
    pub fn component(self, client: &impl Call<App = Component>) -> Self {
        Self { component: Some(client.client().clone()), ..self }
    }

    /// How long a question may take to come, and then to be answered: 6 s each by default, which is more than WeChat has
    /// to answer in.
    ///
    /// A ticket may cost WeChat a token before it, and an authorizer's token the component's. What was too late to be
    /// answered is there for who asks again.
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
    if settings.serves_nothing() {
        tracing::warn!("{SERVES_NOTHING}");
    }
    routes(Arc::new(settings))
}

fn routes(hub: Arc<Settings>) -> Router {
    let routes = ROUTES.iter().fold(Router::new(), |router, route| {
        let answer = move |State(hub): State<Arc<Settings>>, request: Request| async move {
            let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|from| from.0.ip());
            hub.answer(route, address, request).await
        };
        router.route(route.path, on(route.method, answer))
    });
    routes
        .fallback(|State(hub): State<Arc<Settings>>| async move { hub.refuse(&Refusal::no_such_path()) })
        .method_not_allowed_fallback(|State(hub): State<Arc<Settings>>| async move {
            hub.refuse(&Refusal::wrong_method())
        })
        .with_state(hub)
}

const SERVES_NOTHING: &str =
    "the hub serves no application: give its settings a client, by `common` or by `component`";

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

impl Route {
    /// The one that asks this, where there is one.
    fn find(method: &Method, path: &str) -> Option<&'static Self> {
        let route = ROUTES.iter().find(|route| route.path == path)?;
        MethodFilter::try_from(method.clone()).is_ok_and(|method| method == route.method).then_some(route)
    }
}

impl Settings {
    async fn answer(&self, route: &Route, address: Option<IpAddr>, request: Request) -> Response {
        let work = AssertUnwindSafe(self.settle(route, address, request)).catch_unwind();
        let granted = work.await.unwrap_or_else(|_| Err(Refusal::panicked()));
        granted.unwrap_or_else(|refusal| self.refuse(&refusal))
    }

    async fn settle(
        &self,
        route: &Route,
        address: Option<IpAddr>,
        request: Request,
    ) -> Result<Response, Refusal> {
        let peer = self.access.peer_of(request.headers(), address).inspect_err(|_| log_stranger(address))?;
        let reading = Question::read(route.asks, request, self.body_limit);
        let question = self.in_time(reading).await.unwrap_or_else(|| Err(Refusal::too_slow()))?;
        let Question { asks, appid, authorizer_appid, .. } = &question;
        let (asks, authorizer_appid) = (*asks, authorizer_appid.as_deref().map(field::debug));
        let answered = match peer.may(&question, address, || self.now()) {
            Ok(()) => {
                let granted = self.in_time(self.grant(&question)).await;
                granted.unwrap_or_else(|| Err(Refusal::not_in_time(asks)))
            }
            Err(refusal) => Err(refusal),
        };
        match &answered {
            Ok(_) => {
                tracing::debug!(peer = peer.name(), ?asks, ?appid, authorizer_appid, "answered");
            }
            Err(refusal) => {
                tracing::warn!(peer = peer.name(), ?asks, ?appid, authorizer_appid, %refusal, "not answered");
            }
        }
        answered
    }

    /// What comes of it within the time. What need not wait takes no timer.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            Poll::Ready(done) => Some(done),
            Poll::Pending => tokio::time::timeout(self.timeout, work).await.ok(),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Response {
        answer::refused(refusal, self.clock())
    }

    fn now(&self) -> Moment {
        Moment::now(self.clock())
    }

    /// The clock of what is no client's: a grant is told by that of the client which has it.
    fn clock(&self) -> &dyn Clock {
        let (common, component) = (self.common.as_ref(), self.component.as_ref());
        common.map(Client::clock).or(component.map(Client::clock)).unwrap_or(&SystemClock)
    }

    fn serves_nothing(&self) -> bool {
        self.common.is_none() && self.component.is_none()
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
