//! Why a refresh is asked for.

use crate::Error;

/// Why a refresh is asked for.
#[derive(Clone)]
pub(crate) enum Cause {
    /// There is none that lives.
    Missing,
    /// It still lives, but not for long.
    Ageing,
    /// WeChat refused it with this error, or the user says that it is no good.
    Refused(Option<Error>),
    /// It may have been replaced by one that nobody knows of.
    Doubted,
    /// It was asked of WeChat by name; with `force`, so that the old one dies at once.
    Asked { force: bool },
}

impl Cause {
    pub(super) fn refusal(&self) -> Option<&Error> {
        match self {
            Self::Refused(error) => error.as_ref(),
            Self::Missing | Self::Ageing | Self::Doubted | Self::Asked { .. } => None,
        }
    }

    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// Whether what keeps one of the two from a new credential keeps the other from it.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.is_refusal() && other.is_refusal()) || self.is_asked_like(other)
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ageing => "ageing",
            Self::Refused(Some(_)) => "refused",
            Self::Refused(None) => "asked for",
            Self::Doubted => "doubted",
            Self::Asked { force: false } => "asked for by name",
            Self::Asked { force: true } => "forced by name",
        }
    }

    /// Whether another caller's question was this one, about whatever token.
    pub(super) fn is_asked_like(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Asked { force: one }, Self::Asked { force: other }) if one == other)
    }
}
