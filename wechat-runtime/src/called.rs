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
    pub(crate) token: Whose,
}

/// Whose token a call carries: who is to blame when it is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The account's, found for the call.
    Accounts,
    /// None: the call is made by the app secret, or by nothing.
    Nobodys,
    /// The account's, given by the caller.
    Callers,
    /// An end user's, given by the caller.
    Users,
}

impl Whose {
    /// What the codes that refuse a token mean. With none given, what was refused is the secret.
    fn origin(self) -> Origin {
        match self {
            Self::Accounts | Self::Callers => Origin::Business,
            Self::Users => Origin::User,
            Self::Nobodys => Origin::Grant,
        }
    }

    fn advice(self) -> Option<&'static str> {
        match self {
            Self::Accounts | Self::Nobodys => None,
            Self::Callers => Some("the call itself gave this access token: leave it out to have one found"),
            Self::Users => Some("this is a user's own token: refresh it, or let the user log in again"),
        }
    }
}

impl Called {
    /// Says where an error happened.
    pub(crate) fn locate(&self, error: Error) -> Error {
        error.at(Some(&self.endpoint), self.appid.as_ref())
    }

    /// What WeChat answered, as the error it is.
    pub(crate) fn refused(&self, answered: Answered, status: StatusCode) -> Error {
        let code = answered.code;
        let error =
            Error::answered(code, answered.message.into_owned(), self.token.origin()).with_status(status);
        let error = self.locate(error);
        match self.token.advice().filter(|_| TOKEN_REFUSED.contains(&code)) {
            Some(advice) => error.advising(advice),
            None => error,
        }
    }
}
