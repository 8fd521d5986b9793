//! What is kept of an authorizer when a record does not tell all.

use tokio::task::JoinSet;

use crate::AuthorizerToken;
use crate::credential::Account;
use crate::storage::contract::record::Record;
use crate::storage::contract::slot::{Slot, YEAR_2100, authorizer, new_access, new_value};
use crate::storage::contract::storm::all_of;
use crate::storage::contract::trial::{Outcome, Trial, failed};

/// How often several save at once: enough for an adapter that reads and writes apart to lose something.
const ROUNDS: usize = 6;

pub(super) async fn what_a_record_does_not_tell_is_kept(trial: &Trial) -> Outcome {
    for record in Slot::AuthorizerToken.records_in_part() {
        let account = trial.new_account();
        trial.first().save(&account, &record).await?;
        trial.first().expect(&account, &record).await?;
    }
    let nothing = AuthorizerToken::new;
    one_over_another(
        trial,
        &trial.new_account(),
        [
            whole(),
            nothing().with_access(new_access()),
            nothing().with_refresh_token(new_value()).with_previous_refresh_token(new_value()),
            nothing().with_previous_refresh_token(new_value()),
            nothing().with_authorized_at(YEAR_2100),
            // Not even its refresh token is taken from one who is no longer authorized.
            nothing().with_unauthorized_at(YEAR_2100 + 1),
            nothing(),
        ],
    )
    .await
}

pub(super) async fn a_replaced_refresh_token_becomes_the_previous_one(trial: &Trial) -> Outcome {
    let account = trial.new_account();
    let [one, other] = [new_value(), new_value()];
    let told = [&one, &other, &other, &one].map(|token| AuthorizerToken::new().with_refresh_token(&**token));
    one_over_another(trial, &account, [whole()].into_iter().chain(told)).await
}

pub(super) async fn of_two_times_the_later_is_kept(trial: &Trial) -> Outcome {
    let nothing = AuthorizerToken::new;
    for [one, other] in [[1, 0], [0, 1]].map(|order| order.map(|seconds| YEAR_2100 + seconds)) {
        for told in [
            [nothing().with_authorized_at(one), nothing().with_authorized_at(other)],
            [nothing().with_unauthorized_at(one), nothing().with_unauthorized_at(other)],
            [nothing().with_authorized_at(one), nothing().with_unauthorized_at(other)],
        ] {
            one_over_another(trial, &trial.new_account(), [whole()].into_iter().chain(told)).await?;
        }
    }
    Ok(())
}

pub(super) async fn saves_at_once_of_one_authorizer_take_nothing_from_each_other(trial: &Trial) -> Outcome {
    let nothing = AuthorizerToken::new;
    for _ in 0..ROUNDS {
        let (account, stored) = (trial.new_account(), whole());
        trial.first().save(&account, &Record::Authorizer(stored.clone())).await?;
        let [one, other] = [new_value(), new_value()].map(|token| nothing().with_refresh_token(token));
        let rest = [
            nothing().with_access(new_access()),
            nothing().with_authorized_at(YEAR_2100),
            nothing().with_unauthorized_at(YEAR_2100),
        ];

        let mut tasks = JoinSet::new();
        for (nth, told) in [&one, &other].into_iter().chain(&rest).cloned().enumerate() {
            let (adapter, account) = (trial.adapter(nth), account.clone());
            tasks.spawn(async move { adapter.save(&account, &Record::Authorizer(told)).await });
        }
        all_of(tasks).await?;

        // Whichever refresh token was saved last, the other is the one before.
        let orders = [[&one, &other], [&other, &one]];
        let kept = orders.map(|order| {
            let told = order.into_iter().chain(&rest).cloned();
            Record::Authorizer(told.fold(stored.clone(), |stored, told| told.over(Some(stored))))
        });
        for adapter in trial.all() {
            let slot = &Slot::AuthorizerToken;
            match adapter.fetch(&account, slot).await? {
                Some(found) if kept.contains(&found) => {}
                Some(found) => {
                    let differences = kept.each_ref().map(|kept| found.differs_from(kept));
                    let fewest = differences.into_iter().min_by_key(String::len).unwrap_or_default();
                    return Err(failed(slot, format!("expected all that was saved at once, found {fewest}")));
                }
                None => return Err(failed(slot, "expected all that was saved at once, found `Ok(None)`")),
            }
        }
    }
    Ok(())
}

/// A record that tells all.
fn whole() -> AuthorizerToken {
    authorizer(new_access(), new_value)
}

/// Saves one record after the other; each is kept over what is stored.
async fn one_over_another(
    trial: &Trial,
    account: &Account,
    records: impl IntoIterator<Item = AuthorizerToken>,
) -> Outcome {
    let mut stored = None;
    for record in records {
        trial.first().save(account, &Record::Authorizer(record.clone())).await?;
        let kept = record.over(stored);
        trial.first().expect(account, &Record::Authorizer(kept.clone())).await?;
        stored = Some(kept);
    }
    Ok(())
}
