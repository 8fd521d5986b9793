//! Leads that are not each other's.

use crate::application::Kind;
use crate::credential::Account;
use crate::storage::Turn;
use crate::storage::contract::led::{LONG, Place, new_notes};
use crate::storage::contract::slot::Slot;
use crate::storage::contract::trial::{Outcome, Trial};

/// What may stand between the parts of a key.
const JOINTS: [&str; 4] = ["", ":", "/", "|"];

pub(super) async fn each_slot_has_a_lead_of_its_own(trial: &Trial) -> Outcome {
    let process = &trial.processes()?[0];
    let places = side_by_side(trial);
    let mut fences = Vec::with_capacity(places.len());
    for place in &places {
        fences.push(process.lead(place, LONG).await?.fence);
    }
    let mut kept = Vec::with_capacity(places.len());
    for ((n, place), fence) in (0..).zip(&places).zip(fences) {
        let (record, notes) = (place.slot.nth(n), new_notes());
        process.commit(place, fence, &record, &notes).await?;
        kept.push((place, record, notes));
    }
    for (place, record, notes) in &kept {
        let lead = process.lead(place, LONG).await?;
        place.is_record(lead.record.as_ref(), Some(record))?;
        place.are_notes(lead.notes.as_ref(), Some(notes))?;
        process.adapter.expect(&place.account, record).await?;
    }
    saves_end_no_other(trial, &places).await?;
    joined_keys(trial).await
}

/// What is kept of accounts that have as much in common as can be, under names that are each other's.
fn side_by_side(trial: &Trial) -> Vec<Place> {
    let words = ["jsap", "jsapi_too", "access_token", "component_access_token", "authorizer_token"];
    let words = words.into_iter().map(Slot::ticket);
    let slots: Vec<_> = trial.slots().iter().cloned().chain(words).collect();
    let account = trial.new_account();
    let neighbours = |slot| trial.neighbours(&account, slot).into_iter().chain([account.clone()]);
    let of_slot =
        |slot| neighbours(slot).filter_map(|account| trial.place(account, slot)).collect::<Vec<_>>();
    slots.iter().flat_map(of_slot).collect()
}

/// Each is led; what is saved in one ends no other's lead, be it a verify ticket.
async fn saves_end_no_other(trial: &Trial, places: &[Place]) -> Outcome {
    let process = &trial.processes()?[0];
    let account = places.first().map_or_else(|| trial.new_account(), |place| place.account.clone());
    for slot in trial.slots() {
        process.adapter.save(&account, &slot.living()).await?;
        for place in places.iter().filter(|place| place.account != account || place.slot != *slot) {
            process.wait(place).await?;
        }
        // Its own may be over, which is another check's.
        if let Some(place) = trial.place(account.clone(), slot) {
            process.begin(&place, LONG).await?;
        }
    }
    Ok(())
}

/// Tries pairs of which both are the same when their parts are joined to one word. An odd one may be an `Err`.
async fn joined_keys(trial: &Trial) -> Outcome {
    let process = &trial.processes()?[0];
    for joint in JOINTS {
        let account = trial.new_account();
        let lengthened = format!("{}{joint}b", account.named());
        let other = match trial.kind() {
            Kind::Common => Account::of(lengthened.into()),
            Kind::Component => Account { authorizer: Some(lengthened.into()), ..account.clone() },
        };
        let pair = [(account, Slot::ticket(format!("b{joint}c"))), (other, Slot::ticket("c"))];
        for place in pair.into_iter().filter_map(|(account, slot)| trial.place(account, &slot)) {
            if process
                .try_begin(&place, LONG)
                .await?
                .is_ok_and(|found| matches!(found.turn, Turn::Wait { .. }))
            {
                return Err(
                    place.failed("expected the lead in a slot that looks like another, was told to wait")
                );
            }
        }
    }
    Ok(())
}
