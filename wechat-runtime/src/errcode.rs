//! WeChat's errcodes as a table: code → what kind of failure it is, and what to do about each kind.

use serde::{Deserialize, Serialize};

/// What went wrong, in as many kinds as there are different things to do about it.
///
/// [When a call fails](crate::when_a_call_fails) tells, for each of them, which errcodes it has, what has been
/// done about it already, and what to do.
///
/// The kinds down to [`Api`](ErrorKind::Api) are WeChat's answers, sorted by
/// [errcode](https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html); the rest
/// arise on this side of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The access token is refused, and so was a fresh one, or no fresh one may be fetched yet.
    TokenRejected,
    /// The appid, the secret or another piece of configuration is wrong.
    Configuration,
    /// This machine's address is not on the account's whitelist.
    AddressNotAllowed,
    /// The account or its secret is frozen, or waits for its administrator.
    Frozen,
    /// A quota is used up: WeChat's, or the one the client keeps so that WeChat's is not.
    Quota,
    /// WeChat is busy.
    Busy,
    /// WeChat says that the component verify ticket is old or wrong.
    VerifyTicket,
    /// There is no component verify ticket to ask WeChat with: none was pushed and kept in the last twelve hours.
    NoVerifyTicket,
    /// The account must authorize the component again.
    ReauthorizationRequired,
    /// The account may not use this interface.
    PermissionDenied,
    /// An end user's own code or token (OAuth) is used up or expired.
    UserToken,
    /// The request is wrong: WeChat says so, or the client before sending it.
    Request,
    /// Any other errcode that is not 0.
    Api,
    /// The storage adapter failed, or has not what is needed.
    Storage,
    /// No connection could be made.
    Connect,
    /// The time allowed ran out.
    Timeout,
    /// The connection broke after the request began.
    Transport,
    /// An HTTP status other than success, with no errcode in the body.
    Status,
    /// The body cannot be used: empty, not JSON, too long, not what was expected.
    Body,
    /// A file on this side cannot be read or written.
    File,
}

/// Where an errcode was answered: the same 40001 means a stale token on one path and a wrong secret on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A path that is called with a token.
    Business,
    /// A path that is called with the app secret, and grants something.
    Grant,
    /// A path that is called with a token of an end user's.
    User,
}

/// The codes by which WeChat refuses an access token on a business path.
pub(crate) const TOKEN_REFUSED: &[i64] = &[40001, 40014, 42001];

#[rustfmt::skip]
const KINDS: &[(ErrorKind, &[i64])] = &[
    (ErrorKind::Configuration, &[40002, 40013, 40125, 41002, 41004, 61011, 61024]),
    (ErrorKind::AddressNotAllowed, &[40164, 61004, 89503]),
    (ErrorKind::Frozen, &[40243, 50004, 50007, 89501, 89506, 89507]),
    (ErrorKind::Quota, &[45009, 45011, 48006]),
    (ErrorKind::Busy, &[-1]),
    (ErrorKind::VerifyTicket, &[61005, 61006]),
    (ErrorKind::ReauthorizationRequired, &[61003, 61023]),
    (ErrorKind::PermissionDenied, &[48001, 48004, 50001, 50002, 61007]),
    (ErrorKind::UserToken, &[40029, 40030, 40163, 42002, 42003, 42007]),
    (ErrorKind::Request, &[
        40003, 40007, 40020, 40033, 40037, 40066, 40113, 40170, 41001, 41005, 41008, 41018, 41021, 43001, 43002,
        43004, 44002, 45002, 47001, 47003, 61009, 61010, 61012, 61013, 61025,
    ]),
];

/// What to do about a code that deserves more than its kind's advice.
const CODE_ADVICE: &[(i64, &str)] = &[
    (40002, "check the grant_type"),
    (40004, "give the type of the medium, as in `?type=image`"),
    (40007, "there is no such media_id: a temporary one lives for three days"),
    (40013, "check the appid"),
    (40037, "there is no such template"),
    (40066, "there is no such path, or a url in the body is wrong"),
    (40113, "the file's name has no extension of its type"),
    (40125, "check the app secret"),
    (
        41001,
        "the path needs an access token and got none: a caller's own must be in the query, not in the body",
    ),
    (41005, "there has to be a file in the part `media`: use `upload`"),
    (42001, "call again; when it comes back, check that this machine's clock is right"),
    (43001, "call it by GET"),
    (43002, "call it by POST"),
    (44001, "the file is empty"),
    (44002, "give the call a body"),
    (45001, "the file is longer than its type may be"),
    (43004, "the receiver does not follow the account"),
    (
        45009,
        "the day's quota is used up: it starts anew at midnight in Beijing, or call /cgi-bin/clear_quota/v2, which needs no token",
    ),
    (45011, "too many calls in this minute: slow down"),
    (48006, "the month's quota resets are used up"),
    (61003, "the account has not authorized this component, or no more: have it authorize by `preauth_url`"),
    (61004, "add this machine's address to the component's IP whitelist"),
    (
        61007,
        "the account has not allowed this to the component: have it authorize once more, with this permission",
    ),
    (61009, "an authorization code is good for one call"),
    (61010, "an authorization code is good for an hour: have the account authorize once more"),
    (61011, "check the component's appid"),
    (61014, "the path wants the component's own access token"),
    (61024, "the appid is a component application's: declare the client with `component`"),
    (89501, "the administrator has been asked to confirm this machine's address"),
];

pub(crate) fn kind(code: i64, origin: Origin) -> ErrorKind {
    if TOKEN_REFUSED.contains(&code) {
        return match (origin, code) {
            (Origin::Business, _) => ErrorKind::TokenRejected,
            (Origin::User, _) => ErrorKind::UserToken,
            (Origin::Grant, 40001) => ErrorKind::Configuration,
            (Origin::Grant, _) => ErrorKind::Api,
        };
    }
    KINDS.iter().find(|(_, codes)| codes.contains(&code)).map_or(ErrorKind::Api, |(kind, _)| *kind)
}

/// What the reader of an error can do about it.
pub(crate) fn advice(kind: ErrorKind, code: Option<i64>) -> &'static str {
    let by_code = CODE_ADVICE.iter().find(|(of, _)| Some(*of) == code);
    by_code.map_or_else(|| kind.advice(), |(_, advice)| advice)
}

impl ErrorKind {
    fn advice(self) -> &'static str {
        match self {
            Self::TokenRejected => {
                "make sure that nothing else fetches tokens for this appid, then call again"
            }
            Self::Configuration => "check the appid, the secret and the client's settings",
            Self::AddressNotAllowed => {
                "add the address of this machine, or of the one of those sharing its storage that was refused, to the account's IP \
                 whitelist"
            }
            Self::Frozen => "see to it in the account's console",
            Self::Quota => "wait until the quota starts anew",
            Self::Busy => "call again later",
            Self::VerifyTicket => "wait for WeChat to push a new component verify ticket",
            Self::NoVerifyTicket => {
                "see to it that WeChat's pushes reach `callback::component_service`; /cgi-bin/component/api_start_push_ticket \
                 has them begin, and one comes every 10 min"
            }
            Self::ReauthorizationRequired => "have the account authorize the component, by `preauth_url`",
            Self::PermissionDenied => "apply for the interface in the account's console",
            Self::UserToken => "let the user log in again",
            Self::Request => "correct the request",
            Self::Api => "look the errcode up in WeChat's table",
            Self::Storage => "see to the storage adapter",
            Self::Connect => "check base_url and the network",
            Self::Timeout => {
                "allow more time; WeChat may have acted on the request: check before sending it again"
            }
            Self::Transport => {
                "whether WeChat has acted on the request is not known: check before sending it again"
            }
            Self::Status => "something between here and WeChat answered: check base_url and the network",
            Self::File => "see to the file, its directory and the space on its disk",
            Self::Body => {
                "check that base_url is WeChat's API and that the path answers what the call expects"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_has_two_kinds() {
        let mut codes: Vec<i64> =
            KINDS.iter().flat_map(|(_, codes)| *codes).chain(TOKEN_REFUSED).copied().collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }

    #[test]
    fn a_wrong_secret_is_not_taken_for_a_stale_token() {
        assert_eq!(kind(40001, Origin::Business), ErrorKind::TokenRejected);
        assert_eq!(kind(40001, Origin::Grant), ErrorKind::Configuration);
        assert_eq!(kind(42001, Origin::User), ErrorKind::UserToken);
    }
}
