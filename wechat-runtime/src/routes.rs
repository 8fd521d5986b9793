//! The table of paths: which credential a call needs, what it is filled in with, what its success means.

use crate::errcode::ErrorKind;
use crate::{Error, TokenKind};

/// What a path of WeChat's needs.
#[derive(Debug)]
pub(crate) struct Route {
    /// The path; with a `*` at its end, every path that begins so.
    path: &'static str,
    pub(crate) needs: Needs,
    /// Query parameters that are filled in where the caller has not written them.
    pub(crate) fills: &'static [(&'static str, Fill)],
    pub(crate) success: Success,
    /// Whether a call uses something up, as a user's code: it is not sent again by itself, whatever its method.
    pub(crate) spends: bool,
    /// What the path grants, where that is what the client itself keeps: then the client answers for it.
    pub(crate) grants: Option<Grants>,
}

/// The credential that is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// The application's access token.
    AccessToken,
    /// None: the caller brings what the path needs.
    Nothing,
    /// Not to be called by a common application, or not like this: the text says what to do instead.
    AnotherWay(&'static str),
}

/// A credential that a path grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grants {
    Token(TokenKind),
    Ticket,
}

/// What a query parameter is filled in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    Appid,
    Secret,
    Word(&'static str),
}

/// What a success of the call means for the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Success {
    NothingMore,
    /// The account's quotas have started anew.
    QuotaCleared,
}

const PLAIN: Route = Route {
    path: "/*",
    needs: Needs::AccessToken,
    fills: &[],
    success: Success::NothingMore,
    spends: false,
    grants: None,
};
/// What brings its own credentials, or needs none.
const FREE: Route = Route { needs: Needs::Nothing, ..PLAIN };
/// A user's code is good for one call.
const LOGIN: Route = Route { fills: &[APPID, SECRET, BY_CODE], spends: true, ..FREE };

const COMPONENT: &str =
    "belongs to component applications (third-party platforms), which this version has no client for";

/// Where a ticket is granted.
pub(crate) const GET_TICKET: &str = "/cgi-bin/ticket/getticket";

const CLASSIC: Option<Grants> = Some(Grants::Token(TokenKind::Classic));
const STABLE: Option<Grants> = Some(Grants::Token(TokenKind::Stable));
const APPID: (&str, Fill) = ("appid", Fill::Appid);
const APPSECRET: (&str, Fill) = ("appsecret", Fill::Secret);
const SECRET: (&str, Fill) = ("secret", Fill::Secret);
const BY_CODE: (&str, Fill) = ("grant_type", Fill::Word("authorization_code"));
const BY_REFRESH_TOKEN: (&str, Fill) = ("grant_type", Fill::Word("refresh_token"));

/// Read from the top: the first row that fits counts.
const ROUTES: &[Route] = &[
    Route { path: "/cgi-bin/token", grants: CLASSIC, ..FREE },
    Route { path: "/cgi-bin/stable_token", grants: STABLE, ..FREE },
    Route { path: GET_TICKET, grants: Some(Grants::Ticket), ..PLAIN },
    Route { path: "/cgi-bin/component/*", needs: Needs::AnotherWay(COMPONENT), ..PLAIN },
    Route { path: "/sns/component/*", needs: Needs::AnotherWay(COMPONENT), ..PLAIN },
    Route { path: "/sns/oauth2/component/*", needs: Needs::AnotherWay(COMPONENT), ..PLAIN },
    Route { path: "/cgi-bin/clear_quota", success: Success::QuotaCleared, ..PLAIN },
    Route {
        path: "/cgi-bin/clear_quota/v2",
        fills: &[APPID, APPSECRET],
        success: Success::QuotaCleared,
        ..FREE
    },
    Route { path: "/sns/oauth2/access_token", ..LOGIN },
    Route { path: "/sns/jscode2session", ..LOGIN },
    Route { path: "/sns/oauth2/refresh_token", fills: &[APPID, BY_REFRESH_TOKEN], ..FREE },
    Route { path: "/sns/*", ..FREE },
    Route { path: "/sns", ..FREE },
    PLAIN,
];

impl Route {
    /// The row for one of WeChat's paths.
    pub(crate) fn of(path: &str) -> &'static Self {
        ROUTES.iter().find(|route| route.fits(path)).unwrap_or(&PLAIN)
    }

    fn fits(&self, path: &str) -> bool {
        // Whether WeChat minds the case of a path is not known, so that here it does not decide who gets a token.
        match self.path.strip_suffix('*') {
            Some(start) => path.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start)),
            None => path.eq_ignore_ascii_case(self.path),
        }
    }

    /// Whether the path is called with the application's secret in place of a token.
    pub(crate) fn is_by_secret(&self) -> bool {
        !self.fills.is_empty() || matches!(self.grants, Some(Grants::Token(_)))
    }

    /// Refuses a path that cannot be called this way.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.needs {
            Needs::AnotherWay(how) => Err(Error::new(ErrorKind::Request, format!("this path {how}"))),
            Needs::AccessToken | Needs::Nothing => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_application_token_goes_to_sns() {
        for path in [
            "/sns/userinfo",
            "/sns/auth",
            "/sns/oauth2/access_token",
            "/sns/anything/new",
            "/SNS/userinfo",
            "/sns",
        ] {
            assert_eq!(Route::of(path).needs, Needs::Nothing, "{path}");
        }
    }

    #[test]
    fn a_path_that_no_row_names_takes_the_access_token() {
        assert_eq!(Route::of("/cgi-bin/user/info").needs, Needs::AccessToken);
        assert_eq!(Route::of("/wxa/getwxacode").needs, Needs::AccessToken);
        assert_eq!(Route::of("/cgi-bin/tokens").needs, Needs::AccessToken);
    }

    #[test]
    fn component_paths_are_refused() {
        for path in ["/cgi-bin/component/api_component_token", "/sns/component/jscode2session"] {
            assert!(Route::of(path).check().is_err(), "{path}");
        }
    }
}
