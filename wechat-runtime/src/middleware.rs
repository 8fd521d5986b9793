//! Obtain → inject → send → judge → refresh → send once more: the life of every call that needs a token.

use std::future::Future;

use crate::credentials::{Cause, Credentials};
use crate::errcode::TOKEN_REFUSED;
use crate::{Error, Secret};

/// The next step: sends the call, with this token or with none.
pub(crate) trait Next {
    /// What comes back.
    type Answer: Judged + Send;

    /// Sends it. Called a second time, it sends the same once more.
    fn send(&mut self, token: Option<&Secret>) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// An answer that can be asked what WeChat said in it.
pub(crate) trait Judged {
    /// The errcode, where there is one.
    fn errcode(&self) -> Option<i64>;

    /// The answer as the error it is.
    fn into_error(self) -> Error;
}

/// Gives calls their token, and gives them another one, once, when WeChat refuses it.
pub(crate) struct TokenInjection<'a> {
    credentials: &'a Credentials,
}

impl<'a> TokenInjection<'a> {
    pub(crate) fn new(credentials: &'a Credentials) -> Self {
        Self { credentials }
    }

    /// # Errors
    ///
    /// Those of `next`, of obtaining the token, and the refusal of a second token.
    pub(crate) async fn run<N: Next + Send>(&self, next: &mut N) -> Result<N::Answer, Error> {
        let granted = self.credentials.obtain().await?;
        let answer = next.send(Some(&granted.value)).await?;
        if !refused(&answer) {
            return Ok(answer);
        }
        let cause = Cause::Refused(Some(answer.into_error()));
        let fresh = self.credentials.refresh(Some(granted.value), cause).await?;
        let answer = next.send(Some(&fresh.value)).await?;
        if refused(&answer) {
            return Err(answer.into_error().because("the access token is refused, and so is a fresh one"));
        }
        Ok(answer)
    }
}

fn refused(answer: &impl Judged) -> bool {
    answer.errcode().is_some_and(|code| TOKEN_REFUSED.contains(&code))
}
