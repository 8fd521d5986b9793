//! An authorizer's access token: bought with its refresh token, which must never be lost.

use std::sync::Arc;

use serde::Deserialize;

use super::Credentials;
use super::cool_down::REFRESH_TOKEN_REFUSED;
use super::guard::{Guard, Question};
use super::landing::Failure;
use super::lead::Lead;
use super::payment::Payment;
use super::price::Price;
use super::record::Changed;
use super::turn::has_tokens_of;
use super::upstream::{self, GrantedAuthorizerToken};
use crate::answer;
use crate::clock::Moment;
use crate::credential::{Account, Credential, Grant};
use crate::errcode::ErrorKind;
use crate::{AuthorizerToken, Error, Secret, TokenKind};

impl Lead<'_> {
    /// Buys an access token with the stored refresh token; where there is none, or where it is refused, with the one in
    /// WeChat's list of authorizers, and at last with the one before.
    pub(super) async fn buy_authorizer_token(
        &self,
        payment: &Payment,
        record: Option<&AuthorizerToken>,
        refused: Option<&Secret>,
    ) -> Result<Grant, Failure> {
        let of = self.of;
        if let Some(record) = record.filter(|record| record.is_unauthorized() && of.given.proof.is_none()) {
            return Err(of.taken_back(record).into());
        }
        let mut refusal = match &payment.refresh_token {
            Some(refresh_token) => match self.exchange(refresh_token, payment, refused).await? {
                Ok(grant) => return Ok(grant),
                Err(refusal) => Some(refusal),
            },
            None => None,
        };
        let mut unread = None;
        // What the caller gave is the caller's own affair.
        if of.given.proof.is_none() {
            let mut tried = Vec::from_iter(payment.refresh_token.clone());
            let listed = match self.listed_refresh_token(payment).await {
                Ok(listed) => listed,
                Err(failure @ Failure::PaymentRefused { .. }) => return Err(failure),
                Err(failure) => {
                    unread = Some(failure);
                    None
                }
            };
            let previous = record.and_then(AuthorizerToken::previous_refresh_token).cloned();
            for candidate in listed.into_iter().chain(previous) {
                if tried.contains(&candidate) {
                    continue;
                }
                match self.exchange(&candidate, payment, refused).await? {
                    Ok(grant) => {
                        tracing::warn!(
                            "the authorizer's refresh token was lost or refused, and is found again"
                        );
                        return Ok(grant);
                    }
                    Err(again) => refusal = Some(again),
                }
                tried.push(candidate);
            }
        }
        // A list that cannot be read does not say that the account is not in it.
        if let Some(failure) = unread {
            return Err(failure);
        }
        let error = refusal.unwrap_or_else(|| {
            of.error(
                ErrorKind::ReauthorizationRequired,
                "the account is not among those that have authorized the component",
            )
        });
        Err(self.failed(error, payment.price()))
    }

    /// Asks WeChat with one refresh token, which comes along with what it grants where the answer has no other. That it
    /// is refused is the inner error.
    async fn exchange(
        &self,
        refresh_token: &Secret,
        payment: &Payment,
        refused: Option<&Secret>,
    ) -> Result<Result<Grant, Error>, Failure> {
        let of = self.of;
        let token = self.paid_with()?;
        let account = &of.key.account;
        let asked =
            upstream::ask_for_authorizer_token(&of.wire, &token, account, refresh_token, &of.given.besides);
        match self.granted_by(asked).await? {
            Ok(grant) => {
                self.note_bought_by(refresh_token);
                let good = || Some(refresh_token.clone());
                let grant = Grant { refresh_token: grant.refresh_token.clone().or_else(good), ..grant };
                self.granted(&grant, self.question(refused), payment.price());
                Ok(Ok(grant))
            }
            Err(error) if error.errcode() == Some(REFRESH_TOKEN_REFUSED) => Ok(Err(error)),
            Err(error) if error.kind() == ErrorKind::TokenRejected => {
                Err(self.payment_refused(token, error, payment.price()))
            }
            Err(error) => Err(self.failed(error, payment.price())),
        }
    }

    /// Stores what was bought, unless the record has changed since it was read: then the account has authorized anew, and
    /// what was bought with the old refresh token is worth nothing.
    pub(super) async fn save_authorizer(
        &self,
        grant: Grant,
        record: Option<&AuthorizerToken>,
        price: Price,
    ) -> Result<Grant, Failure> {
        let of = self.of;
        self.check_fence()?;
        let bought = record_of(&grant);
        let replaces = bought.refresh_token() != record.and_then(AuthorizerToken::refresh_token)
            && bought.refresh_token().is_some();
        let before = record.cloned();
        // By the caller's own refresh token, it was authorized again.
        let given = of.given.proof.is_some();
        let change = {
            let bought = bought.clone();
            move |stored: Option<&AuthorizerToken>| {
                let bought = if given { authorized_since(bought.clone(), stored) } else { bought.clone() };
                has_tokens_of(stored, before.as_ref()).then_some(bought)
            }
        };
        // What came along with the refused one is good all the same, and is stored before it is told.
        let is_refused = self.cause.is_refusal() && Some(&grant.value) == self.stale;
        let granted = |grant| if is_refused { Err(Failure::SameAgain) } else { self.keep(grant) };
        let unsaved = match of.change_record(change).await {
            Ok(Changed { stored, saved }) => {
                let stored = stored.unwrap_or_default();
                // What another has put there in the meantime is the answer, too, if it is one.
                if let Some(stored) = stored.grant().filter(|stored| self.answers(stored)) {
                    return self.keep(stored);
                }
                if !saved || stored.is_unauthorized() {
                    return Err(Failure::Overtaken);
                }
                if stored.refresh_token() == bought.refresh_token() {
                    let keeps_another =
                        stored.access().is_none_or(|kept| *kept.access_token() != grant.value);
                    if keeps_another {
                        tracing::warn!(
                            "the storage adapter keeps another access token than the one just granted"
                        );
                    }
                    return granted(grant);
                }
                let other = "the storage adapter keeps another refresh token than the one just granted";
                of.error(ErrorKind::Storage, other)
            }
            Err(error) => error,
        };
        if replaces {
            // Nobody is told of success before the refresh token is durable. The next refresh puts it there.
            return Err(self.failed(unsaved, price));
        }
        tracing::error!(error = %unsaved.in_full(), "the authorizer's new access token is not saved");
        granted(grant)
    }

    /// An authorizer's whole record with what was bought, as it is stored in place of this one.
    pub(super) fn whole_record(
        &self,
        grant: &Grant,
        stored: Option<&AuthorizerToken>,
    ) -> Option<AuthorizerToken> {
        let is_authorizers = self.of.key.credential == Credential::AuthorizerToken;
        let bought = is_authorizers.then(|| record_of(grant))?;
        // By the caller's own refresh token, it was authorized again.
        let given = self.of.given.proof.is_some();
        let bought = if given { authorized_since(bought, stored) } else { bought };
        Some(bought.over(stored.cloned()))
    }
}

impl Credentials {
    /// The same, of an account that has authorized the component.
    pub(crate) fn of_authorizer(&self, authorizer: Arc<str>) -> Self {
        let account = Account { authorizer: Some(authorizer), ..self.key.account.clone() };
        self.another(account, Credential::AuthorizerToken)
    }

    /// Keeps the tokens in an answer of `api_query_auth`, for the account that it names.
    pub(crate) async fn keep_answered_authorization(&self, body: &[u8]) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Answer {
            authorization_info: Authorization,
        }

        #[derive(Deserialize)]
        struct Authorization {
            authorizer_appid: String,
            #[serde(flatten)]
            granted: GrantedAuthorizerToken,
        }

        // Of nobody, or of the component itself, there is no authorization.
        let is_anybodys = |authorized: &Authorization| {
            let named = &*authorized.authorizer_appid;
            !named.is_empty() && *named != *self.key.account.appid
        };
        let answered = answer::json::<Answer>(body).ok().map(|answer| answer.authorization_info);
        let answered = answered.filter(is_anybodys);
        let Some(Authorization { authorizer_appid, granted }) = answered else {
            tracing::error!("an authorization was answered in an unknown shape, and is not kept");
            return Ok(());
        };
        let of = self.of_authorizer(authorizer_appid.into());
        of.keep_authorization(granted.grant(of.now())).await.map_err(|error| {
            error.advising(
                "see to the storage adapter: the authorization is good, and its refresh token is looked up in \
                 api_get_authorizer_list by the next call for the account",
            )
        })
    }

    /// The error of an account that has taken its authorization back.
    fn taken_back(&self, record: &AuthorizerToken) -> Error {
        let at = Moment::from_unix(record.unauthorized_at().unwrap_or_default());
        let hours = self.now().since(at).as_secs() / 3600;
        let when = if hours == 0 { "within the last hour".to_owned() } else { format!("{hours} h ago") };
        let message = format!("the account has taken its authorization of the component back, {when}");
        self.error(ErrorKind::ReauthorizationRequired, message)
    }

    /// Keeps what an account's authorization was exchanged for, and what is told of it from then on.
    ///
    /// # Errors
    ///
    /// Those of the storage: then the authorization is not kept.
    pub(crate) async fn keep_authorization(&self, grant: Grant) -> Result<(), Error> {
        let (bought, now) = (record_of(&grant), self.now().unix());
        let bought = bought.with_authorized_at(now);
        let change = move |stored: Option<&AuthorizerToken>| Some(authorized_since(bought.clone(), stored));
        let stored = self.change_record(change).await?.stored;
        self.lane().bought(&grant, Price::default(), self.now(), None);
        match self.coordinator() {
            Some(coordinator) => {
                let value = grant.value;
                let granted = move |guard: &mut Guard, now| {
                    guard.granted(now, &value, Question::Missing, Price::default());
                };
                self.tell_all(coordinator, granted).await;
            }
            None => self.lane().guard(|guard| {
                guard.granted(self.now(), &grant.value, Question::Missing, Price::default());
            }),
        }
        if let Some(grant) = stored.as_ref().and_then(AuthorizerToken::grant) {
            self.binding.keep(&self.key, grant.received(self.now()));
        }
        Ok(())
    }

    /// Notes that the account has authorized the component, whose tokens are not known yet.
    #[cfg(feature = "callback-codec")]
    pub(crate) async fn note_authorization(&self, at: u64) -> Result<(), Error> {
        let given = AuthorizerToken::new().with_authorized_at(at);
        self.change_record(move |_| Some(given.clone())).await.map(drop)
    }

    /// Notes that the account has taken its authorization back, unless it has given it again since.
    #[cfg(feature = "callback-codec")]
    pub(crate) async fn keep_cancellation(&self, at: u64) -> Result<(), Error> {
        let gone = AuthorizerToken::new().with_unauthorized_at(at);
        let stored = self.change_record(move |_| Some(gone.clone())).await?.stored;
        if stored.is_some_and(|stored| stored.is_unauthorized()) {
            self.binding.forget(&self.key.account);
        }
        Ok(())
    }

    /// Whether the account's authorization of that time, or a later one, is kept already, or was before it was taken back.
    #[cfg(feature = "callback-codec")]
    pub(crate) async fn keeps_authorization_of(&self, at: u64) -> Result<bool, Error> {
        let record = self.record(self.owner()?).await?;
        Ok(record
            .is_some_and(|record| record.refresh_token().is_some() && record.authorized_at() >= Some(at)))
    }

    /// The refresh token that is stored.
    pub(crate) async fn refresh_token(&self) -> Result<Option<Secret>, Error> {
        let record = self.record(self.owner()?).await?;
        Ok(record.and_then(|record| record.refresh_token().cloned()))
    }
}

/// The record that tells of a grant.
fn record_of(grant: &Grant) -> AuthorizerToken {
    let record = AuthorizerToken::new().with_access(grant.clone().into_token(TokenKind::Classic));
    match &grant.refresh_token {
        Some(refresh_token) => record.with_refresh_token(refresh_token.clone()),
        None => record,
    }
}

/// A record of an authorization that is certain, whatever was told of an earlier one.
fn authorized_since(record: AuthorizerToken, stored: Option<&AuthorizerToken>) -> AuthorizerToken {
    let taken_back = stored.and_then(AuthorizerToken::unauthorized_at);
    match record.authorized_at().max(taken_back) {
        Some(at) => record.with_authorized_at(at),
        None => record,
    }
}
