//! The WeChat platform offline: access tokens, quotas, error codes and scripted faults, on real HTTP at
//! 127.0.0.1, for tests of any client.
//!
//! # A first test
//!
//! Start a platform with one account and give its address to the client under test in place of
//! `https://api.weixin.qq.com`. Here a bare HTTP client stands for it:
//!
//! ```
//! use std::time::Duration;
//! use wechat_simulator::{Fault, Line, Simulator};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let sim = Simulator::builder().app("wx1f2e3d4c5b6a7988", "secret").start().await?;
//!
//! let fetch = format!(
//!     "{}/cgi-bin/token?grant_type=client_credential&appid=wx1f2e3d4c5b6a7988&secret=secret",
//!     sim.base_url(),
//! );
//! let answer: serde_json::Value = reqwest::get(&fetch).await?.json().await?;
//! let users = format!("{}/cgi-bin/user/get?access_token={}", sim.base_url(), answer["access_token"].as_str().unwrap());
//! let page: serde_json::Value = reqwest::get(&users).await?.json().await?;
//! assert_eq!(page["total"], 3);
//!
//! // Two hours later the token has expired …
//! sim.clock().advance(Duration::from_secs(7200));
//! let refused: serde_json::Value = reqwest::get(&users).await?.json().await?;
//! assert_eq!(refused["errcode"], 42001);
//!
//! // … and the platform is busy, once.
//! sim.fault("/cgi-bin/token", Fault::errcode(-1).times(1));
//! let busy: serde_json::Value = reqwest::get(&fetch).await?.json().await?;
//! assert_eq!(busy["errcode"], -1);
//!
//! // One token was issued, two calls asked for one.
//! assert_eq!(sim.ledger().issued("wx1f2e3d4c5b6a7988", Line::Classic), 1);
//! assert_eq!(sim.ledger().token_calls("wx1f2e3d4c5b6a7988"), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! # What a test holds
//!
//! * [`Simulator`]: the running platform, on a thread of its own. It is gone when it is dropped.
//! * [`SimClock`]: the virtual time, which stands still until it is moved. Give a clone to the client too.
//! * [`Ledger`]: every token and ticket issued, every call received and what became of it, every message delivered,
//!   every push.
//! * [`Fault`]: what goes wrong with calls to a path: delays, errcodes, broken answers, lost connections.
//! * [`Account`]: one account at run time: its tokens, secret, quotas and files, changed behind the client's back.
//! * [`ComponentAccount`]: one third-party platform at run time: its tokens and tickets, and who authorizes it; an
//!   [`Authorizer`] is one of those.
//! * [`Pusher`]: what sends messages and events to a developer's server, and tells what its answers come to.
//!
//! # What is served
//!
//! | path | |
//! |---|---|
//! | `GET /cgi-bin/token` | the [classic](Line::Classic) token: each call replaces it, the one before works for 300 s more; 2000 a day |
//! | `POST /cgi-bin/stable_token` | the [stable](Line::Stable) token: the same one until its last 300 s; forced refreshes 30 s apart and 20 a day |
//! | `GET /cgi-bin/user/info`, `user/get` | [followers](Follower) |
//! | `POST /cgi-bin/material/batchget_material`, `GET …/get_materialcount` | [materials](Material) |
//! | `POST /cgi-bin/material/add_material`, `get_material`, `del_material` | [permanent files](MediaStore::Material) |
//! | `POST /cgi-bin/media/upload`, `uploadimg`, `GET …/get`, `get/jssdk` | [files](Media) for three days, and pictures for articles |
//! | `POST /cgi-bin/message/template/send` | [messages](Message) |
//! | `POST /cgi-bin/menu/create`, `qrcode/create` | checked, not kept |
//! | `GET /cgi-bin/ticket/getticket` | [tickets](TicketType): the same one for its 7200 s |
//! | `GET /cgi-bin/getcallbackip`, `get_api_domain_ip` | addresses |
//! | `POST /cgi-bin/clear_quota`, `clear_quota/v2`, `openapi/quota/get` | quotas, by Beijing days; 10 clearings a month |
//! | `GET /sns/oauth2/access_token`, `refresh_token`, `/sns/userinfo`, `/sns/auth` | users who log in to pages, by [codes](Account::oauth_code) |
//! | `GET /sns/jscode2session` | users of mini programs, by [codes](Account::js_code) |
//! | `POST /cgi-bin/component/api_component_token` | a third-party platform's token: each call replaces it, the one before works for 300 s more; 2000 a day |
//! | `POST /cgi-bin/component/api_start_push_ticket` | tickets begin to be pushed |
//! | `POST /cgi-bin/component/api_create_preauthcode`, `api_query_auth` | [consent](ComponentAccount::authorize) and its codes |
//! | `POST /cgi-bin/component/api_authorizer_token` | an account's token for the third-party platform, a new one each time, by [refresh tokens](RefreshTokens) |
//! | `POST /cgi-bin/component/api_get_authorizer_info`, `api_get_authorizer_list` | who authorizes it |
//! | `POST /cgi-bin/component/api_get_authorizer_option`, `api_set_authorizer_option`, the same without `api_` | three options of each |
//! | `POST /cgi-bin/component/clear_quota/v2` | its own quota or an account's |
//! | `GET /sns/oauth2/component/access_token`, `refresh_token`, `/sns/component/jscode2session` | users of the accounts that it acts for |
//! | everything else | 40066 |
//!
//! Errors come with HTTP status 200, a code of the [table](ERRCODES) and a tracing id whose first group is
//! the virtual clock. JSON is raw UTF-8 with `\/` for `/`, under Content-Types that are rarely right. A
//! chunked request body is answered 412 with a page of HTML.
//!
//! # Uploads and downloads
//!
//! A form is read strictly. Its file stands in a part named `media` that has a `filename`, in raw UTF-8;
//! quotes and line breaks in it are escaped as `%22`, `%0D%0A` or `\"`. A part without one, or with
//! `filename*` only, is no file, and a form that is not well formed is none at all: 41005. A part may have
//! Content-Disposition, Content-Type, Content-Length and Content-Transfer-Encoding once each and nothing
//! else, so a name that breaks out of its quotes or its line is found out, except where what it leaves
//! behind is a well-formed form in its own right. A Content-Type that names no boundary is put up with.
//!
//! The order of the checks: no body at all (44002), form (41005), `type` in the query or else in the form
//! (40004), a film's `description` (47001), file (41005), its content (44001), its extension (40113), its
//! size (45001). What is taken of a picture is bmp, png, jpeg, jpg and gif up to 2 MiB; of a sound mp3, wma,
//! wav, amr, speex and spx up to 5 MiB; of a film mp4 up to 10 MiB; of a thumb jpg and jpeg up to 64 KiB;
//! by `uploadimg` jpg and png up to 1 MiB. [`App::media_limit`] and [`Builder::body_limit`] raise that.
//!
//! A download is the file with its own Content-Type and the name `MEDIA_ID.jpg`; of a film it is JSON with
//! an address where nothing is served. [`Account::put_generated_media`] makes one of any length.
//!
//! # Users who log in
//!
//! The checks of a code: appid (41002, 40013), `grant_type` (40002), secret (41004, 40125, 40243), code
//! (41008), known and of this account (40029), unused (40163), of age: 42003 for a page's, 40029 for a
//! mini program's. Of a user's token: there (41001), known (40001), of age (42001), its openid (40003), its
//! scope (48001).
//!
//! # Third-party platforms
//!
//! A [`Component`] holds its own token by its secret and a ticket, and acts for the accounts that authorize it. Those
//! need not be declared: an account that is none of the [`App`]s has the data of a bare one, made when it is first
//! asked for. Every path for accounts takes an authorizer's token in place of the account's own, and both work on the
//! same data and the same quota.
//!
//! ```
//! use wechat_simulator::{Component, Simulator};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let component = Component::new("wx3e0f8a7c5d2b1946", "component-secret").authorizer("wx1f2e3d4c5b6a7988");
//! let sim = Simulator::builder().with_component(component).start().await?;
//! let component = sim.component("wx3e0f8a7c5d2b1946").unwrap();
//!
//! let ask = async |path: &str, body: serde_json::Value| {
//!     let url = format!("{}/cgi-bin/component/{path}", sim.base_url());
//!     reqwest::Client::new().post(url).json(&body).send().await?.json::<serde_json::Value>().await
//! };
//! let answer = ask("api_component_token", serde_json::json!({
//!     "component_appid": "wx3e0f8a7c5d2b1946",
//!     "component_appsecret": "component-secret",
//!     "component_verify_ticket": component.verify_ticket(),
//! })).await?;
//! let token = answer["component_access_token"].as_str().unwrap();
//!
//! // Another account consents, and its code is changed for tokens.
//! let consent = component.authorize("wx99aa88bb77cc66dd");
//! let answer = ask(&format!("api_query_auth?component_access_token={token}"), serde_json::json!({
//!     "component_appid": "wx3e0f8a7c5d2b1946",
//!     "authorization_code": consent.authorization_code(),
//! })).await?;
//! assert_eq!(answer["authorization_info"]["authorizer_appid"], "wx99aa88bb77cc66dd");
//! assert_eq!(sim.ledger().authorizer_issued("wx3e0f8a7c5d2b1946", "wx99aa88bb77cc66dd"), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! The checks of `api_component_token`: `component_appid` (41018, 40013, 61011), secret (41004, 40125), address
//! (61004), ticket (61006, 61005 after 12 hours), quota (45009). Of its other paths: token under either name (41001,
//! 40001, 42001, 61014 for one that is not its own), body, `component_appid` (41018, 40013), `authorizer_appid`
//! (40013, 61003), and then the path's own. Of an authorizer's token at an account's paths: good (40001, 42001), not
//! cancelled (61003), of a granted permission set (61007). A third-party platform's own token answers 40001 there,
//! except at `clear_quota` and `openapi/quota/get`; its appid at an account's token endpoints answers 61024.
//!
//! A new ticket is pushed to the [callback](Component::callback) at the end of every ten minutes of the clock, and one
//! only where the clock passes several such ends at once. [`ComponentAccount::settled`] waits for those that are due.
//! Of consent and cancellation it is told where the test says so.
//!
//! # Pushes
//!
//! What a user writes or does, and what a third-party platform is told, goes by POST to the developer's server.
//! [`Simulator::pusher`] takes an account's settings, a [`Callback`]; [`Push`] has every kind of message, event
//! and `InfoType`; [`Delivery`] says what became of one. Here the server is a few lines that answer `success`:
//!
//! ```
//! use std::io::{Read, Write};
//! use wechat_simulator::{Answer, Callback, Push, Simulator};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! let url = format!("http://{}/wechat", listener.local_addr()?);
//! std::thread::spawn(move || {
//!     let (mut stream, _) = listener.accept().unwrap();
//!     stream.read(&mut [0; 4096]).unwrap();
//!     stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nsuccess").unwrap();
//!     # // Closing with something unread would cut the answer off.
//!     # let _ = std::io::copy(&mut stream, &mut std::io::sink());
//! });
//!
//! let sim = Simulator::builder().start().await?;
//! let key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
//! let pusher = sim.pusher("wx1f2e3d4c5b6a7988", Callback::encrypted(url, "token", key))?;
//! let delivery = pusher.push(Push::text("o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "你好")).await;
//! assert_eq!(delivery.answer(), &Answer::Success);
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! A push is tried three times for want of an answer of status 200, each time for 5 s of real time, on a connection
//! of its own; at most 1024 of a pusher's tries are on the wire at once. `timestamp` and `CreateTime` are the
//! [clock's](SimClock). `ToUserName` is a `gh_…` made from the appid.
//!
//! An answer is `success` or nothing to the letter, or a reply, which is read as the platform would: encrypted if
//! the push was (in compatible mode either way), `MsgSignature`, the appid inside and the format right, the
//! request's nonce, user and account in their places, and the fields that its `MsgType` needs. Anything else of
//! status 200 is [not understood](Answer::NotUnderstood), for which the platform tells the user that the account is
//! out of service. News for a third-party platform, such as its ticket, takes `success` alone.
//!
//! [`Pusher::sign`] gives the request instead of sending it, so that a test can replay it, spoil it, and
//! [send](Pusher::send) it.
//!
//! The same controls are served below `/_sim/` of the same address, for other processes and languages;
//! `GET /_sim/` lists them. `cargo run -p wechat-simulator -- --port 8900 --app APPID:SECRET` starts the
//! platform as a program; `--component APPID:SECRET` adds a third-party platform.

mod account;
mod answer;
mod app;
mod beijing;
mod body;
mod callback;
mod clock;
mod component;
mod content;
mod control;
mod delivery;
mod dialect;
mod document;
mod endpoints;
mod errcode;
mod error;
mod fault;
mod gate;
mod ledger;
mod line;
mod login;
mod media;
mod multipart;
mod permissions;
mod platform;
mod push;
mod pusher;
mod quota;
mod random;
mod request;
mod routes;
mod schedule;
mod serve;
mod server;
mod simulator;
mod state;
mod sync;
mod ticket;
mod upload;
mod vault;
mod wire;

pub use account::Account;
pub use app::App;
pub use callback::Callback;
pub use clock::SimClock;
pub use component::{Authorized, Authorizer, Component, ComponentAccount, RefreshTokens};
pub use content::{Follower, Material, MaterialKind};
pub use delivery::{Answer, Attempt, Delivery, ReceivedReply, Verification};
pub use errcode::{ERRCODES, Errcode};
pub use error::{ControlError, StartError};
pub use fault::{Fault, ScriptedFault};
pub use ledger::{AuthorizerIssue, Call, Cause, ComponentIssue, Issue, Ledger, Message, Pushed, TicketIssue};
pub use line::Line;
pub use media::{Media, MediaKind, MediaStore};
pub use push::{Field, Push};
pub use pusher::{Pusher, SignedPush};
pub use simulator::{Builder, Simulator};
pub use ticket::TicketType;

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
