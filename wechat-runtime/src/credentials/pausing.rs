//! Pauses that begin or end beside a refresh: for this process, or for all.

use super::guard::Guard;
use super::landing::Failure;
use super::lane::{self, Lane};
use super::price::Price;
use super::{Cause, Credentials};
use crate::Error;
use crate::errcode::ErrorKind;

impl Credentials {
    /// Begins a pause, of which the error tells how long it is.
    pub(super) async fn pause(&self, lane: &Lane, error: Error) -> Error {
        let (credential, settings) = (self.key.credential.clone(), self.wire.settings.clone());
        let fail = {
            let error = error.clone();
            move |guard: &mut Guard, now| guard.failed(now, error, &credential, Price::default(), &settings)
        };
        match self.coordinator().filter(|_| !is_of_process(&error)) {
            Some(coordinator) => self.tell_all(coordinator, fail).await.unwrap_or(error),
            None => lane.guard(|guard| fail(guard, self.now())),
        }
    }

    /// Finds out without leading that this binding's secret is one that WeChat has just refused: else all
    /// who have it would have to lead, one after the other, to be told so.
    pub(super) async fn held_back(&self, lane: &Lane) -> Result<(), Error> {
        let Some(owner) = self.binding.store.owner() else { return Ok(()) };
        if owner.coordinator().is_some() {
            // What holds it back is read by leading, there, and costs WeChat nothing.
            return Ok(());
        }
        let record = self.record(owner).await?;
        let payment = self.payment(owner, record.as_ref()).await?;
        let held = lane.guard(|guard| guard.cool_down(self.now(), payment.price()));
        held.map_err(|blocked| Failure::from(blocked).into_error(&Cause::Missing))
    }

    /// Ends the cool-downs that a used-up quota has caused, for all credentials of an account.
    pub(crate) async fn quota_cleared(&self, appid: &str) {
        lane::quota_cleared(&self.key.base_url, appid, self.now());
        if let Some(coordinator) = self.coordinator() {
            // What is bought with this one asks there, when it is held back.
            self.tell_all(coordinator, Guard::quota_cleared).await;
        }
    }
}

/// Whether it is this process alone that has this trouble: no way to WeChat, or a storage that does not do its part. It does
/// not hold the others back.
pub(super) fn is_of_process(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connect | ErrorKind::Storage)
}
