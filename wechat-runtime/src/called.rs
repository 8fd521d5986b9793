//! Which call an answer belongs to: what its errors tell.

use std::sync::Arc;

use reqwest::StatusCode;

use crate::Error;
use crate::answer::Answered;
use crate::errcode::{Origin, TOKEN_REFUSED};

/// What was called, for whom, and with whose token.
#[derive(Clone)]
pub(crate) struct Called {
    pub(crate) endpoint: Arc<str>,
    pub(crate) appid: Option<Arc<str>>,
    /// Whether the caller gave the token, so that nothing else is to blame when it is refused.
    pub(crate) callers_token: bool,
}

impl Called {
    /// Says where an error happened.
    pub(crate) fn locate(&self, error: Error) -> Error {
        error.at(Some(&self.endpoint), self.appid.as_ref())
    }

    /// What WeChat answered, as the error it is.
    pub(crate) fn refused(&self, answered: Answered, status: StatusCode) -> Error {
        let code = answered.code;
        let error = Error::answered(code, answered.message, Origin::Business).with_status(status);
        let error = self.locate(error);
        if self.callers_token && TOKEN_REFUSED.contains(&code) {
            return error.advising("the call itself gave this access token: leave it out to have one found");
        }
        error
    }
}
