//! The `#[wechat_client]` attribute.
//!
//! Depend on `wechat-runtime`, which re-exports the attribute together with everything that the generated code calls.
//! How the tokens travel: `args` and `item` read what was written, `model` checks it, `expand` writes the client, and
//! `fallback` writes the compile errors, with a stub, so that one mistake gives one error.

mod args;
mod expand;
mod fallback;
mod item;
mod model;
mod suggest;

use proc_macro::TokenStream;

use crate::{args::Args, item::Item, model::Model};

/// Makes a unit struct a client of one WeChat application: of a common one (an Official Account or a Mini Program), or,
/// with `component`, of a component application (a third-party platform).
///
/// ```text
/// use wechat_runtime::{adapters::Memory, wechat_client};
///
/// /// Our Official Account.
/// #[wechat_client(appid = "wx1f2e3d4c5b6a7988", adapter_storage = Memory::new())]
/// pub struct Wechat;
///
/// let wechat = Wechat::new();
/// let users = wechat.get("/cgi-bin/user/get").send().await?;
///
/// /// Our third-party platform.
/// #[wechat_client(component, appid = "wxc0ffee0123456789", adapter_storage = Memory::new())]
/// pub struct Platform;
///
/// let platform = Platform::new();
/// let users = platform.authorizer("wx99aa88bb77cc66dd").get("/cgi-bin/user/get").send().await?;
/// ```
///
/// Visibility, docs and other attributes of the struct are kept. The struct may stand in a module, in a function body or
/// in the expansion of a `macro_rules!`.
///
/// # Keys
///
/// | key | value | default |
/// |---|---|---|
/// | `adapter_storage` | where tokens are kept, see the next table | required |
/// | `args` | what the adapter's callbacks get, see the next table | `Default::default()` |
/// | `appid` | an expression: the application's own appid | given per call |
/// | `component` | no value: it is a component application | a common application |
/// | `authorizer_appid` | with `component` only: an expression, the appid of the account that calls are made for | given per call, or by `authorizer` |
/// | `token` | without `component` only: `stable` or `classic`, which of WeChat's two kinds of access token | `stable` |
/// | `base_url` | an expression: where WeChat's API is | `https://api.weixin.qq.com` |
/// | `expires_in` | seconds, an integer above 0 or an expression of type `u64`: caps the lifetime that WeChat grants | WeChat's own |
/// | `crate` | the path of `wechat-runtime`, where it has another name | `::wechat_runtime` |
///
/// The storage adapter is one of the application's kind: a common application takes a `storage::Hub` or a
/// `storage::Client`, a component application a `storage::ComponentHub` or a `storage::ComponentClient`. `Memory` and
/// `HubClient` of the runtime's `adapters` serve both.
///
/// # `adapter_storage` and `args`
///
/// | `adapter_storage` | `args` | generated `new` |
/// |---|---|---|
/// | any expression: `MyHub`, `MyHub::from_env()` | absent, or an expression | `new()` |
/// | a pair: `(MyHub, Region::Shanghai)` | must be absent | `new()` |
/// | a hub's URL, as a string literal: `"http://hub.internal:4000"` | must be absent | `new()` |
/// | a hub's URL and the bearer token: `("http://hub.internal:4000", bearer)` | must be absent | `new()` |
/// | the path of a unit struct: `MyHub` | `_` | `new(args)` |
/// | `_` | absent | `new(adapter)`, where the adapter's `Args` are `Default` |
/// | `_` | `_` | `new(adapter, args)` |
///
/// A hub's URL stands for `HubClient::new("http://hub.internal:4000")` of the runtime's `adapters`, and a bearer token
/// beside it for `.bearer(bearer)`: an expression that becomes a `Secret`, such as a `&str` or a `String`. The URL begins
/// with `http://` or `https://`, may have a path, and has no user, no query and no fragment. It is the hub's, not WeChat's,
/// whose address is `base_url`. For a URL that is not a literal, write the `HubClient` itself.
///
/// Where `new` takes nothing, what is declared is evaluated once, by the first `new` or `builder`, and every value of the
/// type shares the adapter and the cache in front of it. Where `new` takes an adapter or its `args`, each call binds anew.
///
/// # What is generated
///
/// * `new`, as above, and `builder`, which takes what `new` takes and gives a `ClientBuilder` for the settings made at run
///   time; a set-up that fails is reported by the builder's `build`, or by the first call of a client made by `new`.
/// * `Deref` to the runtime's `Client`, and so all that this has:
///   * `request`, `get`, `post`, `put`, `patch`, `delete`, `head`: each starts a call.
///   * `appid`, `expires_in`: what was declared.
///   * `fetch_access_token`, `refresh_access_token`, `fetch_ticket`: the token and the ticket themselves, for code that
///     needs them. A component application's `fetch_access_token(authorizer_appid)` and
///     `refresh_access_token(authorizer_appid, stale)` are about the token of one account.
///   * `jssdk_config`, `card_signature`, `choose_card_signature`: signatures for a page's front end.
///   * With `component`: `authorizer(appid)`, a handle that calls for one account as a common application's client does;
///     `authorizer_appid`, what was declared; `fetch_component_access_token` and
///     `refresh_component_access_token(stale)`, the component's own token; `preauth_url(redirect_uri)`, the address of the
///     page on which an account authorizes it.
/// * `Clone` (cheap), `Debug` (redacted), `Default` where `new` takes nothing, and the trait `Call`. Do not derive these.
///
/// A method of your own on the struct goes before one of `Client` or `Call` that has its name. So does a trait's before one of
/// `Client`, as with every `Deref`; beside one of `Call` (`get`, `fetch_ticket`, …) it is ambiguous while both traits are in
/// scope. A method that hands on to its namesake reaches it by `Call::client`, and calls itself otherwise:
///
/// ```text
/// use wechat_runtime::Call;
///
/// impl Account for Wechat {
///     fn appid(&self) -> Option<&str> {
///         self.client().appid()
///     }
/// }
/// ```
///
/// # Errors
///
/// A mistake in the keys or in the struct is a compile error on the token that caused it; all mistakes are reported at once.
#[proc_macro_attribute]
pub fn wechat_client(args: TokenStream, item: TokenStream) -> TokenStream {
    let args = Args::parse(args.into());
    let item = Item::parse(item.into());
    match Model::validate(&args, &item) {
        Ok(model) => expand::expand(&model).into(),
        Err(refusal) => fallback::expand(&refusal, &args, &item).into(),
    }
}
