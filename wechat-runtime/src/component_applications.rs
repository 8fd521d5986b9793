//! Component applications (third-party platforms): one application that acts for many accounts.
//!
//! An account's owner authorizes the component on a page of WeChat's. From then on the component calls WeChat's API for the
//! account, with an access token of the account's that it buys with the account's *refresh token*. To buy, it needs an access
//! token of its own, which it is granted for its secret and for the *verify ticket* that WeChat pushes to it every ten
//! minutes. All of that is found, refreshed and kept as a common application's token is; what is yours to do is to declare the
//! client, to let the pushes in, and to keep the refresh tokens in a storage that lasts.
//!
//! # Declare, let the pushes in, call
//!
//! With the feature `callback`:
//!
#![cfg_attr(feature = "callback", doc = "```no_run")]
#![cfg_attr(not(feature = "callback"), doc = "```text")]
//! use axum::Router;
//! use wechat_runtime::adapters::Memory; // yours: a `storage::ComponentHub` that lasts
//! use wechat_runtime::callback::{self, Keys};
//! use wechat_runtime::{Call, Error, wechat_client};
//!
//! const COMPONENT: &str = "wx3e0f8a7c5d2b1946";
//!
//! #[wechat_client(
//!     component,
//!     appid = COMPONENT,
//!     adapter_storage = Memory::new()
//!         .with_secret(COMPONENT, std::env::var("COMPONENT_SECRET").unwrap_or_default()),
//! )]
//! pub struct Platform;
//!
//! /// Works for any client, and for any account that has authorized the component.
//! async fn followers(wechat: &impl Call) -> Result<Option<u64>, Error> {
//!     Ok(wechat.get("/cgi-bin/user/get").send().await?.value()?["total"].as_u64())
//! }
//!
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let platform = Platform::new();
//!
//! // The URL for authorization events, with the Token and the EncodingAESKey, as the component's console has them.
//! let keys = Keys::encrypted(COMPONENT, std::env::var("TOKEN")?, &std::env::var("ENCODING_AES_KEY")?)?;
//! let app = Router::new().route("/wechat/events", callback::component_service(keys, platform.clone()));
//! tokio::spawn(async { axum::serve(tokio::net::TcpListener::bind("0.0.0.0:8080").await?, app).await });
//!
//! // After the first ticket, which may take ten minutes: where the owner of an account is to be sent.
//! let page = platform.preauth_url("https://platform.example/authorized").await?;
//!
//! // And once it has authorized:
//! let shop = platform.authorizer("wx1a2b3c4d5e6f7081");
//! let total = followers(&shop).await?;
//! # Ok(()) }
//! ```
//!
//! [`authorizer`](crate::Client::authorizer) is cheap: make a handle where you need one. One call names its account by
//! [`authorizer_appid`](crate::RequestBuilder::authorizer_appid), and a client that acts for one account alone declares it
//! (`authorizer_appid = "wx…"`). A call for an account that names none is an error before anything is sent.
//!
//! # What is kept when
//!
//! | WeChat pushes, or a call is answered | then |
//! |---|---|
//! | `component_verify_ticket` | the ticket is kept, unless a newer one is |
//! | `authorized`, `updateauthorized` | the code is exchanged, and the account's tokens are kept; `success` is answered after that |
//! | `unauthorized` | the account is marked (unless it has authorized in the same second, or since): calls for it fail at once, with [`ReauthorizationRequired`](crate::ErrorKind::ReauthorizationRequired) and without a call to WeChat, until it authorizes again. Other processes learn of it when their copy of its token ends, or is refused |
//! | `api_query_auth`, called by you | the tokens are kept for the account that the answer names |
//! | `api_authorizer_token`, `api_component_token`, called by you | the same as when the client calls them by itself: kept, once for all who ask, within the same budgets |
//!
//! The events are handled by [`component_service`][service], given the client; with another web framework, or for more than
//! that, call [`receive_event`][receive_event]. Nothing is kept of a call that brings a token of its own.
//!
//! # What is promised of refresh tokens
//!
//! * One that WeChat answers with is durable before anybody is told of success. Where it cannot be saved, the callers get the
//!   storage's error, and the next refresh in this process saves it.
//! * It is saved together with its access token. An answer without one, with `null` or with an empty one leaves the stored one
//!   in place; one that is replaced is kept as the previous one.
//! * An account that authorizes anew while a refresh is under way keeps its new one: what the old one has bought is dropped.
//! * One that is lost, or that WeChat refuses (61023), is looked up in `api_get_authorizer_list`, read once for all who
//!   have lost theirs; then the previous one is tried. Only after that it is
//!   [`ReauthorizationRequired`](crate::ErrorKind::ReauthorizationRequired), and nobody asks again for ten minutes, unless another
//!   one is saved.
//! * A process that is killed between WeChat's answer and the save loses nothing where the refresh token has not changed, which
//!   is what WeChat was seen to do: the next one fetches once more. A changed one, and one that a code was exchanged for, are in
//!   the list, where the next call for the account finds them.
//!
//! So a storage that forgets costs a reading of the list, 500 accounts a call. Use one that lasts all the same: an account that
//! has no permission for any API is listed without a refresh token.
//!
//! # What is asked, and in which order
//!
//! A ticket for pages is bought with the account's token, that with the component's, and that with the verify ticket. Who needs
//! several comes by them in the order component, account, ticket: nobody who refreshes one waits for who refreshes another, so
//! that none can wait for each other. However many callers need one, each is fetched once. A component's token that is refused
//! (40001, 40014, 42001) is replaced once, and the call sent once more, whether the call is yours or the purchase of an account's
//! token. Of the calls that grant something, a client has 64 on the wire at once.
//!
//! # Paths
//!
//! Below `/cgi-bin/component/`, `/sns/component/` and `/sns/oauth2/component/` the component's own token goes into the query, as
//! `component_access_token`. What is missing there is filled in: `component_appid`; the secret, under whatever name the path has
//! for it; the authorizer's appid, where the call has one. What you write yourself stays as it is. Every other path is called
//! for an authorizer, with its `access_token`. The paths of common applications that take an app secret, such as
//! `/cgi-bin/token`, are an error that names the one to call instead.
//!
//! # When it fails
//!
//! [`NoVerifyTicket`](crate::ErrorKind::NoVerifyTicket): no ticket of the last twelve hours is kept, and
//! [`verify_ticket_age`](crate::Error::verify_ticket_age) tells how old the last one is. Then the pushes do not arrive.
//! [`ReauthorizationRequired`](crate::ErrorKind::ReauthorizationRequired): the account has to authorize (again).
//! [`PermissionDenied`](crate::ErrorKind::PermissionDenied) with errcode 61007: it has, but not to this. [When a call
//! fails](crate::when_a_call_fails) has all of them.
//!
//! # A hub, and clients of it
//!
//! As for a common application, a hub owns the tokens, and the others ask it: `hub::Settings::component` serves them, and
//! `adapter_storage = "http://hub.internal:4000"` with `component` asks. See [a hub over HTTP][hub]. The hub tells nobody the
//! secret or a refresh token, so paths that need them are an error at its clients.
//!
//! But whoever has the component's own token can have WeChat list the refresh tokens (`api_get_authorizer_list`). Hold those who
//! need not have it to some accounts (`hub::Peer::appids`), or to other operations than `ComponentToken`.
//!
//! # Many accounts
//!
//! A component with 100,000 accounts needs nothing else. Tokens are refreshed when they are needed, not by a timer, and what is
//! kept in memory of an account is its token and when it was granted.
//!
#![cfg_attr(feature = "callback", doc = "[service]: crate::callback::component_service")]
#![cfg_attr(not(feature = "callback"), doc = "[service]: crate#features")]
#![cfg_attr(feature = "callback-codec", doc = "[receive_event]: crate::Client::receive_event")]
#![cfg_attr(not(feature = "callback-codec"), doc = "[receive_event]: crate#features")]
#![cfg_attr(feature = "hub", doc = "[hub]: crate::hub")]
#![cfg_attr(not(feature = "hub"), doc = "[hub]: crate#features")]
