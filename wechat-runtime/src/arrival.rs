//! An answer of which the beginning has come: enough to tell an error from a file.

use bytes::{Bytes, BytesMut};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

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
    /// None when the body has been read to its end.
    pub(crate) rest: Option<reqwest::Response>,
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
        let answered = answer::errcode(&begun)
            .filter(|_| whole)
            .map(|answered| Answered { message: answer::tidy(&answered.message, &secrets()), ..answered });
        let (begun, rest) = (begun.freeze(), (!whole).then_some(response));
        Ok(Self { status, headers, length, called, begun, rest, answered })
    }

    /// An answer that was made on this side.
    pub(crate) fn whole(body: Bytes, called: Called) -> Self {
        Self {
            status: StatusCode::OK,
            headers: answer::json_headers(),
            length: Some(body.len() as u64),
            called,
            answered: answer::errcode(&body),
            begun: body,
            rest: None,
        }
    }

    /// Whether it is a JSON object, whole: what WeChat answers in place of a file.
    pub(crate) fn is_json(&self) -> bool {
        self.rest.is_none()
            && answer::begins_object(&self.begun) == Some(true)
            && answer::is_json(&self.begun)
    }

    /// The next piece of the body, the beginning included.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if !self.begun.is_empty() {
            return Ok(Some(std::mem::take(&mut self.begun)));
        }
        match &mut self.rest {
            Some(rest) => rest.chunk().await.map_err(Error::transport),
            None => Ok(None),
        }
    }

    /// Turns an errcode that is not 0, and a page of markup, into an error.
    pub(crate) fn error_for_errcode(self) -> Result<Self, Error> {
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
