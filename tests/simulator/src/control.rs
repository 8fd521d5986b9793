//! The controls over HTTP, below `/_sim/`: the library's own, for other processes and languages.

#![allow(
    clippy::unnecessary_wraps,
    reason = "controls that cannot fail stand in one table with those that can"
)]

mod apps;
mod authorizers;
mod callbacks;
mod clock;
mod components;
mod faults;
mod ledger;
mod media;
mod platform;
mod pushes;
mod visits;

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::body::AnswerBody;
use crate::error::ControlError;
use crate::platform::Platform;
use crate::request::Request;

const ROOT: &str = "/_sim";

/// One control.
struct Control {
    method: Method,
    /// The path below `/_sim/`; a segment in braces stands for any one segment.
    path: &'static str,
    /// What it does, and an example of its body where it has one.
    help: &'static str,
    handler: Handler,
}

/// What a control does.
#[derive(Clone, Copy)]
enum Handler {
    AtOnce(fn(&Command<'_>) -> Result<Value, Failure>),
    /// Reads the call at once, and then waits for something.
    Waits(fn(&Command<'_>) -> Result<Waiting, Failure>),
}

/// The answer of a control that waits.
type Waiting = Pin<Box<dyn Future<Output = Value> + Send>>;

/// A call of a control.
struct Command<'a> {
    platform: &'a Arc<Platform>,
    request: &'a Request,
    /// What stands where the path has braces, in order.
    names: Vec<&'a str>,
}

/// Why a control did nothing.
struct Failure {
    status: StatusCode,
    message: String,
}

const fn control(
    method: Method,
    path: &'static str,
    help: &'static str,
    handler: fn(&Command<'_>) -> Result<Value, Failure>,
) -> Control {
    Control { method, path, help, handler: Handler::AtOnce(handler) }
}

const fn waiting(
    method: Method,
    path: &'static str,
    help: &'static str,
    handler: fn(&Command<'_>) -> Result<Waiting, Failure>,
) -> Control {
    Control { method, path, help, handler: Handler::Waits(handler) }
}

#[rustfmt::skip]
static CONTROLS: &[Control] = &[
    control(Method::GET, "", "this list", index),
    control(Method::GET, "ledger", "what was issued and received; ?path= and ?appid= narrow it", ledger::show),
    control(Method::DELETE, "ledger", "forget what was issued and received", ledger::clear),
    control(Method::GET, "clock", "the virtual time", clock::show),
    control(Method::POST, "clock", r#"{"advance_seconds":7200} or {"set":1700000000} or {"frozen":true}"#, clock::change),
    control(Method::GET, "faults", "the faults that have yet to strike", faults::show),
    control(Method::POST, "faults", r#"{"path":"/cgi-bin/token","kind":"errcode","code":-1,"times":2}"#, faults::add),
    control(Method::DELETE, "faults", "take every fault back and let go of calls that hang", faults::clear),
    control(Method::GET, "apps", "the accounts", apps::list),
    control(Method::POST, "apps", r#"{"appid":"wx1","secret":"s","expires_in":7200}: add an account"#, apps::add),
    control(Method::GET, "apps/{appid}", "an account: settings, followers, materials, templates, tokens, tickets", apps::show),
    control(Method::POST, "apps/{appid}", r#"{"secret":"s","expires_in":300,"secret_frozen":true,"address_allowed":false,"daily_limits":{"/cgi-bin/token":3},"forced_limit":1,"media_limit":1048576,"empty_ticket":true}: change what is named"#, apps::change),
    control(Method::GET, "apps/{appid}/tokens/{line}", "the current token of a line, classic or stable", apps::token),
    control(Method::POST, "apps/{appid}/tokens/{line}/rotate", "have somebody else fetch a new token", apps::rotate),
    control(Method::POST, "apps/{appid}/tokens/{line}/revoke", "refuse the current token and the one before it", apps::revoke),
    control(Method::POST, "apps/{appid}/tokens/{line}/refuse", "refuse the current token, which stays the current one", apps::refuse),
    control(Method::GET, "apps/{appid}/media", "every file put there or uploaded, without its content", media::list),
    control(Method::POST, "apps/{appid}/media", "put the body there for media/get: ?file_name=photo.jpg, or with &length=209715200 a generated one", media::put),
    control(Method::POST, "apps/{appid}/oauth-codes", r#"{"openid":"o1","scope":"snsapi_userinfo"}: a code for /sns/oauth2/access_token"#, visits::oauth_code),
    control(Method::POST, "apps/{appid}/js-codes", r#"{"openid":"o1"}: a code for /sns/jscode2session"#, visits::js_code),
    control(Method::GET, "components", "the third-party platforms", components::list),
    control(Method::POST, "components", r#"{"appid":"wx1","secret":"s","authorizers":["wx2"],"callback":{"url":"http://127.0.0.1:8080/","token":"t","mode":"encrypted","encoding_aes_key":"…"}}: add a third-party platform"#, components::add),
    control(Method::GET, "components/{appid}", "a third-party platform: settings, token, newest ticket, how many accounts authorize it", components::show),
    control(Method::POST, "components/{appid}", r#"{"secret":"s","callback":{},"expires_in":300,"authorizer_expires_in":300,"address_allowed":false,"daily_limits":{"/cgi-bin/component/api_component_token":3},"refresh_tokens":"rotated","renewing":true,"pushing":false}: change what is named"#, components::change),
    control(Method::GET, "components/{appid}/token", "its current token", components::token),
    control(Method::POST, "components/{appid}/token/rotate", "have somebody else fetch a new token", components::rotate),
    control(Method::POST, "components/{appid}/token/revoke", "refuse the current token and the one before it", components::revoke),
    control(Method::POST, "components/{appid}/token/refuse", "refuse the current token, which stays the current one", components::refuse),
    control(Method::POST, "components/{appid}/tickets", "a new verify ticket, which is not pushed", components::issue_ticket),
    waiting(Method::POST, "components/{appid}/tickets/push", "push a new verify ticket, and tell what became of it", components::push_ticket),
    waiting(Method::POST, "components/{appid}/settled", "wait until every push that has begun, or is due, is over", components::settle),
    control(Method::GET, "components/{appid}/authorizers", "the accounts that authorize it; ?offset= and ?count= (500) page them", authorizers::list),
    waiting(Method::POST, "components/{appid}/authorizers", r#"{"appid":"wx2","anew":false,"push":true}: an account consents (anew: cancels first)"#, authorizers::authorize),
    control(Method::GET, "components/{appid}/authorizers/{authorizer}", "an account that authorizes it or did", authorizers::show),
    control(Method::POST, "components/{appid}/authorizers/{authorizer}", r#"{"permissions":[1,2],"refresh_tokens":"omitted","read_only_options":{"voice_recognize":true}}: change what is named"#, authorizers::change),
    waiting(Method::DELETE, "components/{appid}/authorizers/{authorizer}", "the account cancels; ?push=true tells of it", authorizers::cancel),
    control(Method::POST, "components/{appid}/authorizers/{authorizer}/token/rotate", "have somebody else fetch a new token", authorizers::rotate),
    control(Method::POST, "components/{appid}/authorizers/{authorizer}/token/revoke", "refuse the current token and the one before it", authorizers::revoke),
    control(Method::POST, "components/{appid}/authorizers/{authorizer}/token/refuse", "refuse the current token, which stays the current one", authorizers::refuse),
    control(Method::POST, "components/{appid}/authorizers/{authorizer}/refresh-token/replace", "a new refresh token; the one before is refused", authorizers::replace),
    waiting(Method::POST, "pushes", r#"{"appid":"wx1","url":"http://127.0.0.1:8080/","token":"t","mode":"encrypted","encoding_aes_key":"…","format":"json","component":"wx2","timeout_milliseconds":5000,"tries":3,"push":{"kind":"text","openid":"o1","content":"hello","fields":{}}}: push, and tell what became of it"#, pushes::push),
    waiting(Method::POST, "pushes/verify", "the same settings without push: the handshake of a URL", pushes::verify),
    control(Method::GET, "connections", "open connections now and at most", platform::connections),
    control(Method::GET, "errcodes", "the error table", platform::errcodes),
    control(Method::GET, "content-types", "the Content-Types that differ from the platform's", platform::content_types),
    control(Method::POST, "content-types", r#"{"path":"/cgi-bin/user/info","content_type":"text/plain"}; * is every path"#, platform::set_content_type),
    control(Method::DELETE, "content-types", "go back to the platform's own", platform::clear_content_types),
    control(Method::POST, "reset", "accounts and third-party platforms as declared; no tokens, counts, faults or notes; the clock stays", platform::reset),
];

/// Whether a path belongs to the controls rather than the platform.
pub(crate) fn is_control(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Does what a call of a control says.
pub(crate) async fn serve(platform: &Arc<Platform>, request: &Request) -> Answer {
    match dispatch(platform, request).await {
        Ok(value) => json_answer(StatusCode::OK, &value),
        Err(Failure { status, message }) => json_answer(status, &json!({ "error": message })),
    }
}

async fn dispatch(platform: &Arc<Platform>, request: &Request) -> Result<Value, Failure> {
    let path = request.path[ROOT.len()..].trim_matches('/');
    let mut methods = Vec::new();
    for control in CONTROLS {
        let Some(names) = match_path(control.path, path) else {
            continue;
        };
        if control.method == request.method {
            let command = Command { platform, request, names };
            return match control.handler {
                Handler::AtOnce(handler) => handler(&command),
                Handler::Waits(handler) => Ok(handler(&command)?.await),
            };
        }
        methods.push(control.method.as_str());
    }
    if methods.is_empty() {
        let message = format!("there is no control {ROOT}/{path}; GET {ROOT}/ lists those there are");
        return Err(Failure { status: StatusCode::NOT_FOUND, message });
    }
    let message = format!("{ROOT}/{path} takes {}, not {}", methods.join(" or "), request.method);
    Err(Failure { status: StatusCode::METHOD_NOT_ALLOWED, message })
}

/// What stands where the pattern has braces, if the path matches it.
fn match_path<'a>(pattern: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let mut names = Vec::new();
    let mut segments = path.split('/');
    for wanted in pattern.split('/') {
        let segment = segments.next()?;
        if wanted.starts_with('{') {
            names.push(segment);
        } else if wanted != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(names)
}

fn index(_: &Command<'_>) -> Result<Value, Failure> {
    let line = |control: &Control| json!({ "method": control.method.as_str(), "path": format!("{ROOT}/{}", control.path), "help": control.help });
    let controls: Vec<Value> = CONTROLS.iter().map(line).collect();
    Ok(json!({
        "controls": controls,
        "fault_kinds": faults::KINDS,
        "push_kinds": pushes::KINDS,
        "platform": crate::routes::paths().collect::<Vec<_>>(),
    }))
}

/// What a control answers that has nothing to tell.
fn done() -> Result<Value, Failure> {
    Ok(json!({ "ok": true }))
}

fn json_answer(status: StatusCode, value: &Value) -> Answer {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    Answer::new(status, "application/json", AnswerBody::Whole(Bytes::from(text)))
}

impl Command<'_> {
    /// The body's JSON object.
    fn object(&self) -> Result<Map<String, Value>, Failure> {
        serde_json::from_slice(&self.request.body)
            .map_err(|error| Failure::bad(format!("the body has to be a JSON object: {error}")))
    }

    fn name(&self, index: usize) -> &str {
        self.names.get(index).copied().unwrap_or_default()
    }
}

/// Reads the fields of an object into what they are to be.
fn fields<T: DeserializeOwned>(object: Map<String, Value>) -> Result<T, Failure> {
    serde_json::from_value(Value::Object(object)).map_err(|error| Failure::bad(error.to_string()))
}

impl Failure {
    fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: message.into() }
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        Self::bad(error.to_string())
    }
}
