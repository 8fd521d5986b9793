//! Buying a credential of WeChat: with a secret, or with another credential.

use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use super::Cause;
use super::guard::{Guard, Question};
use super::landing::Failure;
use super::lead::Lead;
use super::payment::Payment;
use super::price::{Mark, Price};
use super::upstream::{self, Reply};
use crate::clock::Moment;
use crate::credential::{Credential, Grant};
use crate::errcode::ErrorKind;
use crate::{AuthorizerToken, Error, Secret, TicketType, TokenKind};

/// WeChat's word for a used-up quota: after a forced refresh it speaks of the forced ones alone.
const QUOTA_USED_UP: i64 = 45009;

impl Lead<'_> {
    pub(super) async fn buy(
        &self,
        payment: &Payment,
        record: Option<&AuthorizerToken>,
        refused: Option<&Secret>,
    ) -> Result<Grant, Failure> {
        let granted = match &self.of.key.credential {
            // Its refresh token has to be kept, whatever else was granted.
            Credential::AuthorizerToken => return self.buy_authorizer_token(payment, record, refused).await,
            Credential::AccessToken(kind) => self.buy_token(*kind, payment, refused).await?,
            Credential::Ticket(ticket_type) => return self.buy_ticket(ticket_type, payment).await,
            Credential::ComponentToken => self.buy_component_token(payment, refused).await?,
        };
        if Some(&granted.value) == refused { Err(Failure::SameAgain) } else { Ok(granted) }
    }

    async fn buy_token(
        &self,
        kind: TokenKind,
        payment: &Payment,
        refused: Option<&Secret>,
    ) -> Result<Grant, Failure> {
        let secret = payment.secret.as_ref().ok_or_else(|| self.of.no_secret())?;
        if let Cause::Asked { force } = *self.cause {
            if force {
                self.begin_forced()?;
            }
            return self.ask_once(kind, secret, refused, force).await;
        }
        let mut grant = self.ask_once(kind, secret, refused, false).await?;
        if Some(&grant.value) == refused && kind == TokenKind::Stable {
            self.begin_forced()?;
            grant = self.ask_once(kind, secret, refused, true).await?;
        }
        Ok(grant)
    }

    async fn ask_once(
        &self,
        kind: TokenKind,
        secret: &Secret,
        refused: Option<&Secret>,
        force: bool,
    ) -> Result<Grant, Failure> {
        let of = self.of;
        let price = Price { secret: Some(Mark::of(secret)), proof: None };
        let asked = upstream::ask_for_token(&of.wire, kind, &of.key.account.appid, secret, force);
        match self.granted_by(asked).await? {
            Ok(grant) => {
                self.granted(&grant, self.question(refused).after(force), price);
                Ok(grant)
            }
            Err(error) if force && error.errcode() == Some(QUOTA_USED_UP) => {
                Err(self.guard(Guard::forced_used_up).into())
            }
            Err(error) => Err(self.failed(error, price)),
        }
    }

    async fn buy_component_token(
        &self,
        payment: &Payment,
        refused: Option<&Secret>,
    ) -> Result<Grant, Failure> {
        let of = self.of;
        let secret = payment.secret.as_ref().ok_or_else(|| of.no_secret())?;
        let ticket = of.check_verify_ticket(payment.verify_ticket.clone())?;
        let asked = upstream::ask_for_component_token(
            &of.wire,
            &of.key.account.appid,
            secret,
            ticket.component_verify_ticket(),
            &of.given.besides,
        );
        match self.granted_by(asked).await? {
            Ok(grant) => {
                self.granted(&grant, self.question(refused), payment.price());
                Ok(grant)
            }
            Err(error) => {
                let error = match error.kind() {
                    ErrorKind::VerifyTicket => {
                        let age = of.now().since(Moment::from_unix(ticket.timestamp()));
                        error.with_verify_ticket_age(age)
                    }
                    _ => error,
                };
                Err(self.failed(error, payment.price()))
            }
        }
    }

    async fn buy_ticket(&self, ticket_type: &TicketType, payment: &Payment) -> Result<Grant, Failure> {
        let of = self.of;
        let token = self.paid_with()?;
        let asked = upstream::ask_for_ticket(&of.wire, &token, ticket_type);
        match self.granted_by(asked).await? {
            Ok(grant) => {
                self.granted(&grant, Question::Missing, payment.price());
                Ok(grant)
            }
            Err(error) if error.kind() == ErrorKind::TokenRejected => {
                Err(self.payment_refused(token, error, payment.price()))
            }
            Err(error) => Err(self.failed(error, payment.price())),
        }
    }

    fn begin_forced(&self) -> Result<(), Failure> {
        Ok(self.guard(|guard, now| guard.begin_forced(now, &self.of.wire.settings))?)
    }

    /// Waits for one's turn among all that is granted at the time, for as long as there is time to ask thereafter. Who
    /// has not had it, has not asked: that is no reason for a pause.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, Failure> {
        let of = self.of;
        let asking = of.wire.settings.upstream_timeout.min(of.wire.settings.lease / 2);
        let left = of.time_left(self.began, "WeChat")?.saturating_sub(asking);
        let turn = timeout(left, of.wire.granting.acquire()).await.ok().and_then(Result::ok);
        let crowded = "so much is granted at once that its turn has not come in time";
        turn.ok_or_else(|| of.error(ErrorKind::Timeout, crowded).into())
    }

    /// What WeChat grants when it is asked so; within its time, and within that of the lease.
    pub(super) async fn granted_by(
        &self,
        asked: impl Future<Output = Result<Reply, Error>>,
    ) -> Result<Result<Grant, Error>, Failure> {
        let of = self.of;
        let _turn = self.turn().await?;
        let left = of.time_left(self.began, "WeChat")?.min(of.wire.settings.upstream_timeout);
        let now = of.now();
        let reply = timeout(left, asked).await;
        let reply = reply.unwrap_or_else(|_| Err(of.error(ErrorKind::Timeout, "no answer in time")));
        let granted = reply.and_then(|reply| reply.grant(&of.key.credential, now));
        // An errcode is the one answer that says for certain that nothing was granted.
        self.note_asked(granted.as_ref().err().is_none_or(|error| error.errcode().is_none()));
        Ok(granted.map_err(|error| of.locate(error)))
    }
}
