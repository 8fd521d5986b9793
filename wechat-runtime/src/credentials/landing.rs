//! What a refresh came to, for all who wait: as data, because each has a question of its own.

use std::sync::Arc;
use std::time::Duration;

use super::guard::Blocked;
use super::{Cause, Credentials, Given};
use crate::credential::Grant;
use crate::errcode::ErrorKind;
use crate::storage::adapter::Binding;
use crate::{Error, Secret};

/// What a refresh came to, through which binding, and what was asked.
#[derive(Clone)]
pub(super) struct Landing {
    pub(super) of: Through,
    pub(super) stale: Option<Secret>,
    pub(super) cause: Cause,
    pub(super) outcome: Result<Grant, Failure>,
}

/// Whose storage and whose secrets a refresh went by, and with how much patience.
#[derive(Clone)]
pub(super) struct Through {
    binding: Arc<Binding>,
    given: Given,
    patience: Duration,
}

impl From<&Credentials> for Through {
    fn from(of: &Credentials) -> Self {
        Self { binding: of.binding.clone(), given: of.given.clone(), patience: of.storage_patience() }
    }
}

impl Through {
    /// Whether it went as a refresh of these would go.
    pub(super) fn is(&self, of: &Credentials) -> bool {
        Arc::ptr_eq(&self.binding, &of.binding)
            && self.given == of.given
            && self.patience == of.storage_patience()
    }
}

/// Why there is no new grant: as data, because each who waits has a refusal of its own to tell of.
#[derive(Clone)]
pub(super) enum Failure {
    Error(Error),
    Blocked(Blocked),
    /// Refreshing brought the refused value back.
    SameAgain,
    /// The hub replaces none for now, with its own words for that.
    ByHub(Error),
    /// Another has begun since, because this one was parked past its lease; or something else has changed an authorizer's
    /// record meanwhile.
    Overtaken,
    /// WeChat refused the credential that this one is bought with.
    PaymentRefused {
        value: Secret,
        refusal: Error,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Blocked> for Failure {
    fn from(blocked: Blocked) -> Self {
        Self::Blocked(blocked)
    }
}

impl Failure {
    /// Whether it is the failure, too, of one who waited: through the same binding or not, with the same
    /// question or not, as one who owns the credential or not.
    pub(super) fn concerns(&self, same_binding: bool, owns: bool, same_question: bool) -> bool {
        match self {
            // Another binding's storage, secret and hub are not ours; what WeChat's endpoint says is every owner's.
            Self::Error(error) | Self::Blocked(Blocked::CoolDown(error)) => {
                let of_adapter = matches!(error.kind(), ErrorKind::Storage | ErrorKind::Configuration);
                same_binding || (owns && !of_adapter)
            }
            Self::ByHub(_) => same_binding && same_question,
            Self::Blocked(_) | Self::SameAgain => same_question,
            Self::Overtaken | Self::PaymentRefused { .. } => false,
        }
    }

    /// The error for a caller, whose own refusal says more than what keeps it from a fresh token.
    pub(super) fn into_error(self, cause: &Cause) -> Error {
        let (asked, refused, wait) = match self {
            Self::Error(error) | Self::Blocked(Blocked::CoolDown(error)) => return error,
            Self::Blocked(Blocked::TooYoung(wait)) => {
                ("another was granted a moment ago", "and too young to be replaced", Some(wait))
            }
            Self::Blocked(Blocked::TooRecent(wait)) => {
                ("another was granted a moment ago", "and another was replaced a moment ago", Some(wait))
            }
            Self::Blocked(Blocked::Budget(wait)) => (
                "the day's renewals by name are used up",
                "and the day's replacements are used up",
                Some(wait),
            ),
            Self::Blocked(Blocked::Forced(wait)) => (
                "the day's forced refreshes are used up",
                "and given out again, and the day's forced refreshes are used up",
                Some(wait),
            ),
            Self::SameAgain => {
                ("the same one was granted again", "and refreshing brings the same one back", None)
            }
            Self::ByHub(error) => {
                let refusal = cause.refusal().cloned();
                let refusal = refusal.unwrap_or_else(|| Error::new(ErrorKind::TokenRejected, ""));
                let refused = "the access token is refused, and the hub replaces none for now";
                let refusal = refusal.because(refused).with_retry_after(error.retry_after());
                return refusal.with_reason(error.reason().map(str::to_owned)).caused_by(Arc::new(error));
            }
            Self::PaymentRefused { refusal, .. } => {
                return refusal.because("the access token is refused, and so is a fresh one");
            }
            Self::Overtaken => {
                const LATE: &str = "refreshing took too long, and another refresh has overtaken it";
                let refusal = cause.refusal().cloned();
                return refusal.unwrap_or_else(|| Error::new(ErrorKind::TokenRejected, "")).because(LATE);
            }
        };
        if matches!(cause, Cause::Asked { .. }) {
            return Error::new(ErrorKind::Quota, format!("no new access token: {asked}"))
                .with_retry_after(wait);
        }
        let refusal = cause.refusal().cloned().unwrap_or_else(|| Error::new(ErrorKind::TokenRejected, ""));
        refusal.because(format!("the access token is refused, {refused}")).with_retry_after(wait)
    }
}
