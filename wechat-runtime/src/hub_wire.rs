//! What a hub and its clients say to each other: paths, bodies, and words for what went wrong.
//!
//! The protocol is that of `elixir_wechat` 0.4: its clients can be served by a hub of ours, and its hub can serve ours.

use serde::{Deserialize, Deserializer, Serialize};

use crate::answer::{Lenient, Text};
use crate::errcode::ErrorKind;
use crate::{Secret, TicketType};

/// `GET`, with `appid`, and `authorizer_appid` where it is an authorizer's: the access token.
pub(crate) const ACCESS_TOKEN: &str = "/client/access_token";
/// `POST`, with [`Refresh`]: another access token than this one.
pub(crate) const REFRESH_ACCESS_TOKEN: &str = "/refresh/access_token";
/// `GET`, with `appid` and `type`, and `authorizer_appid` where it is an authorizer's.
pub(crate) const TICKET: &str = "/client/ticket";
/// `GET`, with a component's `appid`: its own access token.
pub(crate) const COMPONENT_ACCESS_TOKEN: &str = "/client/component_access_token";
/// `POST`, with [`Refresh`], about a component's own access token. It is not below `/refresh`.
pub(crate) const REFRESH_COMPONENT_ACCESS_TOKEN: &str = "/client/refresh_component_access_token";

/// What answers a question for an access token. The order of the fields is the protocol's.
#[derive(Serialize, Deserialize)]
pub(crate) struct TokenAnswer {
    #[serde(serialize_with = "Secret::serialize_exposed")]
    pub(crate) access_token: Secret,
    pub(crate) expires_in: u64,
    /// When it was granted, in Unix seconds.
    pub(crate) timestamp: u64,
}

#[cfg(feature = "hub")]
impl TokenAnswer {
    /// As JSON. A token without anything that has to be escaped, as WeChat's are, is copied: to look for that sign by sign
    /// costs more than all else of a hub's answer.
    pub(crate) fn written(&self) -> Vec<u8> {
        use std::io::Write as _;

        let Self { access_token, expires_in, timestamp } = self;
        let token = access_token.expose();
        // All of it, without a way out: so it is done by many bytes at a time.
        let escapes =
            |byte: u8| u8::from(!byte.is_ascii_graphic()) | u8::from(byte == b'"') | u8::from(byte == b'\\');
        if token.bytes().fold(0, |found, byte| found | escapes(byte)) != 0 {
            // A string and two numbers: there is nothing in it that cannot be written.
            return serde_json::to_vec(self).unwrap_or_default();
        }
        let mut json = Vec::with_capacity(token.len() + 100);
        json.extend_from_slice(br#"{"access_token":""#);
        json.extend_from_slice(token.as_bytes());
        // Writing to memory does not fail.
        let _ = write!(json, r#"","expires_in":{expires_in},"timestamp":{timestamp}}}"#);
        json
    }
}

/// What answers a question for a ticket.
#[derive(Serialize, Deserialize)]
pub(crate) struct TicketAnswer {
    pub(crate) expires_in: u64,
    #[serde(serialize_with = "Secret::serialize_exposed")]
    pub(crate) ticket: Secret,
    pub(crate) timestamp: u64,
    /// The original's hub leaves it out of a ticket that it has just got.
    #[serde(rename = "type", default)]
    pub(crate) ticket_type: Option<TicketType>,
}

/// What asks for another access token than the one that is no good, which is there also where it is null.
#[derive(Serialize)]
pub(crate) struct Refresh<'a> {
    pub(crate) access_token: Option<&'a str>,
    pub(crate) appid: &'a str,
    /// Where it is an authorizer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorizer_appid: Option<&'a str>,
}

/// What answers anything that went wrong.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Trouble {
    /// WeChat's, where it was WeChat that refused.
    pub(crate) errcode: Option<i64>,
    pub(crate) message: Option<String>,
    /// One of the protocol's words.
    pub(crate) reason: Option<String>,
    /// The status of WeChat's answer, where there was one.
    pub(crate) http_status: Option<u16>,
}

/// Reads as much of it as is there, from whoever answered: a hub by these names, or WeChat by its own.
impl<'de> Deserialize<'de> for Trouble {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields<'a> {
            #[serde(default)]
            errcode: Option<Lenient>,
            #[serde(borrow, default)]
            message: Text<'a>,
            #[serde(borrow, default)]
            errmsg: Text<'a>,
            #[serde(borrow, default)]
            reason: Text<'a>,
            #[serde(default)]
            http_status: Option<Lenient>,
        }
        let Fields { errcode, message, errmsg, reason, http_status } = Fields::deserialize(deserializer)?;
        let word = |text: Text<'_>| Some(text.0.into_owned()).filter(|text| !text.is_empty());
        Ok(Self {
            errcode: errcode.map(|code| code.0).filter(|code| *code != 0),
            message: word(message).or(word(errmsg)),
            reason: word(reason),
            http_status: http_status.and_then(|status| u16::try_from(status.0).ok()),
        })
    }
}

impl Trouble {
    /// Whether it tells of anything.
    pub(crate) fn is_some(&self) -> bool {
        self.errcode.is_some() || self.reason.is_some()
    }
}

/// A word of the protocol for what went wrong.
pub(crate) struct Word {
    pub(crate) reason: &'static str,
    /// WeChat's errcodes that it goes with.
    #[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "who is told has the errcode"))]
    codes: &'static [i64],
    /// What kind of failure it is for a client that is told it.
    pub(crate) kind: ErrorKind,
}

pub(crate) const INVALID_REQUEST: &str = "invalid_request";
pub(crate) const INVALID_CONFIG: &str = "invalid_config";
pub(crate) const INVALID_ACCESS_TOKEN: &str = "invalid_access_token";
pub(crate) const FAIL_FETCH_ACCESS_TOKEN: &str = "fail_fetch_access_token";
pub(crate) const FAIL_FETCH_TICKET: &str = "fail_fetch_ticket";
/// The account is not in the list of authorizers.
pub(crate) const INVALID_AUTHORIZER_APPID: &str = "invalid_authorizer_appid";
pub(crate) const VERIFY_TICKET_NOT_FOUND: &str = "verify_ticket_not_found";

#[rustfmt::skip]
const WORDS: &[Word] = &[
    Word { reason: INVALID_REQUEST, codes: &[], kind: ErrorKind::Request },
    Word { reason: INVALID_CONFIG, codes: &[], kind: ErrorKind::Configuration },
    Word { reason: INVALID_ACCESS_TOKEN, codes: &[], kind: ErrorKind::Storage },
    Word { reason: FAIL_FETCH_ACCESS_TOKEN, codes: &[], kind: ErrorKind::Storage },
    Word { reason: FAIL_FETCH_TICKET, codes: &[], kind: ErrorKind::Storage },
    Word { reason: INVALID_AUTHORIZER_APPID, codes: &[], kind: ErrorKind::ReauthorizationRequired },
    Word { reason: VERIFY_TICKET_NOT_FOUND, codes: &[], kind: ErrorKind::NoVerifyTicket },
    Word { reason: "invalid_component_verify_ticket", codes: &[61005, 61006], kind: ErrorKind::VerifyTicket },
    Word { reason: "invalid_component_refresh_token", codes: &[61023], kind: ErrorKind::ReauthorizationRequired },
    Word { reason: "invalid_clientip", codes: &[61004], kind: ErrorKind::AddressNotAllowed },
    Word { reason: "invalid_usecase_get_access_token", codes: &[61024], kind: ErrorKind::Configuration },
    Word { reason: "unknown", codes: &[], kind: ErrorKind::Storage },
];

impl Word {
    /// The word itself, where it is one of the protocol's.
    pub(crate) fn of_reason(reason: &str) -> Option<&'static Self> {
        WORDS.iter().find(|word| word.reason == reason)
    }

    /// The word for an errcode of WeChat's, of which most have none.
    #[cfg(feature = "hub")]
    pub(crate) fn of_code(code: i64) -> Option<&'static Self> {
        WORDS.iter().find(|word| word.codes.contains(&code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &impl Serialize) -> String {
        serde_json::to_string(value).unwrap()
    }

    #[test]
    fn bodies_are_written_as_the_original_writes_them() {
        let token = TokenAnswer { access_token: "T1".into(), expires_in: 7200, timestamp: 1_795_357_423 };
        assert_eq!(written(&token), r#"{"access_token":"T1","expires_in":7200,"timestamp":1795357423}"#);
        let ticket = TicketAnswer {
            expires_in: 7200,
            ticket: "TICKET-jsapi".into(),
            timestamp: 1_795_357_587,
            ticket_type: Some(TicketType::JSAPI),
        };
        assert_eq!(
            written(&ticket),
            r#"{"expires_in":7200,"ticket":"TICKET-jsapi","timestamp":1795357587,"type":"jsapi"}"#
        );
        let refresh = Refresh { access_token: Some("T1"), appid: "wxtest", authorizer_appid: None };
        assert_eq!(written(&refresh), r#"{"access_token":"T1","appid":"wxtest"}"#);
        let refresh = Refresh { access_token: None, ..refresh };
        assert_eq!(written(&refresh), r#"{"access_token":null,"appid":"wxtest"}"#);
        let refresh = Refresh { appid: "wxcomp", authorizer_appid: Some("wxauth"), ..refresh };
        assert_eq!(
            written(&refresh),
            r#"{"access_token":null,"appid":"wxcomp","authorizer_appid":"wxauth"}"#
        );
        let trouble = Trouble { reason: Some(INVALID_REQUEST.to_owned()), ..Trouble::default() };
        assert_eq!(
            written(&trouble),
            r#"{"errcode":null,"message":null,"reason":"invalid_request","http_status":null}"#
        );
    }

    #[cfg(feature = "hub")]
    #[test]
    fn a_token_is_written_as_all_json_is() {
        for token in ["T1", "", "94_kx-Vt~", "a\"b", "a\\b", "a b", "a\u{1}b", "a\u{7f}b", "微信"] {
            for number in [0, 7200, u64::MAX] {
                let answer =
                    TokenAnswer { access_token: token.into(), expires_in: number, timestamp: number };
                assert_eq!(String::from_utf8(answer.written()).unwrap(), written(&answer));
            }
        }
    }

    #[test]
    fn no_errcode_has_two_words() {
        let codes: Vec<_> = WORDS.iter().flat_map(|word| word.codes).collect();
        let mut distinct = codes.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), codes.len());
    }
}
