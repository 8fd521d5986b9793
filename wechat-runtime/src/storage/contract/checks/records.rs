//! A record alone: saved, read back, replaced, seen by all.

use crate::TokenKind;
use crate::storage::contract::slot::{YEAR_2100, long_value, new_value, punctuated_value, unix_now};
use crate::storage::contract::trial::{Outcome, Trial, failed};

pub(super) async fn nothing_saved_is_none(trial: &Trial) -> Outcome {
    let account = trial.new_account();
    for slot in trial.slots() {
        trial.first().expect_none(&account, slot).await?;
    }
    Ok(())
}

pub(super) async fn a_saved_record_is_read_back_whole(trial: &Trial) -> Outcome {
    let (stable, now) = (TokenKind::Stable, unix_now());
    for slot in trial.slots() {
        let records = [
            slot.record(stable, new_value, now, 7200),
            slot.record(TokenKind::Classic, new_value, now, 7200),
            slot.record(stable, long_value, now, 7200),
            slot.record(stable, punctuated_value, now, 7200),
            slot.record(stable, new_value, YEAR_2100, 7200),
            slot.record(stable, new_value, now, u64::from(u32::MAX)),
        ];
        for record in records {
            let account = trial.new_account();
            trial.first().save(&account, &record).await?;
            trial.first().expect(&account, &record).await?;
        }
    }
    Ok(())
}

pub(super) async fn save_answers_with_what_is_stored(trial: &Trial) -> Outcome {
    let adapter = trial.first();
    for slot in trial.slots() {
        for record in [slot.nth(1)].into_iter().chain(slot.records_in_part()) {
            let account = trial.new_account();
            adapter.save(&account, &slot.nth(0)).await?;
            let answer = adapter.save(&account, &record).await?;
            match adapter.fetch(&account, slot).await? {
                Some(stored) if stored == answer => {}
                Some(stored) => {
                    let difference = answer.differs_from(&stored);
                    return Err(failed(slot, format!("expected what is stored, found {difference}")));
                }
                None => return Err(failed(slot, "expected what is stored, and there is nothing")),
            }
        }
    }
    Ok(())
}

pub(super) async fn an_expired_record_is_answered(trial: &Trial) -> Outcome {
    for slot in trial.slots() {
        for (timestamp, expires_in) in [(unix_now() - 7201, 7200), (unix_now(), 0), (1, 7200)] {
            let account = trial.new_account();
            let record = slot.record(TokenKind::Stable, new_value, timestamp, expires_in);
            trial.first().save(&account, &record).await?;
            trial.first().expect(&account, &record).await?;
        }
    }
    Ok(())
}

pub(super) async fn a_later_save_replaces_the_earlier(trial: &Trial) -> Outcome {
    for slot in trial.slots() {
        let (account, later) = (trial.new_account(), slot.nth(1));
        trial.first().save(&account, &slot.nth(0)).await?;
        trial.first().save(&account, &later).await?;
        trial.first().expect(&account, &later).await?;
    }
    Ok(())
}

pub(super) async fn a_save_is_seen_by_the_next_read(trial: &Trial) -> Outcome {
    for slot in trial.slots() {
        let account = trial.new_account();
        trial.first().expect_none(&account, slot).await?;
        for n in 0..3 {
            let record = slot.nth(n);
            trial.first().save(&account, &record).await?;
            trial.first().expect(&account, &record).await?;
        }
    }
    Ok(())
}

pub(super) async fn another_adapter_reads_what_one_saved(trial: &Trial) -> Outcome {
    let first = trial.first();
    for other in trial.others()? {
        for slot in trial.slots() {
            let account = trial.new_account();
            // All have looked before, so that one which remembers what it saw is found out.
            first.expect_none(&account, slot).await?;
            other.expect_none(&account, slot).await?;
            for (n, (saver, reader)) in (0..).zip([(&first, &other), (&other, &first), (&first, &other)]) {
                let record = slot.nth(n);
                saver.save(&account, &record).await?;
                reader.expect(&account, &record).await?;
            }
        }
    }
    Ok(())
}
