//! What a credential is bought with: secrets of the adapter's, or of the caller's.

use serde_json::{Map, Value};

use super::Credentials;
use super::price::{Mark, Price};
use crate::credential::Credential;
use crate::errcode::ErrorKind;
use crate::storage::store::{ComponentOwner, Owner};
use crate::{AuthorizerToken, Error, Secret, VerifyTicket};

/// What the caller gave in place of what the adapter has.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Given {
    pub(crate) secret: Option<Secret>,
    /// A component's verify ticket, or an authorizer's refresh token.
    pub(crate) proof: Option<Secret>,
    /// What else is to be said to WeChat.
    pub(crate) besides: Map<String, Value>,
}

impl Given {
    pub(crate) fn is_some(&self) -> bool {
        *self != Self::default()
    }
}

/// What a credential is bought with, as far as it is there.
pub(super) struct Payment {
    /// The application's.
    pub(super) secret: Option<Secret>,
    /// A component's.
    pub(super) verify_ticket: Option<VerifyTicket>,
    /// An authorizer's.
    pub(super) refresh_token: Option<Secret>,
}

impl Payment {
    pub(super) fn price(&self) -> Price {
        let ticket = self.verify_ticket.as_ref().map(VerifyTicket::component_verify_ticket);
        let proof = ticket.or(self.refresh_token.as_ref()).map(Mark::of);
        let secret = self.secret.as_ref().map(Mark::of);
        // An authorizer whose refresh token is lost is found by the component's token alone.
        let proof = proof.or(Some(Mark::NONE).filter(|_| secret.is_none()));
        Price { secret, proof }
    }
}

impl Credentials {
    /// What this credential is bought with. `record` is the authorizer's, where it is one's.
    pub(super) async fn payment(
        &self,
        owner: &dyn Owner,
        record: Option<&AuthorizerToken>,
    ) -> Result<Payment, Error> {
        let (mut verify_ticket, mut refresh_token) = (None, None);
        let secret = match self.key.credential {
            Credential::AccessToken(_) | Credential::Ticket(_) => self.secret_of(owner).await?,
            Credential::ComponentToken => {
                verify_ticket = match &self.given.proof {
                    Some(given) => Some(VerifyTicket::new(given.clone(), self.now().unix())),
                    None => self.verify_ticket(owner).await?,
                };
                self.secret_of(owner).await?
            }
            Credential::AuthorizerToken => {
                let stored = || record.and_then(AuthorizerToken::refresh_token).cloned();
                refresh_token = self.given.proof.clone().or_else(stored);
                None
            }
        };
        Ok(Payment { secret, verify_ticket, refresh_token })
    }

    /// Notes what a caller gave, where it is other than what the adapter has.
    pub(crate) async fn with_given(mut self, given: Given) -> Result<Self, Error> {
        let owner = self.owner()?;
        let record = self.record(owner).await?;
        let own = self.payment(owner, record.as_ref()).await?;
        let proof = own.verify_ticket.map(|ticket| ticket.component_verify_ticket().clone());
        let proof = proof.or(own.refresh_token);
        let other =
            |given: Option<Secret>, own: Option<Secret>| given.filter(|given| Some(given) != own.as_ref());
        let (secret, proof) = (other(given.secret, own.secret), other(given.proof, proof));
        self.given = Given { secret, proof, besides: given.besides };
        Ok(self)
    }

    /// The application's secret.
    pub(crate) async fn secret(&self) -> Result<Secret, Error> {
        let owner = self.owner()?;
        self.secret_of(owner).await?.ok_or_else(|| self.no_secret())
    }

    /// The secret that the adapter has; an empty one is none.
    async fn secret_of(&self, owner: &dyn Owner) -> Result<Option<Secret>, Error> {
        let secret = match &self.given.secret {
            Some(secret) => Some(secret.clone()),
            None => self.ask_storage_for("read", "app secret", owner.secret(&self.key.account.appid)).await?,
        };
        Ok(secret.filter(|secret| !secret.expose().is_empty()))
    }

    pub(super) fn no_secret(&self) -> Error {
        let error = self.error(ErrorKind::Configuration, "the storage adapter has no secret for this appid");
        match self.key.credential {
            Credential::ComponentToken => error.advising(
                "have the storage adapter answer it in `fetch_secret_key`; `appid` is the component's, and an account is \
                 named by `authorizer_appid`",
            ),
            _ => error.advising("have the storage adapter answer it in `fetch_secret_key`"),
        }
    }

    /// What only the owner of a component application has.
    pub(super) fn component_owner<'o>(&self, owner: &'o dyn Owner) -> Result<&'o dyn ComponentOwner, Error> {
        const NONE: &str = "only the storage of a component application has such records";
        owner.component().ok_or_else(|| self.error(ErrorKind::Storage, NONE))
    }
}
