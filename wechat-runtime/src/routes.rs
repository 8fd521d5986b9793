//! The table of paths: which credential a call needs, what it is filled in with, what its success means.

use std::sync::LazyLock;

use crate::application::Kind;
use crate::credential::Credential;
use crate::errcode::ErrorKind;
use crate::{Error, TokenKind};

/// What a path of WeChat's needs.
#[derive(Debug)]
pub(crate) struct Route {
    /// The path; with a `*` at its end, every path that begins so.
    path: &'static str,
    /// The kind of application whose calls the row is for; none for both.
    of: Option<Kind>,
    pub(crate) needs: Needs,
    /// Parameters that are filled in where the caller has not written them.
    pub(crate) fills: &'static [Filled],
    pub(crate) success: Success,
    /// Whether a call uses something up, as a user's code: it is not sent again by itself, whatever its method.
    pub(crate) spends: bool,
    /// What the path grants, where that is what the client itself keeps: then the client answers for it.
    pub(crate) grants: Option<Grants>,
}

/// The credential that is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// The access token of the account: of a component application, the authorizer's.
    AccessToken,
    /// The component application's own access token.
    ComponentToken,
    /// None: the caller brings what the path needs.
    Nothing,
    /// Not to be called by an application of this kind, or not like this: the text says what to do instead.
    AnotherWay(&'static str),
}

/// A credential that a path grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grants {
    Token(TokenKind),
    ComponentToken,
    AuthorizerToken,
    Ticket,
}

/// A parameter that is filled in, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) place: Place,
    pub(crate) name: &'static str,
    pub(crate) with: Fill,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    /// A field of a JSON object.
    Body,
}

/// What a parameter is filled in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// The application's appid.
    Appid,
    /// The authorizer's appid, which the path cannot do without.
    Authorizer,
    /// The authorizer's appid, where the call is made for one.
    AuthorizerIfAny,
    Secret,
    Word(&'static str),
}

/// What a success of the call means for the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Success {
    NothingMore,
    /// The account's quotas have started anew.
    QuotaCleared,
    /// The answer has the tokens of an account that has authorized the component.
    Authorized,
}

const PLAIN: Route = Route {
    path: "/*",
    of: None,
    needs: Needs::AccessToken,
    fills: &[],
    success: Success::NothingMore,
    spends: false,
    grants: None,
};

/// What brings its own credentials, or needs none.
const FREE: Route = Route { needs: Needs::Nothing, ..PLAIN };

/// A user's code is good for one call.
const LOGIN: Route = Route { of: COMMON, fills: &[APPID, SECRET, BY_CODE], spends: true, ..FREE };

/// What a component application calls with its own token.
const OWN: Route = Route {
    of: COMPONENT,
    needs: Needs::ComponentToken,
    fills: &[IN_BODY_COMPONENT_APPID, IN_BODY_AUTHORIZER_APPID],
    ..PLAIN
};

/// What it calls for an authorizer's users.
const FOR_USERS: Route = Route { fills: &[AUTHORIZER, COMPONENT_APPID], ..OWN };

const COMMON: Option<Kind> = Some(Kind::Common);
const COMPONENT: Option<Kind> = Some(Kind::Component);

// The paths that grant what is kept, and those that the client calls by itself.
pub(crate) const CLASSIC_TOKEN: &str = "/cgi-bin/token";
pub(crate) const STABLE_TOKEN: &str = "/cgi-bin/stable_token";
pub(crate) const COMPONENT_TOKEN: &str = "/cgi-bin/component/api_component_token";
pub(crate) const AUTHORIZER_TOKEN: &str = "/cgi-bin/component/api_authorizer_token";
pub(crate) const AUTHORIZER_LIST: &str = "/cgi-bin/component/api_get_authorizer_list";
pub(crate) const QUERY_AUTH: &str = "/cgi-bin/component/api_query_auth";
pub(crate) const CREATE_PREAUTHCODE: &str = "/cgi-bin/component/api_create_preauthcode";
pub(crate) const GET_TICKET: &str = "/cgi-bin/ticket/getticket";

const fn in_query(name: &'static str, with: Fill) -> Filled {
    Filled { place: Place::Query, name, with }
}

const fn in_body(name: &'static str, with: Fill) -> Filled {
    Filled { place: Place::Body, name, with }
}

const APPID: Filled = in_query("appid", Fill::Appid);
const APPSECRET: Filled = in_query("appsecret", Fill::Secret);
const SECRET: Filled = in_query("secret", Fill::Secret);
const BY_CODE: Filled = in_query("grant_type", Fill::Word("authorization_code"));
const BY_REFRESH_TOKEN: Filled = in_query("grant_type", Fill::Word("refresh_token"));
const AUTHORIZER: Filled = in_query("appid", Fill::Authorizer);
const COMPONENT_APPID: Filled = in_query("component_appid", Fill::Appid);
const IN_BODY_COMPONENT_APPID: Filled = in_body("component_appid", Fill::Appid);
const IN_BODY_AUTHORIZER_APPID: Filled = in_body("authorizer_appid", Fill::AuthorizerIfAny);

// What an application of one kind is told that calls for the other's.
const OF_COMPONENTS: &str =
    "belongs to component applications (third-party platforms): declare the client with `component`";
const TOKEN_OF_COMMON: &str = "grants the tokens of common applications: an account's come by `authorizer(\"wx…\").fetch_access_token()`, and the \
     component's own by `fetch_component_access_token`";
const LOGIN_OF_COMMON: &str = "is called with an account's own app secret, which a component application has not: call \
                               /sns/oauth2/component/access_token or /sns/component/jscode2session";
const REFRESH_OF_COMMON: &str = "belongs to common applications: call /sns/oauth2/component/refresh_token";
const QUOTA_OF_COMMON: &str = "is called with an account's own app secret, which a component application has not: call \
                               /cgi-bin/component/clear_quota/v2";

/// Read from the top: the first row that fits counts.
#[rustfmt::skip]
const ROUTES: &[Route] = &[
    Route { path: CLASSIC_TOKEN, of: COMMON, grants: Some(Grants::Token(TokenKind::Classic)), ..FREE },
    Route { path: CLASSIC_TOKEN, needs: Needs::AnotherWay(TOKEN_OF_COMMON), ..PLAIN },
    Route { path: STABLE_TOKEN, of: COMMON, grants: Some(Grants::Token(TokenKind::Stable)), ..FREE },
    Route { path: STABLE_TOKEN, needs: Needs::AnotherWay(TOKEN_OF_COMMON), ..PLAIN },
    Route { path: GET_TICKET, grants: Some(Grants::Ticket), ..PLAIN },

    Route { path: COMPONENT_TOKEN, grants: Some(Grants::ComponentToken), fills: &[], needs: Needs::Nothing, ..OWN },
    Route { path: AUTHORIZER_TOKEN, grants: Some(Grants::AuthorizerToken), ..OWN },
    Route { path: QUERY_AUTH, success: Success::Authorized, spends: true, fills: &[IN_BODY_COMPONENT_APPID], ..OWN },
    Route {
        path: "/cgi-bin/component/api_start_push_ticket",
        of: COMPONENT,
        fills: &[IN_BODY_COMPONENT_APPID, in_body("component_secret", Fill::Secret)],
        ..FREE
    },
    Route {
        path: "/cgi-bin/component/clear_quota/v2",
        of: COMPONENT,
        fills: &[
            IN_BODY_COMPONENT_APPID,
            in_body("appsecret", Fill::Secret),
            in_body("appid", Fill::AuthorizerIfAny),
        ],
        success: Success::QuotaCleared,
        ..FREE
    },
    Route { path: "/cgi-bin/component/*", ..OWN },
    Route { path: "/cgi-bin/component/*", needs: Needs::AnotherWay(OF_COMPONENTS), ..PLAIN },
    Route { path: "/sns/component/jscode2session", fills: &[AUTHORIZER, BY_CODE, COMPONENT_APPID], spends: true, ..OWN },
    Route { path: "/sns/component/*", ..FOR_USERS },
    Route { path: "/sns/component/*", needs: Needs::AnotherWay(OF_COMPONENTS), ..PLAIN },
    Route { path: "/sns/oauth2/component/access_token", fills: &[AUTHORIZER, BY_CODE, COMPONENT_APPID], spends: true, ..OWN },
    Route { path: "/sns/oauth2/component/refresh_token", fills: &[AUTHORIZER, BY_REFRESH_TOKEN, COMPONENT_APPID], ..OWN },
    Route { path: "/sns/oauth2/component/*", ..FOR_USERS },
    Route { path: "/sns/oauth2/component/*", needs: Needs::AnotherWay(OF_COMPONENTS), ..PLAIN },

    Route { path: "/cgi-bin/clear_quota", success: Success::QuotaCleared, ..PLAIN },
    Route { path: "/cgi-bin/clear_quota/v2", of: COMMON, fills: &[APPID, APPSECRET], success: Success::QuotaCleared, ..FREE },
    Route { path: "/cgi-bin/clear_quota/v2", needs: Needs::AnotherWay(QUOTA_OF_COMMON), ..PLAIN },
    Route { path: "/sns/oauth2/access_token", ..LOGIN },
    Route { path: "/sns/oauth2/access_token", needs: Needs::AnotherWay(LOGIN_OF_COMMON), ..PLAIN },
    Route { path: "/sns/jscode2session", ..LOGIN },
    Route { path: "/sns/jscode2session", needs: Needs::AnotherWay(LOGIN_OF_COMMON), ..PLAIN },
    Route { path: "/sns/oauth2/refresh_token", of: COMMON, fills: &[APPID, BY_REFRESH_TOKEN], ..FREE },
    Route { path: "/sns/oauth2/refresh_token", needs: Needs::AnotherWay(REFRESH_OF_COMMON), ..PLAIN },
    Route { path: "/sns/*", ..FREE },
    Route { path: "/sns", ..FREE },
    PLAIN,
];

/// The rows that a path can fit, by its length, in the order of the table; those of the last are for all that are longer.
/// Each call looks for its row, and most rows differ from its path in that already.
static BY_LENGTH: LazyLock<Vec<Vec<&Route>>> = LazyLock::new(|| {
    let longest = ROUTES.iter().map(|route| route.path.len()).max().unwrap_or(0);
    let of_length = |length| ROUTES.iter().filter(|route| route.fits_length(length)).collect();
    (0..=longest + 1).map(of_length).collect()
});

impl Route {
    /// The row for one of WeChat's paths, called by an application of this kind.
    pub(crate) fn of(kind: Kind, path: &str) -> &'static Self {
        let fits = |route: &&&'static Self| route.of.is_none_or(|of| of == kind) && route.fits(path);
        let by_length = BY_LENGTH.get(path.len()).or(BY_LENGTH.last());
        by_length.and_then(|rows| rows.iter().find(fits)).map_or(&PLAIN, |route| route)
    }

    /// Whether a path of this length can fit.
    fn fits_length(&self, length: usize) -> bool {
        match self.path.strip_suffix('*') {
            Some(start) => length >= start.len(),
            None => length == self.path.len(),
        }
    }

    fn fits(&self, path: &str) -> bool {
        // Whether WeChat minds the case of a path is not known, so that here it does not decide who gets a token.
        let path = path.as_bytes();
        match self.path.as_bytes() {
            [start @ .., b'*'] => {
                path.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
            }
            whole => path.eq_ignore_ascii_case(whole),
        }
    }

    /// Whether the application that the call is for stands among the parameters: then what is filled in beside it is that
    /// application's.
    pub(crate) fn names_application(&self) -> bool {
        !self.fills.is_empty() || matches!(self.grants, Some(Grants::Token(_) | Grants::ComponentToken))
    }

    /// What the authorizer is called among the parameters, and where it stands.
    pub(crate) fn authorizer(&self) -> Option<(Place, &'static str)> {
        let named =
            self.fills.iter().find(|fill| matches!(fill.with, Fill::Authorizer | Fill::AuthorizerIfAny));
        named.map(|fill| (fill.place, fill.name))
    }

    /// Whether the call needs an authorizer.
    pub(crate) fn wants_authorizer(&self) -> bool {
        let required = self.fills.iter().any(|fill| fill.with == Fill::Authorizer);
        required || self.needs == Needs::AccessToken || self.grants == Some(Grants::AuthorizerToken)
    }

    /// Whether only an owner of credentials can make the call, because what comes back has to be kept.
    pub(crate) fn is_owners(&self) -> bool {
        self.grants.is_some_and(|grants| grants != Grants::Ticket) || self.success == Success::Authorized
    }

    /// The credential that is injected, or whose secret is filled in.
    pub(crate) fn credential(&self, kind: Kind, token: TokenKind) -> Credential {
        match (kind, self.needs) {
            (Kind::Common, _) => Credential::AccessToken(token),
            (Kind::Component, Needs::AccessToken) => Credential::AuthorizerToken,
            (Kind::Component, _) => Credential::ComponentToken,
        }
    }

    /// The query parameter that holds the token.
    pub(crate) fn token_parameter(&self) -> &'static str {
        if self.needs == Needs::ComponentToken { "component_access_token" } else { "access_token" }
    }

    /// Refuses a path that cannot be called this way.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.needs {
            Needs::AnotherWay(how) => Err(Error::new(ErrorKind::Request, format!("this path {how}"))),
            Needs::AccessToken | Needs::ComponentToken | Needs::Nothing => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_a_path_is_the_first_that_fits() {
        let long = "/cgi-bin/".to_owned() + &"x".repeat(300);
        let written = ROUTES.iter().map(|route| route.path.replace('*', "x"));
        for path in written.chain(["/".to_owned(), "/x".to_owned(), long]) {
            for kind in BOTH {
                let first = ROUTES
                    .iter()
                    .find(|route| route.of.is_none_or(|of| of == kind) && route.fits(&path))
                    .map_or(PLAIN.path, |route| route.path);
                assert_eq!(Route::of(kind, &path).path, first, "{path}");
            }
        }
    }

    const BOTH: [Kind; 2] = [Kind::Common, Kind::Component];

    /// Local copies keep the URL with the token for all the calls that carry it.
    #[test]
    fn a_credential_is_called_the_same_in_all_queries() {
        for kind in BOTH {
            let routes = ROUTES.iter().filter(|route| route.of.is_none_or(|of| of == kind));
            let injects = |route: &&Route| matches!(route.needs, Needs::AccessToken | Needs::ComponentToken);
            let mut names = Vec::new();
            for route in routes.filter(injects) {
                let credential = route.credential(kind, TokenKind::Stable);
                let known = names.iter().find(|(known, _)| *known == credential).map(|(_, name)| *name);
                assert_eq!(
                    known.unwrap_or(route.token_parameter()),
                    route.token_parameter(),
                    "{}",
                    route.path
                );
                names.push((credential, route.token_parameter()));
            }
            assert!(!names.is_empty());
        }
    }

    #[test]
    fn no_application_token_goes_to_sns() {
        for path in ["/sns/userinfo", "/sns/auth", "/sns/anything/new", "/SNS/userinfo", "/sns"] {
            for kind in BOTH {
                assert_eq!(Route::of(kind, path).needs, Needs::Nothing, "{path}");
            }
        }
        assert_eq!(Route::of(Kind::Common, "/sns/oauth2/access_token").needs, Needs::Nothing);
    }

    #[test]
    fn a_path_that_no_row_names_takes_the_access_token() {
        for path in ["/cgi-bin/user/info", "/wxa/getwxacode", "/cgi-bin/tokens", "/cgi-bin/componentry"] {
            for kind in BOTH {
                assert_eq!(Route::of(kind, path).needs, Needs::AccessToken, "{path}");
            }
        }
    }

    #[test]
    fn a_path_of_one_kind_of_application_is_refused_to_the_other() {
        for path in [
            "/cgi-bin/component/api_component_token",
            "/cgi-bin/component/anything_new",
            "/sns/component/jscode2session",
            "/sns/oauth2/component/access_token",
        ] {
            assert!(Route::of(Kind::Common, path).check().is_err(), "{path}");
            assert!(Route::of(Kind::Component, path).check().is_ok(), "{path}");
        }
        for path in [
            "/cgi-bin/token",
            "/cgi-bin/stable_token",
            "/cgi-bin/clear_quota/v2",
            "/sns/oauth2/access_token",
            "/sns/oauth2/refresh_token",
            "/sns/jscode2session",
        ] {
            assert!(Route::of(Kind::Component, path).check().is_err(), "{path}");
            assert!(Route::of(Kind::Common, path).check().is_ok(), "{path}");
        }
    }

    #[test]
    fn a_components_own_paths_take_its_own_token_alone() {
        for path in ["/cgi-bin/component/api_query_auth", "/cgi-bin/component/new", "/sns/component/new"] {
            assert_eq!(
                Route::of(Kind::Component, path).token_parameter(),
                "component_access_token",
                "{path}"
            );
        }
        assert_eq!(Route::of(Kind::Component, "/cgi-bin/user/info").token_parameter(), "access_token");
    }
}
