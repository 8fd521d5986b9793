//! An answer before it goes out.

use bytes::Bytes;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::body::AnswerBody;
use crate::dialect::Dialect;
use crate::errcode::Refusal;

const HTML: &str = "text/html";

/// What an API answers a call that it accepts.
#[derive(Debug)]
pub(crate) enum Reply {
    /// JSON in the order of the fields.
    Json(String),
    File(FileReply),
}

/// A file to be downloaded.
#[derive(Debug)]
pub(crate) struct FileReply {
    pub(crate) content_type: String,
    /// The name that it is to be saved under.
    pub(crate) file_name: String,
    pub(crate) body: AnswerBody,
}

/// What a call is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) location: Option<String>,
    /// The Content-Disposition, which only a file has.
    pub(crate) disposition: Option<String>,
    pub(crate) body: AnswerBody,
    /// The errcode that the call came to, if it was answered in the platform's JSON.
    pub(crate) errcode: Option<i32>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    errcode: i32,
    errmsg: &'a str,
}

/// The JSON of an API's success.
pub(crate) fn json(value: &impl Serialize) -> Result<Reply, Refusal> {
    serde_json::to_string(value).map(Reply::Json).map_err(|_| Refusal::new(-1))
}

/// `{"errcode":0,"errmsg":"ok"}`.
pub(crate) fn ok() -> Result<Reply, Refusal> {
    json(&ErrorBody { errcode: 0, errmsg: "ok" })
}

impl Answer {
    /// The platform's own answer to a call: status 200, also for an error.
    pub(crate) fn of_platform(result: Result<Reply, Refusal>, dialect: &Dialect, unix: u64) -> Self {
        let (errcode, text) = match result {
            Ok(Reply::File(file)) => return Self::file(file),
            Ok(Reply::Json(text)) => (0, text),
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

    fn file(file: FileReply) -> Self {
        let FileReply { content_type, file_name, body } = file;
        Self {
            disposition: Some(format!("attachment; filename=\"{file_name}\"")),
            errcode: Some(0),
            ..Self::new(StatusCode::OK, content_type, body)
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
        Self {
            status,
            content_type: content_type.into(),
            location: None,
            disposition: None,
            body,
            errcode: None,
        }
    }

    /// Sends the caller elsewhere.
    pub(crate) fn redirect(location: String) -> Self {
        Self { location: Some(location), ..Self::html(StatusCode::FOUND) }
    }

    /// Whether it is a file rather than text.
    fn is_file(&self) -> bool {
        self.disposition.is_some()
    }

    /// Has JSON at a path carry another Content-Type; a file keeps its own.
    pub(crate) fn with_json_type(self, content_type: String) -> Self {
        if self.is_file() { self } else { Self { content_type, ..self } }
    }

    /// Writes every `/` of JSON as `\/`: there it only ever stands inside a string.
    pub(crate) fn escape_slashes(self) -> Self {
        self.rewrite(|json| {
            if !json.contains(&b'/') {
                return json;
            }
            String::from_utf8_lossy(&json).replace('/', "\\/").into()
        })
    }

    /// Changes JSON with a function; a file stays as it is.
    pub(crate) fn rewrite(mut self, rewrite: impl FnOnce(Bytes) -> Bytes) -> Self {
        self.body = match self.body {
            AnswerBody::Whole(json) if self.disposition.is_none() => AnswerBody::Whole(rewrite(json)),
            body => body,
        };
        self
    }

    /// Changes the body with a function.
    pub(crate) fn spoil(self, spoil: impl FnOnce(AnswerBody) -> AnswerBody) -> Self {
        Self { body: spoil(self.body), ..self }
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
            set(LOCATION, location);
        }
        if let Some(disposition) = &self.disposition {
            set(CONTENT_DISPOSITION, disposition);
        }
        response
    }
}
