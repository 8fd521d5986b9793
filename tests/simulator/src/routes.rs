//! The paths that the platform serves, as data: who may call them, how, how often, and what answers.

use hyper::Method;

use crate::answer::Reply;
use crate::endpoints::{
    Exchange, base, component, material, media, menu, message, qrcode, sns, ticket, token, user,
};
use crate::errcode::Refusal;
use crate::quota::Limits;

/// One path.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) verb: Verb,
    pub(crate) credential: Credential,
    pub(crate) limits: Limits,
    pub(crate) handler: Handler,
}

/// What answers a call that was admitted.
pub(crate) type Handler = fn(&Exchange<'_>) -> Result<Reply, Refusal>;

/// The method that a path wants. One that wants POST wants a JSON object as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    /// POST with everything in the query.
    PostQuery,
    /// POST of a form, which the endpoint reads.
    PostForm,
}

impl Verb {
    /// Refuses the wrong method: 43001 or 43002. HEAD is a GET without its body.
    pub(crate) fn check(self, method: &Method) -> Result<(), Refusal> {
        match self {
            Verb::Get if method == Method::GET || method == Method::HEAD => Ok(()),
            Verb::Get => Err(Refusal::new(43001)),
            Verb::Post | Verb::PostQuery | Verb::PostForm if method == Method::POST => Ok(()),
            Verb::Post | Verb::PostQuery | Verb::PostForm => Err(Refusal::new(43002)),
        }
    }
}

/// How a caller proves who it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Credential {
    /// `access_token` in the query, nowhere else: an account's own, or that of a third-party platform which the
    /// account authorized.
    AccessToken,
    /// The same, or a third-party platform's own token, which calls for itself.
    AnyToken,
    /// `appid` and a secret.
    Secret(SecretRule),
    /// `appid` and this `grant_type` in the query.
    Appid(&'static str),
    /// A user's `access_token` in the query; an application's is none.
    UserToken,
    /// `component_appid` and a secret in the body.
    ComponentSecret(ComponentRule),
    /// A third-party platform's token in the query.
    ComponentToken {
        /// Whether the body has to name it in `component_appid`.
        named: bool,
        /// Whether the token of an account that authorized one will do.
        authorizers: bool,
    },
    /// `appid` of an account, this `grant_type`, and a third-party platform's appid and token in the query.
    ThroughComponent(&'static str),
}

/// Where the appid and the secret stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretRule {
    pub(crate) place: Place,
    /// The name of the secret's parameter.
    pub(crate) secret: &'static str,
    /// What `grant_type` has to be, where there is one.
    pub(crate) grant_type: Option<&'static str>,
    /// Whether the caller has to be on the account's IP whitelist.
    pub(crate) whitelist: bool,
}

/// What a third-party platform's secret is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ComponentRule {
    pub(crate) secret: &'static str,
    /// Whether a verify ticket and a registered address are wanted as well: for its token.
    pub(crate) ticket: bool,
}

/// The part of a request that parameters stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    Body,
}

/// The `grant_type` of an application's own token, which marks a token endpoint.
const CLIENT: &str = "client_credential";

/// The `grant_type` with which a user's code is changed for something.
const CODE: &str = "authorization_code";

/// The `grant_type` with which a user's token is prolonged.
const REFRESH: &str = "refresh_token";

const UNLIMITED: Limits = Limits { daily: None, minutely: None };

const fn daily(calls: u64) -> Limits {
    Limits { daily: Some(calls), minutely: None }
}

const fn token_endpoint(place: Place) -> Credential {
    Credential::Secret(SecretRule { place, secret: "secret", grant_type: Some(CLIENT), whitelist: true })
}

const fn by_token(path: &'static str, verb: Verb, limits: Limits, handler: Handler) -> Route {
    Route { path, verb, credential: Credential::AccessToken, limits, handler }
}

/// A path where a user's code is changed for something, with the account's secret. The whitelist is for
/// token endpoints only.
const fn by_code(path: &'static str, limits: Limits, handler: Handler) -> Route {
    let rule = SecretRule { place: Place::Query, secret: "secret", grant_type: Some(CODE), whitelist: false };
    Route { path, verb: Verb::Get, credential: Credential::Secret(rule), limits, handler }
}

const fn by_user_token(path: &'static str, handler: Handler) -> Route {
    Route { path, verb: Verb::Get, credential: Credential::UserToken, limits: UNLIMITED, handler }
}

/// A path of a third-party platform with its secret.
const fn by_component_secret(
    path: &'static str,
    secret: &'static str,
    ticket: bool,
    limits: Limits,
    handler: Handler,
) -> Route {
    let credential = Credential::ComponentSecret(ComponentRule { secret, ticket });
    Route { path, verb: Verb::Post, credential, limits, handler }
}

/// A path of a third-party platform with its token.
const fn by_component(path: &'static str, handler: Handler) -> Route {
    let credential = Credential::ComponentToken { named: true, authorizers: false };
    Route { path, verb: Verb::Post, credential, limits: UNLIMITED, handler }
}

/// One of the newer pages' paths of an account's options, with a body of little more than the option.
const fn by_either(path: &'static str, handler: Handler) -> Route {
    let credential = Credential::ComponentToken { named: false, authorizers: true };
    Route { path, verb: Verb::Post, credential, limits: UNLIMITED, handler }
}

const fn through_component(path: &'static str, grant_type: &'static str, handler: Handler) -> Route {
    let credential = Credential::ThroughComponent(grant_type);
    Route { path, verb: Verb::Get, credential, limits: UNLIMITED, handler }
}

const fn by_any_token(path: &'static str, handler: Handler) -> Route {
    Route { path, verb: Verb::Post, credential: Credential::AnyToken, limits: UNLIMITED, handler }
}

static ROUTES: &[Route] = &[
    Route {
        path: "/cgi-bin/token",
        verb: Verb::Get,
        credential: token_endpoint(Place::Query),
        limits: daily(2000),
        handler: token::classic,
    },
    Route {
        path: "/cgi-bin/stable_token",
        verb: Verb::Post,
        credential: token_endpoint(Place::Body),
        limits: Limits { daily: Some(500_000), minutely: Some(10_000) },
        handler: token::stable,
    },
    Route {
        path: "/cgi-bin/clear_quota/v2",
        verb: Verb::PostQuery,
        credential: Credential::Secret(SecretRule {
            place: Place::Query,
            secret: "appsecret",
            grant_type: None,
            whitelist: true,
        }),
        limits: UNLIMITED,
        handler: base::clear_quota_v2,
    },
    by_any_token("/cgi-bin/clear_quota", base::clear_quota),
    by_any_token("/cgi-bin/openapi/quota/get", base::quota),
    by_token("/cgi-bin/getcallbackip", Verb::Get, UNLIMITED, base::ip_list),
    by_token("/cgi-bin/get_api_domain_ip", Verb::Get, UNLIMITED, base::ip_list),
    by_token("/cgi-bin/user/info", Verb::Get, daily(5_000_000), user::info),
    by_token("/cgi-bin/user/get", Verb::Get, daily(500), user::get),
    by_token("/cgi-bin/material/get_materialcount", Verb::Get, UNLIMITED, material::count),
    by_token("/cgi-bin/material/batchget_material", Verb::Post, UNLIMITED, material::batchget),
    by_token("/cgi-bin/material/add_material", Verb::PostForm, UNLIMITED, material::add),
    by_token("/cgi-bin/material/get_material", Verb::Post, UNLIMITED, material::get),
    by_token("/cgi-bin/material/del_material", Verb::Post, UNLIMITED, material::delete),
    by_token("/cgi-bin/media/upload", Verb::PostForm, daily(100_000), media::upload),
    by_token("/cgi-bin/media/uploadimg", Verb::PostForm, UNLIMITED, media::upload_picture),
    by_token("/cgi-bin/media/get", Verb::Get, daily(200_000), media::get),
    by_token("/cgi-bin/media/get/jssdk", Verb::Get, UNLIMITED, media::get_jssdk),
    by_token("/cgi-bin/message/template/send", Verb::Post, UNLIMITED, message::template_send),
    by_token("/cgi-bin/menu/create", Verb::Post, daily(1000), menu::create),
    by_token("/cgi-bin/ticket/getticket", Verb::Get, UNLIMITED, ticket::get),
    by_token("/cgi-bin/qrcode/create", Verb::Post, daily(100_000), qrcode::create),
    by_code("/sns/oauth2/access_token", Limits { daily: None, minutely: Some(50_000) }, sns::access_token),
    by_code("/sns/jscode2session", UNLIMITED, sns::code_to_session),
    Route {
        path: "/sns/oauth2/refresh_token",
        verb: Verb::Get,
        credential: Credential::Appid(REFRESH),
        limits: UNLIMITED,
        handler: sns::refresh_token,
    },
    by_user_token("/sns/userinfo", sns::userinfo),
    by_user_token("/sns/auth", sns::auth),
    by_component_secret(
        "/cgi-bin/component/api_component_token",
        "component_appsecret",
        true,
        // The documentation has no number; this is that of an account's token.
        daily(2000),
        component::component_token,
    ),
    by_component_secret(
        "/cgi-bin/component/api_start_push_ticket",
        "component_secret",
        false,
        UNLIMITED,
        component::start_push_ticket,
    ),
    by_component_secret(
        "/cgi-bin/component/clear_quota/v2",
        "appsecret",
        false,
        UNLIMITED,
        base::clear_component_quota,
    ),
    by_component("/cgi-bin/component/api_create_preauthcode", component::create_preauthcode),
    by_component("/cgi-bin/component/api_query_auth", component::query_auth),
    by_component("/cgi-bin/component/api_authorizer_token", component::authorizer_token),
    by_component("/cgi-bin/component/api_get_authorizer_info", component::authorizer_info),
    by_component("/cgi-bin/component/api_get_authorizer_list", component::authorizer_list),
    by_component("/cgi-bin/component/api_get_authorizer_option", component::get_option),
    by_component("/cgi-bin/component/api_set_authorizer_option", component::set_option),
    by_either("/cgi-bin/component/get_authorizer_option", component::get_option_unnamed),
    by_either("/cgi-bin/component/set_authorizer_option", component::set_option),
    through_component("/sns/oauth2/component/access_token", CODE, sns::access_token),
    through_component("/sns/oauth2/component/refresh_token", REFRESH, sns::refresh_token),
    through_component("/sns/component/jscode2session", CODE, sns::code_to_session),
];

/// The route of a path.
pub(crate) fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}

/// Every path that is served.
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|route| route.path)
}

impl Route {
    /// Whether it gives out an account's or a third-party platform's own tokens.
    pub(crate) fn is_token_endpoint(&self) -> bool {
        matches!(
            self.credential,
            Credential::Secret(SecretRule { grant_type: Some(CLIENT), .. })
                | Credential::ComponentSecret(ComponentRule { ticket: true, .. })
        )
    }
}
