//! Functions that messages and events are handed to.

use std::fmt::Display;
use std::future::Future;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use super::{Incoming, Reply};

/// An async function of up to eight extractors, [`Incoming`] among them, that returns a [`Reply`].
///
/// It goes to [`service`](super::service), not to axum's own routing, and axum's `debug_handler` does not know it. The extractors
/// are those of axum that need no body, which is read already. It returns what is [`IntoReply`]: a `Reply`,
/// nothing, or a `Result` of them.
///
/// ```
/// use axum::extract::{Path, State};
/// use wechat_runtime::callback::{Incoming, Reply};
/// # #[derive(Clone)] struct Shop;
/// # impl Shop { async fn order(&self, _: &str) -> Result<u32, std::io::Error> { Ok(1) } }
///
/// async fn handler(
///     State(shop): State<Shop>,
///     Path(appid): Path<String>,
///     incoming: Incoming,
/// ) -> Result<Reply, std::io::Error> {
///     let order = shop.order(&incoming.from_user_name).await?;
///     Ok(Reply::text(format!("{appid} has your order {order}")))
/// }
/// # let _: axum::Router<Shop> = axum::Router::new().route("/{appid}", wechat_runtime::callback::service(
/// #     |_: String| async { Ok::<_, std::io::Error>(None) }, handler));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler of WeChat's messages and events",
    label = "not a handler",
    note = "write an `async fn` of extractors that returns a `Reply`, such as \
            `async fn handler(State(app): State<App>, incoming: Incoming) -> Reply`",
    note = "it has up to eight extractors, none of which reads the body, and returns `Reply`, `()`, or a `Result` of them",
    note = "its future is `Send`: no `Rc` and no lock guard of `std` lives over an `.await`"
)]
pub trait Handler<T, S>: Clone + Send + Sync + 'static {
    /// Has the push handled. What an extractor, or an error of the function's, answers comes as `Err`.
    #[doc(hidden)]
    fn handle(self, parts: Parts, state: S) -> impl Future<Output = Result<Reply, Response>> + Send;
}

macro_rules! handlers {
    ($($extractor:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<F, Fut, S, R, $($extractor,)*> Handler<($($extractor,)*), S> for F
        where
            F: FnOnce($($extractor),*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = R> + Send,
            R: IntoReply,
            S: Send + Sync + 'static,
            $($extractor: FromRequestParts<S> + Send,)*
        {
            #[allow(non_snake_case, unused_mut, unused_variables, reason = "for no extractors, and by the macro's names")]
            async fn handle(self, mut parts: Parts, state: S) -> Result<Reply, Response> {
                $(
                    let extracted = $extractor::from_request_parts(&mut parts, &state).await;
                    let $extractor = extracted.map_err(|rejection| {
                        let rejection = rejection.into_response();
                        tracing::error!(status = rejection.status().as_u16(), "an extractor of the handler refused a push");
                        // What is no failure by its status would be taken for a reply.
                        let failed = rejection.status().is_client_error() || rejection.status().is_server_error();
                        if failed { rejection } else { not_handled() }
                    })?;
                )*
                self($($extractor),*).await.into_reply().map_err(|error| failed(&error))
            }
        }
    };
}

handlers!();
handlers!(A);
handlers!(A B);
handlers!(A B C);
handlers!(A B C D);
handlers!(A B C D E);
handlers!(A B C D E G);
handlers!(A B C D E G H);
handlers!(A B C D E G H I);

/// What a handler may return: a [`Reply`], nothing, or a `Result` of them.
///
/// An error is logged as it displays itself, and answered with status 500: WeChat then pushes the same again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no reply to WeChat",
    note = "a handler returns `Reply`, `()`, or a `Result` of them whose error can be displayed"
)]
pub trait IntoReply {
    /// The reply, or what an error says.
    #[doc(hidden)]
    fn into_reply(self) -> Result<Reply, String>;
}

impl IntoReply for Reply {
    fn into_reply(self) -> Result<Reply, String> {
        Ok(self)
    }
}

impl IntoReply for () {
    fn into_reply(self) -> Result<Reply, String> {
        Ok(Reply::success())
    }
}

impl<R: IntoReply, E: Display> IntoReply for Result<R, E> {
    fn into_reply(self) -> Result<Reply, String> {
        self.map_err(|error| error.to_string())?.into_reply()
    }
}

/// What is answered where a push could not be handled: WeChat is to push it again.
pub(super) fn failed(error: &dyn Display) -> Response {
    tracing::error!(%error, "a push could not be handled");
    not_handled()
}

fn not_handled() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "not handled").into_response()
}

/// As an extractor of a [`Handler`]'s; outside of [`service`](super::service) it refuses with status 500.
impl<S: Sync> FromRequestParts<S> for Incoming {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let incoming = parts.extensions.get::<Self>().cloned();
        incoming
            .ok_or((StatusCode::INTERNAL_SERVER_ERROR, "`Incoming` is for handlers of `callback::service`"))
    }
}
