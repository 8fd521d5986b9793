//! An answer of which the beginning has come: enough to tell an error from a file.

use bytes::{Bytes, BytesMut};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use crate::Error;
use crate::answer::{self, Answered};
use crate::called::Called;
use crate::credentials::Judged;
use crate::errcode::ErrorKind;

/// How long a JSON body may be to be read for an errcode, in bytes. WeChat's errors are far shorter; a longer
/// body that begins like JSON is a file.
const LONGEST_ERROR: usize = 64 * 1024;

/// The head of an answer, the first bytes of its body, and what is still to come.
pub(crate) struct Arrival {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The length of the whole body, where it was announced.
    pub(crate) length: Option<u64>,
    pub(crate) called: Called,
    pub(crate) begun: Bytes,
    /// What is still to come: none of an answer that was made on this side.
    pub(crate) rest: Option<reqwest::Response>,
    /// Whether the body has been read to its end.
    pub(crate) whole: bool,
    answered: Option<Answered>,
}

impl Arrival {
    /// Reads the beginning of an answer.
    pub(crate) async fn begin(
        mut response: reqwest::Response,
        secrets: impl FnOnce() -> Vec<String>,
        called: Called,
    ) -> Result<Self, Error> {
        let (status, headers) = (response.status(), response.headers().clone());
        let length = response.content_length();
        let mut begun = BytesMut::new();
        let whole = loop {
            if begun.len() > LONGEST_ERROR || answer::begins_object(&begun) == Some(false) {
                break false;
            }
            match response.chunk().await.map_err(Error::transport)? {
                Some(chunk) => begun.extend_from_slice(&chunk),
                None => break true,
            }
        };
        let answered = answer::errcode(&begun).filter(|_| whole).map(|answered| answered.tidied(secrets));
        let begun = begun.freeze();
        Ok(Self { status, headers, length, called, begun, rest: Some(response), whole, answered })
    }

    /// An answer that was made on this side.
    pub(crate) fn made(body: Bytes, called: Called) -> Self {
        Self {
            status: StatusCode::OK,
            headers: answer::json_headers(),
            length: Some(body.len() as u64),
            called,
            answered: answer::errcode(&body),
            begun: body,
            rest: None,
            whole: true,
        }
    }

    /// Whether it is a JSON object, whole: what WeChat answers in place of a file.
    pub(crate) fn is_json(&self) -> bool {
        self.whole && answer::begins_object(&self.begun) == Some(true) && answer::is_json(&self.begun)
    }

    /// The next piece of the body, the beginning included.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if !self.begun.is_empty() {
            return Ok(Some(std::mem::take(&mut self.begun)));
        }
        match &mut self.rest {
            Some(rest) if !self.whole => rest.chunk().await.map_err(Error::transport),
            _ => Ok(None),
        }
    }

    /// Turns what is no whole file into an error: an errcode that is not 0, a page of markup, an answer that is packed
    /// or a part of something, unless a part was asked for.
    pub(crate) fn error_unless_file(self, part_asked_for: bool) -> Result<Self, Error> {
        let encoding = self.headers.get(CONTENT_ENCODING);
        let packed = encoding.is_some_and(|encoding| encoding != "identity");
        let whole = self.status == StatusCode::OK;
        let asked_for = whole || (part_asked_for && self.status == StatusCode::PARTIAL_CONTENT);
        if self.answered.is_none() && (packed || !asked_for) {
            let what = format!("what came is no whole file (HTTP status {})", self.status.as_u16());
            let what = if packed { "what came is packed (content-encoding)".to_owned() } else { what };
            let error = Error::new(ErrorKind::Status, what).with_status(self.status);
            return Err(self.called.locate(error));
        }
        match &self.answered {
            Some(answered) if answered.code != 0 => Err(self.into_error()),
            None if answer::is_page(&self.begun) => {
                let error = Error::new(ErrorKind::Body, "the answer is a page of markup, not a file");
                Err(self.called.locate(error.with_status(self.status)))
            }
            _ => Ok(self),
        }
    }
}

impl Judged for Arrival {
    fn errcode(&self) -> Option<i64> {
        self.answered.as_ref().map(|answered| answered.code)
    }

    fn into_error(self) -> Error {
        self.called.refused(self.answered.unwrap_or_default(), self.status)
    }
}
