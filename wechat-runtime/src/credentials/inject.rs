//! Obtain → inject → send → judge → refresh → send once more: the life of every call that needs a token.

use std::future::Future;

use super::{Cause, Credentials};
use crate::errcode::TOKEN_REFUSED;
use crate::{Error, Secret};

/// The next step: sends the call, with this token or with none.
pub(crate) trait Next {
    /// What comes back.
    type Answer: Judged + Send;

    /// Sends it. Called a second time, it sends the same once more.
    fn send(&mut self, token: Option<&Secret>) -> impl Future<Output = Result<Self::Answer, Error>> + Send;

    /// Whether it can be sent once more: a body that is read as it is sent is gone.
    fn can_repeat(&self) -> bool {
        true
    }
}

/// An answer that can be asked what WeChat said in it.
pub(crate) trait Judged {
    /// The errcode, where there is one.
    fn errcode(&self) -> Option<i64>;

    /// The answer as the error it is.
    fn into_error(self) -> Error;
}

impl Credentials {
    /// Gives a call its token, and gives it another one, once, when WeChat refuses it.
    ///
    /// # Errors
    ///
    /// Those of `next`, of obtaining the token, and the refusal of a second token.
    pub(crate) async fn inject_into<N: Next + Send>(&self, next: &mut N) -> Result<N::Answer, Error> {
        let granted = self.obtain().await?;
        let answer = next.send(Some(&granted.value)).await?;
        if !refused(&answer) {
            return Ok(answer);
        }
        let refusal = answer.into_error();
        let fresh = self.refresh(Some(granted.value), Cause::Refused(Some(refusal.clone()))).await?;
        if !next.can_repeat() {
            let why = "the access token was refused and is fresh now, but the body can be read only once";
            return Err(refusal.because(why).advising("make the call again"));
        }
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
