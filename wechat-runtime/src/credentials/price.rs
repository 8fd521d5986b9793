//! What a credential is bought with, as it is recognised without being kept.

use serde::{Deserialize, Serialize};
use sha1_smol::Sha1;

use super::cool_down::EndsBy;
use crate::Secret;

/// What a secret is recognised by, where it need not be kept: by all processes in the same way, and too short a part of its
/// hash to find it by.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark(u64);

impl Mark {
    /// Of what is not there.
    pub(super) const NONE: Self = Self(0);

    pub(super) fn of(secret: &Secret) -> Self {
        let hash = Sha1::from(secret.expose()).digest().bytes();
        Self(hash.iter().take(8).fold(0, |mark, byte| (mark << 8) | u64::from(*byte)))
    }
}

/// What a credential is bought with, as it is recognised: the application's secret, and a component's verify ticket or an
/// authorizer's refresh token.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Price {
    pub(super) secret: Option<Mark>,
    pub(super) proof: Option<Mark>,
}

impl Price {
    /// What a pause holds for, where something else in its place ends it. That there is none is also something that holds.
    pub(super) fn held(self, ends_by: EndsBy) -> Option<Mark> {
        let held = match ends_by {
            EndsBy::Nothing | EndsBy::ClearedQuota => return None,
            EndsBy::AnotherSecret => self.secret,
            EndsBy::AnotherVerifyTicket | EndsBy::AnotherRefreshToken => self.proof,
        };
        Some(held.unwrap_or(Mark::NONE))
    }

    /// Whether the component's token is all that is paid with: the authorizer's refresh token is to be found.
    pub(super) fn has_nothing_of_its_own(self) -> bool {
        self.secret.is_none() && self.proof == Some(Mark::NONE)
    }

    /// Whether who pays so may have what was bought so: who has the same secret, or the authorizer's refresh token.
    pub(super) fn buys_what(self, bought_by: Self) -> bool {
        match self.secret {
            Some(_) => self.secret == bought_by.secret,
            None => self.proof.is_some() && self.proof == bought_by.proof,
        }
    }
}
