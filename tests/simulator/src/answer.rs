//! An answer before it goes out.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::body::AnswerBody;
use crate::dialect::Dialect;
use crate::errcode::Refusal;

const HTML: &str = "text/html";

/// What a call is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) location: Option<String>,
    pub(crate) body: AnswerBody,
    /// The errcode that the call came to, if it was answered in the platform's JSON.
    pub(crate) errcode: Option<i32>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    errcode: i32,
    errmsg: &'a str,
}

/// The body of an API's success: JSON in the order of the fields.
pub(crate) fn json(value: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|_| Refusal::new(-1))
}

/// `{"errcode":0,"errmsg":"ok"}`.
pub(crate) fn ok() -> Result<String, Refusal> {
    json(&ErrorBody { errcode: 0, errmsg: "ok" })
}

impl Answer {
    /// The platform's own answer to a call: status 200, also for an error.
    pub(crate) fn of_platform(result: Result<String, Refusal>, dialect: &Dialect, unix: u64) -> Self {
        let (errcode, text) = match result {
            Ok(text) => (0, text),
            Err(refusal) => {
                let errmsg = refusal.errmsg(dialect, unix);
                let body = ErrorBody { errcode: refusal.code, errmsg: &errmsg };
                (refusal.code, serde_json::to_string(&body).unwrap_or_default())
            }
        };
        Self {
            errcode: Some(errcode),
            ..Self::new(StatusCode::OK, dialect.content_type, AnswerBody::Whole(text.into()))
        }
    }

    /// A page as gateways send it.
    pub(crate) fn html(status: StatusCode) -> Self {
        let title = format!("{} {}", status.as_str(), status.canonical_reason().unwrap_or_default());
        let page = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
             </body>\r\n</html>\r\n"
        );
        Self::new(status, HTML, AnswerBody::Whole(page.into()))
    }

    /// An answer of anything.
    pub(crate) fn new(status: StatusCode, content_type: impl Into<String>, body: AnswerBody) -> Self {
        Self { status, content_type: content_type.into(), location: None, body, errcode: None }
    }

    /// Sends the caller elsewhere.
    pub(crate) fn redirect(location: String) -> Self {
        Self { location: Some(location), ..Self::html(StatusCode::FOUND) }
    }

    /// Writes every `/` as `\/`, which in JSON only ever stands inside a string.
    pub(crate) fn escape_slashes(mut self) -> Self {
        self.body = match self.body {
            AnswerBody::Whole(bytes) if bytes.contains(&b'/') => {
                let text = String::from_utf8_lossy(&bytes).replace('/', "\\/");
                AnswerBody::Whole(text.into())
            }
            body => body,
        };
        self
    }

    /// Changes the body with a function, if there is one to change.
    pub(crate) fn spoil(mut self, spoil: impl FnOnce(Bytes) -> AnswerBody) -> Self {
        self.body = match self.body {
            AnswerBody::Whole(bytes) => spoil(bytes),
            body => body,
        };
        self
    }

    pub(crate) fn into_response(self) -> Response<AnswerBody> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        let mut set = |name: HeaderName, value: &str| {
            // A value that no header can have is left out; `Platform` refuses them at the door.
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        set(CONTENT_TYPE, &self.content_type);
        if let Some(location) = &self.location {
            set(hyper::header::LOCATION, location);
        }
        response
    }
}
