//! Many records, or many times one, saved and read at once.

use tokio::task::JoinSet;

use crate::storage::contract::slot::Slot;
use crate::storage::contract::storm::{Storm, all_of, first_saves, storm};
use crate::storage::contract::trial::{Outcome, Trial, failed};

pub(super) async fn no_record_is_torn(trial: &Trial) -> Outcome {
    for slot in trial.stormy_slots() {
        let first = first_saves(trial, slot).await?;
        // Before the first save there is none.
        expect_whole(slot, first, true)?;
        expect_whole(slot, storm(trial, slot).await?, false)?;
    }
    Ok(())
}

/// Fails unless each read found one of the records saved.
fn expect_whole(slot: &Slot, Storm { saves, reads }: Storm, or_none: bool) -> Outcome {
    let saved: Vec<_> = saves.into_iter().map(|save| save.record).collect();
    for read in reads {
        match read.found {
            Some(found) if saved.contains(&found) => {}
            Some(found) => {
                let pieces = found.pieces_of(&saved);
                return Err(failed(slot, format!("expected one of the records saved, found {pieces}")));
            }
            None if or_none => {}
            None => return Err(failed(slot, "expected the record before or after a save, found none")),
        }
    }
    Ok(())
}

pub(super) async fn what_was_replaced_never_comes_back(trial: &Trial) -> Outcome {
    for slot in trial.stormy_slots() {
        let storm = storm(trial, slot).await?;
        if storm.reads.iter().any(|read| storm.is_stale(read)) {
            let how = "expected the record saved last, found one that was replaced before the read began";
            return Err(failed(slot, how));
        }
    }
    Ok(())
}

pub(super) async fn saves_at_once_of_many_accounts_are_all_kept(trial: &Trial) -> Outcome {
    // One application's as well as many: whoever keeps all of its records together has to change one at a time.
    let application = trial.new_account().appid;
    let mut tasks = JoinSet::new();
    for nth in 0..10 {
        for slot in trial.slots() {
            let (adapter, record, mut account) = (trial.adapter(nth), slot.living(), trial.new_account());
            if nth == 0 || slot.is_of_authorizers(trial.kind()) {
                account.appid = application.clone();
            }
            tasks.spawn(async move {
                adapter.save(&account, &record).await?;
                Ok((adapter, account, record))
            });
        }
    }
    for (adapter, account, record) in all_of(tasks).await? {
        adapter.expect(&account, &record).await?;
    }
    Ok(())
}
