//! The services: a push is verified, opened, looked up, handed over, and answered in time.

mod handling;
mod refusal;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use axum::RequestPartsExt as _;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use futures_util::FutureExt as _;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use self::handling::{Answer, Handling, Late};
use self::refusal::Refusal;
use super::fields::{Fields, Format};
use super::handler::{Handler, failed};
use super::incoming::number;
use super::keys::Opened;
use super::seen::{Fingerprint, Kind};
use super::{ComponentEvent, Error, Incoming, IntoSettings, Keys, Query, Settings};
use crate::{Call, Component, limited_body, storage};

/// Takes the messages and events that WeChat pushes to accounts: axum's service for one path.
///
/// A GET verifies the URL. A POST is a push: it is checked, decrypted and read, handed to the handler, and answered with the
/// [`Reply`](super::Reply) that the handler returns, encrypted where the push was.
///
/// ```no_run
/// use axum::{Router, extract::State};
/// use wechat_runtime::callback::{self, Content, Incoming, Keys, Reply};
///
/// #[derive(Clone)]
/// struct App {
///     greeting: String,
/// }
///
/// async fn handler(State(app): State<App>, incoming: Incoming) -> Reply {
///     match incoming.content {
///         Content::Text { content, .. } => Reply::text(format!("You said: {content}")),
///         Content::Subscribe { .. } => Reply::text(app.greeting),
///         _ => Reply::success(),
///     }
/// }
///
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = Keys::encrypted("wx1f2e3d4c5b6a7988", std::env::var("TOKEN")?, &std::env::var("ENCODING_AES_KEY")?)?;
/// let app = Router::new()
///     .route("/wechat", callback::service(keys, handler))
///     .with_state(App { greeting: "Welcome!".to_owned() });
/// axum::serve(tokio::net::TcpListener::bind("0.0.0.0:8080").await?, app).await?;
/// # Ok(()) }
/// ```
///
/// See [the module](super) for what is answered when. For several accounts, give a path with a parameter and a function that
/// [looks the keys up](super::KeySource).
pub fn service<H, T, S>(keys: impl IntoSettings, handler: H) -> MethodRouter<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    let settings = Arc::new(keys.into_settings());
    let verifying = Arc::clone(&settings);
    get(move |request: Request| {
        let span = span(&request);
        verify_url(Arc::clone(&verifying), request).instrument(span)
    })
    .post(move |State(state): State<S>, request: Request| async move {
        let hand_over = |mut push: Push| async move {
            let incoming = Incoming::of(push.fields, push.format);
            push.parts.extensions.insert(incoming.clone());
            let reply = handler.handle(push.parts, state).await?;
            // To be handled again would not make it any better.
            let lost = |error: &Error| tracing::error!(%error, "a reply cannot be sent, and is lost");
            Ok(reply.render(&incoming, push.settings.now()).inspect_err(lost).unwrap_or_default())
        };
        let span = span(&request);
        receive(settings, request, Late::AnswerSuccess, hand_over).instrument(span).await
    })
}

/// Where a component application's tickets and authorizations are kept: what [`component_service`] plugs into.
///
/// A client of the component is one. Implement it for a type of your own to do more:
///
/// ```
/// use wechat_runtime::callback::{ComponentEvent, ComponentEvents, ComponentInfo};
/// use wechat_runtime::{async_trait, storage, Client, Component};
///
/// struct Platform {
///     client: Client<Component>,
/// }
///
/// #[async_trait]
/// impl ComponentEvents for Platform {
///     async fn receive(&self, event: ComponentEvent) -> storage::Result<()> {
///         self.client.receive_event(&event).await?;
///         if let ComponentInfo::Unauthorized { authorizer_appid, .. } = event.info {
///             println!("{authorizer_appid} is gone");
///         }
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
#[diagnostic::on_unimplemented(
    message = "`{Self}` keeps no events of a component application",
    label = "does not implement `ComponentEvents`",
    note = "implement it for a type of yours: `#[async_trait] impl ComponentEvents for Tickets`, with \
            `async fn receive(&self, event: ComponentEvent) -> storage::Result<()>`",
    note = "or give the client of the component itself, by value, whose type is declared with `component`: it keeps them"
)]
pub trait ComponentEvents: Send + Sync + 'static {
    /// Keeps what the event tells. When it returns, WeChat is told that it is kept: a ticket has to be durable by then.
    ///
    /// An older ticket may come after a newer one, when it is pushed again: keep the one of the later
    /// [`create_time`](ComponentEvent::create_time).
    ///
    /// An error is logged and answered with status 500, upon which WeChat pushes the same again. What takes longer than
    /// [`Settings::reply_within`] is answered with status 503, and so pushed again; it goes on for as long again, after which it
    /// is cancelled. A push that comes again meanwhile waits for it.
    async fn receive(&self, event: ComponentEvent) -> storage::Result<()>;
}

/// A client of the component keeps its tickets, and exchanges authorizations: see
/// [`receive_event`](crate::Client::receive_event).
#[async_trait]
#[diagnostic::do_not_recommend]
impl<C: Call<App = Component> + 'static> ComponentEvents for C {
    async fn receive(&self, event: ComponentEvent) -> storage::Result<()> {
        Ok(self.client().receive_event(&event).await?)
    }
}

#[async_trait]
impl<E: ComponentEvents + ?Sized> ComponentEvents for Arc<E> {
    async fn receive(&self, event: ComponentEvent) -> storage::Result<()> {
        (**self).receive(event).await
    }
}

/// Takes what WeChat pushes to a component application itself, at its URL for authorization events: tickets, and which
/// accounts authorize it.
///
/// `success` is answered when `events` have kept it, and not before. The keys are the component's, with its own appid: a push
/// that names another component is refused, and so is every plain one.
///
/// Given a client of the component, or a type declared with `component`, it keeps tickets and authorizations in that
/// client's storage ([`receive_event`](crate::Client::receive_event)).
///
/// ```no_run
/// # use wechat_runtime::{Client, Component, callback::{self, Keys}};
/// # fn f(platform: Client<Component>) -> Result<axum::Router, Box<dyn std::error::Error>> {
/// let keys = Keys::encrypted("wx134c8103faa5a59e", std::env::var("TOKEN")?, &std::env::var("ENCODING_AES_KEY")?)?;
/// let app = axum::Router::new().route("/wechat/events", callback::component_service(keys, platform));
/// # Ok(app) }
/// ```
pub fn component_service<S>(keys: impl IntoSettings, events: impl ComponentEvents) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let settings = Arc::new(keys.into_settings());
    let verifying = Arc::clone(&settings);
    let events = Arc::new(events);
    get(move |request: Request| {
        let span = span(&request);
        verify_url(Arc::clone(&verifying), request).instrument(span)
    })
    .post(move |request: Request| async move {
        let hand_over = |push: Push| async move {
            // Keys may take plain pushes of messages: of what everybody can write, none is kept here.
            if !push.is_encrypted {
                return Err(Refusal::Refused(Error::Plaintext).into_response());
            }
            let event = ComponentEvent::of(push.fields);
            if push.keys.appid() != Some(&*event.component_appid) {
                return Err(Refusal::Refused(Error::Appid).into_response());
            }
            let kept = events.receive(event).await;
            kept.map(|()| None).map_err(|error| failed(&error))
        };
        let span = span(&request);
        receive(settings, request, Late::PushAgain, hand_over).instrument(span).await
    })
}

/// A push, opened and read.
struct Push {
    parts: Parts,
    fields: Fields,
    format: Format,
    is_encrypted: bool,
    keys: Keys,
    /// What the path names.
    account: String,
    settings: Arc<Settings>,
}

/// What lines of log are about. The path tells the account, where there are several.
fn span(request: &Request) -> tracing::Span {
    tracing::warn_span!("wechat_push", path = ?request.uri().path())
}

async fn verify_url(settings: Arc<Settings>, request: Request) -> Response {
    let mut parts = request.into_parts().0;
    let deadline = Instant::now() + settings.reply_within;
    let verified = async {
        let query = Query::parse(parts.uri.query().unwrap_or_default())?;
        query.check_fresh(settings.now(), settings.window())?;
        let (_, keys) = look_up(&settings, &mut parts).await?;
        Ok(text(keys.verify_url(&query)?.to_owned(), "text/plain; charset=utf-8"))
    };
    let verified = timeout_at(deadline, verified).await.unwrap_or(Err(Refusal::TooSlow));
    verified.unwrap_or_else(Refusal::into_response)
}

async fn receive<F, Fut>(settings: Arc<Settings>, request: Request, late: Late, hand_over: F) -> Response
where
    F: FnOnce(Push) -> Fut,
    Fut: Future<Output = Answer> + Send + 'static,
{
    let deadline = Instant::now() + settings.reply_within;
    let opening = timeout_at(deadline, open(&settings, request)).await;
    let (query, opened, push) = match opening.unwrap_or(Err(Refusal::TooSlow)) {
        Ok(opened) => opened,
        Err(refusal) => return refusal.into_response(),
    };
    let kind = if late == Late::PushAgain { Kind::Component } else { Kind::Message };
    let handling = Handling {
        push: Fingerprint::of(kind, push.keys.appid().unwrap_or(&push.account), opened.message()),
        late,
        deadline,
        progress: Arc::default(),
        settings: Arc::clone(&settings),
    };
    let progress = Arc::clone(&handling.progress);
    let (answer, answered) = oneshot::channel();
    // A task of its own: whoever hangs up does not end it.
    let running = settings.handlers.one_more();
    tokio::spawn(handling.run(hand_over(push), answer, running).in_current_span());
    let mut answered = answered;
    let settled = match timeout_at(deadline, &mut answered).await {
        Err(_) if late == Late::AnswerSuccess && progress.answer() => {
            tracing::warn!("the handler is slow: the push is answered `success`, and a reply will be lost");
            return text("success".to_owned(), "text/plain; charset=utf-8");
        }
        // It ends at this very moment, and is to be pushed again.
        Err(_) if progress.has_ended() => answered.await.ok(),
        in_time => in_time.ok().and_then(Result::ok),
    };
    match settled {
        Some(Ok(None)) => text("success".to_owned(), "text/plain; charset=utf-8"),
        Some(Ok(Some(reply))) => {
            let reply = opened.seal(&reply, &query, settings.now());
            let content_type = if reply.starts_with('{') { "application/json" } else { "application/xml" };
            text(reply, content_type)
        }
        Some(Err(response)) => response,
        // Too late, or the runtime is being shut down.
        None => Refusal::TooSlow.into_response(),
    }
}

/// Checks and reads a push. What is wrong with it is found out as early as it can be.
async fn open(settings: &Arc<Settings>, request: Request) -> Result<(Query, Opened, Push), Refusal> {
    let (mut parts, body) = request.into_parts();
    let query = Query::parse(parts.uri.query().unwrap_or_default())?;
    query.check_fresh(settings.now(), settings.window())?;
    limited_body::check_announced(&parts.headers, settings.body_limit)?;
    let (account, keys) = look_up(settings, &mut parts).await?;
    keys.check_before_body(&query)?;
    let body = limited_body::read(body, settings.body_limit).await?;
    let opened = keys.open(&query, &body)?;
    let (fields, format) = Fields::parse_with_format(opened.message())?;
    // The signature covers when it was signed; that it was made then is for the message itself to say.
    let made: Option<u64> = number(&fields, "CreateTime");
    let is_stale = match made {
        Some(made) => made.abs_diff(settings.now()) > settings.window(),
        None => fields.has("CreateTime"),
    };
    if is_stale {
        return Err(Error::Stale.into());
    }
    let (is_encrypted, settings) = (opened.is_encrypted(), Arc::clone(settings));
    Ok((query, opened, Push { parts, fields, format, is_encrypted, keys, account, settings }))
}

/// The account that the path names, and its keys.
async fn look_up(settings: &Settings, parts: &mut Parts) -> Result<(String, Keys), Refusal> {
    let params = match parts.extract::<RawPathParams>().await {
        Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) => return Err(Refusal::NoSuchAccount),
        params => params.ok(),
    };
    let account = params.iter().flatten().map(|(_, account)| account).next().unwrap_or_default().to_owned();
    let looked_up = AssertUnwindSafe(settings.keys.keys(&account)).catch_unwind().await;
    let looked_up = looked_up.unwrap_or_else(|_| Err(storage::Error::msg("looking up the keys panicked")));
    let keys = looked_up.map_err(Refusal::Unavailable)?;
    Ok((account, keys.ok_or(Refusal::NoSuchAccount)?))
}

/// An answer that no browser takes for anything else: an `echostr` is whatever the asker wrote.
fn text(body: String, content_type: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
