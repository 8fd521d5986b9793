//! Obtain → inject → send → judge → refresh → send once more: the life of every call that needs a token.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use super::{Cause, Credentials};
use crate::base::Addressed;
use crate::deadline::{Awaited, Deadline};
use crate::errcode::TOKEN_REFUSED;
use crate::storage::adapter::LocalCopy;
use crate::{Error, Secret};

/// The next step: sends the call, with this token or with none.
pub(crate) trait Next {
    /// What comes back.
    type Answer: Judged + Send;

    /// Sends it. Called a second time, it sends the same once more.
    fn send(
        &mut self,
        token: Option<Carried<'_>>,
    ) -> impl Future<Output = Result<Self::Answer, Error>> + Send;

    /// Whether it can be sent once more: a body that is read as it is sent is gone.
    fn can_repeat(&self) -> bool {
        true
    }
}

/// A token that a call carries.
#[derive(Clone, Copy)]
pub(crate) struct Carried<'a> {
    pub(crate) token: &'a Secret,
    /// Where the URL with this token is kept for other calls, where there are some.
    pub(crate) addressed: Option<&'a OnceLock<Addressed>>,
}

/// An answer that can be asked what WeChat said in it.
pub(crate) trait Judged {
    /// The errcode, where there is one.
    fn errcode(&self) -> Option<i64>;

    /// The answer as the error it is.
    fn into_error(self) -> Error;
}

impl Credentials {
    /// Gives a call its token, and gives it another one, once, when WeChat refuses it; all before the deadline.
    ///
    /// # Errors
    ///
    /// Those of `next`, of obtaining the token, and the refusal of a second token.
    pub(crate) async fn inject_into<N>(&self, next: &mut N, deadline: &Deadline) -> Result<N::Answer, Error>
    where
        N: Next + Send,
    {
        let copy = |grant| Arc::new(LocalCopy::new(grant, None));
        let mut granted = match self.kept() {
            Some(kept) => kept,
            // Boxed, because it is rare, and large.
            None => copy(deadline.wait_for(Awaited::Credential, Box::pin(self.obtain_afresh())).await?),
        };
        let mut is_fresh = false;
        // One place that sends, so that a call has room for one attempt. Ends: a fresh one is tried once.
        loop {
            let token = Carried { token: &granted.grant.value, addressed: Some(&granted.addressed) };
            let answer = next.send(Some(token)).await?;
            if !refused(&answer) {
                return Ok(answer);
            }
            let refusal = answer.into_error();
            if is_fresh {
                return Err(refusal.because("the access token is refused, and so is a fresh one"));
            }
            let (stale, cause) = (granted.grant.value.clone(), Cause::Refused(Some(refusal.clone())));
            granted = copy(deadline.wait_for(Awaited::Credential, self.refresh(Some(stale), cause)).await?);
            is_fresh = true;
            if !next.can_repeat() {
                let why = "the access token was refused and is fresh now, but the body can be read only once";
                return Err(refusal.because(why).advising("make the call again"));
            }
        }
    }
}

fn refused(answer: &impl Judged) -> bool {
    answer.errcode().is_some_and(|code| TOKEN_REFUSED.contains(&code))
}
