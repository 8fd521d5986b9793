//! What a request asks for, read from its query or its body.

use axum::extract::Request;
use bytes::Bytes;
use serde::Deserialize;

use super::access::Operation;
use super::answer::Refusal;
use crate::limited_body::{self, Unread};
use crate::{Secret, TicketType, answer, query};

/// No appid is longer, in bytes. WeChat's have 18.
const LONGEST_APPID: usize = 128;

/// What a path is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    AccessToken,
    AnotherAccessToken,
    Ticket,
    ComponentAccessToken,
    AnotherComponentAccessToken,
}

impl Asks {
    /// What one has to be allowed to ask it.
    pub(super) fn operations(self) -> &'static [Operation] {
        match self {
            Self::AccessToken => &[Operation::Fetch],
            Self::AnotherAccessToken => &[Operation::Refresh],
            Self::Ticket => &[Operation::Ticket],
            Self::ComponentAccessToken => &[Operation::ComponentToken],
            Self::AnotherComponentAccessToken => &[Operation::ComponentToken, Operation::Refresh],
        }
    }

    /// Whether it reports a token that is no good.
    pub(super) fn is_report(self) -> bool {
        matches!(self, Self::AnotherAccessToken | Self::AnotherComponentAccessToken)
    }

    fn is_about_component(self) -> bool {
        matches!(self, Self::ComponentAccessToken | Self::AnotherComponentAccessToken)
    }

    /// The authorizer that is meant. What a component has itself is asked for without one, and one that is there all the
    /// same says nothing.
    fn authorizer_appid(self, given: Option<String>) -> Result<Option<String>, Refusal> {
        let given = given.filter(|_| !self.is_about_component());
        if given.as_deref().is_some_and(|given| !can_be_appid(given)) {
            return Err(Refusal::wrong_question("`authorizer_appid` cannot be one"));
        }
        Ok(given)
    }
}

/// A question, complete.
pub(super) struct Question {
    pub(super) asks: Asks,
    pub(super) appid: String,
    /// The account's, where it is one that has authorized the component `appid`.
    pub(super) authorizer_appid: Option<String>,
    pub(super) ticket_type: Option<TicketType>,
    /// The token that is no good, where there is one.
    pub(super) stale: Option<Secret>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Query {
    appid: Option<String>,
    authorizer_appid: Option<String>,
    ticket_type: Option<String>,
}

impl Query {
    /// Reads what it has; none where one of them is there twice.
    fn read(query: &str) -> Option<Self> {
        let mut this = Self::default();
        for (name, value) in query::pairs(query) {
            let known = match &*query::decoded(name) {
                "appid" => &mut this.appid,
                "authorizer_appid" => &mut this.authorizer_appid,
                "type" => &mut this.ticket_type,
                _ => continue,
            };
            if known.replace(query::decoded(value.unwrap_or_default()).into_owned()).is_some() {
                return None;
            }
        }
        Some(this)
    }
}

#[derive(Deserialize)]
struct Report {
    appid: Option<String>,
    authorizer_appid: Option<String>,
    /// It may be null, and has to be there.
    #[serde(deserialize_with = "Option::deserialize")]
    access_token: Option<Secret>,
}

impl Question {
    /// Reads a question, from a body of at most `limit` bytes where it is in the body.
    pub(super) async fn read(asks: Asks, request: Request, limit: usize) -> Result<Self, Refusal> {
        if asks.is_report() {
            let body = read_body(request, limit).await?;
            let wrong =
                || Refusal::wrong_question("the body has to be a JSON object, with `access_token` in it");
            // An array of the three would be read as well.
            let body =
                Some(body).filter(|body| answer::begins_object(body) == Some(true)).ok_or_else(wrong)?;
            let report: Report = serde_json::from_slice(&body).map_err(|_| wrong())?;
            return Ok(Self {
                asks,
                appid: appid(report.appid)?,
                authorizer_appid: asks.authorizer_appid(report.authorizer_appid)?,
                ticket_type: None,
                stale: report.access_token,
            });
        }
        let query = request.uri().query().unwrap_or_default();
        let wrong = || Refusal::wrong_question("a parameter of the query is there twice");
        let query = Query::read(query).ok_or_else(wrong)?;
        let ticket_type = match asks {
            Asks::Ticket => Some(ticket_type(query.ticket_type.as_deref())?),
            _ => None,
        };
        let (appid, authorizer_appid) = (appid(query.appid)?, asks.authorizer_appid(query.authorizer_appid)?);
        Ok(Self { asks, appid, authorizer_appid, ticket_type, stale: None })
    }

    /// The appids by which one may be allowed to ask it: any of them is enough.
    pub(super) fn appids(&self) -> impl Iterator<Item = &str> {
        [Some(&self.appid), self.authorizer_appid.as_ref()].into_iter().flatten().map(String::as_str)
    }

    /// Whether it is about a common application.
    pub(super) fn is_common(&self) -> bool {
        !self.asks.is_about_component() && self.authorizer_appid.is_none()
    }
}

async fn read_body(request: Request, limit: usize) -> Result<Bytes, Refusal> {
    let unread = |why| match why {
        Unread::TooLong => Refusal::too_long(limit),
        Unread::BrokenOff => Refusal::wrong_question("the body broke off"),
    };
    limited_body::check_announced(request.headers(), limit).map_err(unread)?;
    limited_body::read(request.into_body(), limit).await.map_err(unread)
}

/// Whether it can be asked for, and written in a line of log. Whether there is such an application is WeChat's to say.
fn can_be_appid(appid: &str) -> bool {
    let has_control =
        || !appid.bytes().all(|byte| byte.is_ascii_graphic()) && appid.contains(char::is_control);
    !appid.is_empty() && appid.len() <= LONGEST_APPID && !has_control()
}

fn appid(given: Option<String>) -> Result<String, Refusal> {
    given
        .filter(|given| can_be_appid(given))
        .ok_or_else(|| Refusal::wrong_question("`appid` is missing, or cannot be one"))
}

/// Those that WeChat has: one that is made up would be asked for at WeChat each time.
fn ticket_type(given: Option<&str>) -> Result<TicketType, Refusal> {
    let known = [TicketType::JSAPI, TicketType::WX_CARD];
    let given = known.into_iter().find(|known| Some(known.as_str()) == given);
    given.ok_or_else(|| Refusal::wrong_question("`type` is missing, or neither jsapi nor wx_card"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_forms_are() {
        let read =
            |query| Query::read(query).map(|query| [query.appid, query.authorizer_appid, query.ticket_type]);
        let some = |value: &str| Some(value.to_owned());
        assert_eq!(read(""), Some([None, None, None]));
        assert_eq!(read("appid=wx1&type=jsapi"), Some([some("wx1"), None, some("jsapi")]));
        assert_eq!(read("&&appid=a=b&&authorizer_appid"), Some([some("a=b"), some(""), None]));
        assert_eq!(read("%61ppid=wx+a%26b%2F%C3%BC%2B"), Some([some("wx a&b/ü+"), None, None]));
        assert_eq!(read("other=1&other=2&Appid=x&=y"), Some([None, None, None]));
        assert_eq!(read("appid=wx1&appid=wx1"), None);
        assert_eq!(read("appid=wx1&%61ppid=wx2"), None);
    }
}
