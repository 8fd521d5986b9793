//! Secrets, and storages and coordinators out of reach.

use crate::storage::Error;
use crate::storage::contract::Verdict;
use crate::storage::contract::led::{LONG, new_notes};
use crate::storage::contract::slot::{MARK, new_appid};
use crate::storage::contract::trial::{Outcome, Trial, failed};

pub(super) async fn an_unknown_account_has_no_secret(trial: &Trial) -> Outcome {
    match trial.first().secret(&new_appid()).await? {
        None => Ok(()),
        Some(_) => Err(Verdict::Failed("expected `Ok(None)` for an unknown appid, found a secret".into())),
    }
}

pub(super) async fn a_known_secret_is_answered(trial: &Trial) -> Outcome {
    for (appid, secret) in trial.known_secrets()? {
        for adapter in trial.all() {
            let found = match adapter.secret(appid).await? {
                Some(found) if found == *secret => continue,
                Some(_) => "another",
                None => "`Ok(None)`",
            };
            return Err(Verdict::Failed(format!("expected the secret of `{appid}`, found {found}")));
        }
    }
    Ok(())
}

pub(super) async fn out_of_reach_is_an_error_to_read(trial: &Trial) -> Outcome {
    let (adapter, account) = (trial.out_of_reach()?, trial.new_account());
    for slot in trial.slots() {
        let found = match adapter.try_fetch(&account, slot).await? {
            Err(_) => continue,
            Ok(None) => "`Ok(None)`",
            Ok(Some(_)) => "a record",
        };
        return Err(failed(slot, format!("expected `Err`, found {found}")));
    }
    Ok(())
}

pub(super) async fn out_of_reach_is_an_error_to_save(trial: &Trial) -> Outcome {
    let (adapter, account) = (trial.out_of_reach()?, trial.new_account());
    for slot in trial.slots() {
        if adapter.try_save(&account, &slot.living()).await?.is_ok() {
            return Err(failed(slot, "expected `Err`, found `Ok`"));
        }
    }
    Ok(())
}

pub(super) async fn a_secret_out_of_reach_is_not_none(trial: &Trial) -> Outcome {
    let adapter = trial.out_of_reach()?;
    for (appid, secret) in trial.known_secrets()? {
        let found = match adapter.try_secret(appid).await? {
            Err(_) => continue,
            // Secrets may be kept apart from the storage that is out of reach.
            Ok(Some(found)) if found == *secret => continue,
            Ok(Some(_)) => "another",
            Ok(None) => "`Ok(None)`",
        };
        return Err(Verdict::Failed(format!("expected `Err` or the secret of `{appid}`, found {found}")));
    }
    Ok(())
}

pub(super) async fn a_coordinator_out_of_reach_is_an_error(trial: &Trial) -> Outcome {
    let process = trial.process_out_of_reach()?;
    for place in trial.places() {
        let (record, notes) = (place.slot.living(), new_notes());
        let found = [
            ("begin", process.try_begin(&place, LONG).await?.is_ok()),
            ("commit", process.try_commit(&place, 1, &record, &notes).await?.is_ok()),
            ("abort", process.try_abort(&place, 1, &notes).await?.is_ok()),
        ];
        if let Some((callback, _)) = found.into_iter().find(|(_, is_ok)| *is_ok) {
            return Err(place.failed(format!("expected `Err` of {callback}, found `Ok`")));
        }
    }
    Ok(())
}

pub(super) async fn a_coordinators_error_does_not_tell_what_was_committed(trial: &Trial) -> Outcome {
    let process = trial.process_out_of_reach()?;
    for place in trial.places() {
        let committed = process.try_commit(&place, 1, &place.slot.living(), &new_notes()).await?;
        let Err(error) = committed else { continue };
        if tells(error) {
            return Err(place.failed("expected an `Err` without the value, found it in its text"));
        }
    }
    Ok(())
}

pub(super) async fn an_error_does_not_tell_what_was_saved(trial: &Trial) -> Outcome {
    let (adapter, account) = (trial.out_of_reach()?, trial.new_account());
    for slot in trial.slots() {
        let Err(error) = adapter.try_save(&account, &slot.living()).await? else { continue };
        if tells(error) {
            return Err(failed(slot, "expected an `Err` without the value, found it in its text"));
        }
    }
    Ok(())
}

/// Whether an error has a value in its text, or in that of its sources.
fn tells(error: Error) -> bool {
    let mut words = format!("{error} {error:?}");
    let error = error.into_inner();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words} {cause} {cause:?}");
        source = cause.source();
    }
    words.contains(MARK)
}
