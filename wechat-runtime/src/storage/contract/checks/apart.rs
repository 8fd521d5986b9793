//! Records that are not each other's.

use crate::application::Kind;
use crate::credential::Account;
use crate::storage::contract::slot::Slot;
use crate::storage::contract::trial::{Outcome, Trial, failed};

/// What stands between the parts of a joined key; the first is nothing.
const JOINTS: [&str; 10] = ["", ":", "/", "_", "-", ".", ",", "|", "#", "\0"];

/// What ends a pattern, instead of an appid's last character.
const ENDS: [&str; 7] = ["", "%", "*", "_", "?", ".", ".*"];

pub(super) async fn accounts_are_kept_apart(trial: &Trial) -> Outcome {
    let adapter = trial.first();
    for slot in trial.slots() {
        let account = trial.new_account();
        let one = (account.clone(), slot.nth(0));
        let others = (1..).zip(trial.neighbours(&account, slot)).map(|(n, other)| (other, slot.nth(n)));
        let all: Vec<_> = [one].into_iter().chain(others).collect();
        for (account, record) in &all {
            adapter.save(account, record).await?;
        }
        for never_saved in trial.neighbours(&account, slot) {
            adapter.expect_none(&never_saved, slot).await?;
        }
        for (account, record) in &all {
            adapter.expect(account, record).await?;
        }
    }
    Ok(())
}

pub(super) async fn ticket_types_are_kept_apart(trial: &Trial) -> Outcome {
    let (adapter, account) = (trial.first(), trial.new_account());
    let tickets = ["jsapi", "wx_card", "jsap", "jsapi_too"].map(|word| Slot::ticket(word).living());
    for ticket in &tickets {
        adapter.save(&account, ticket).await?;
    }
    adapter.expect_none(&account, &Slot::ticket("never_saved")).await?;
    for ticket in &tickets {
        adapter.expect(&account, ticket).await?;
    }
    Ok(())
}

pub(super) async fn tokens_and_tickets_are_kept_apart(trial: &Trial) -> Outcome {
    let words: &[&str] = match trial.kind() {
        Kind::Common => &["jsapi", "access_token", "token"],
        Kind::Component => &[
            "jsapi",
            "access_token",
            "token",
            "component_access_token",
            "component_verify_ticket",
            "authorizer_access_token",
        ],
    };
    let own = trial.slots().iter().filter(|slot| !slot.is_ticket()).cloned();
    let slots: Vec<_> = own.chain(words.iter().copied().map(Slot::ticket)).collect();
    for one in &slots {
        for other in &slots {
            // That the types of tickets are kept apart is another check's.
            if one == other || (one.is_ticket() && other.is_ticket()) {
                continue;
            }
            let (adapter, account, saved) = (trial.first(), trial.new_account(), one.living());
            adapter.save(&account, &saved).await?;
            adapter.expect_none(&account, other).await?;
            adapter.save(&account, &other.living()).await?;
            adapter.expect(&account, &saved).await?;
        }
    }
    Ok(())
}

pub(super) async fn what_looks_alike_is_kept_apart(trial: &Trial) -> Outcome {
    for joint in JOINTS {
        joined_keys(trial, joint).await?;
    }
    for slot in trial.slots() {
        patterns(trial, slot).await?;
    }
    Ok(())
}

/// Tries pairs of which both are the same when their parts are joined to one word.
async fn joined_keys(trial: &Trial, joint: &str) -> Outcome {
    let adapter = trial.first();
    let account = trial.new_account();
    let lengthened = format!("{}{joint}b", account.named());
    let other = match trial.kind() {
        Kind::Common => Account::of(lengthened.into()),
        Kind::Component => Account { authorizer: Some(lengthened.into()), ..account.clone() },
    };
    let mut pairs = vec![[(account, Slot::ticket(format!("b{joint}c"))), (other, Slot::ticket("c"))]];
    for slot in trial.slots().iter().filter(|slot| slot.is_of_authorizers(trial.kind())) {
        let Account { appid, authorizer } = trial.new_account();
        let authorizer = authorizer.unwrap_or_default();
        let one = Account { appid: appid.clone(), authorizer: Some(format!("b{joint}{authorizer}").into()) };
        let other = Account { appid: format!("{appid}{joint}b").into(), authorizer: Some(authorizer) };
        pairs.push([(one, slot.clone()), (other, slot.clone())]);
    }
    for pair in pairs {
        let mut kept = Vec::new();
        for (account, slot) in &pair {
            let record = slot.living();
            if adapter.try_save(account, &record).await?.is_ok() {
                kept.push((account, record));
            }
        }
        for (account, record) in kept {
            adapter.expect(account, &record).await?;
        }
    }
    Ok(())
}

/// Tries appids that would find a record's, were they patterns or cut short.
async fn patterns(trial: &Trial, slot: &Slot) -> Outcome {
    let (adapter, account) = (trial.first(), trial.new_account());
    adapter.save(&account, &slot.living()).await?;
    let mut others: Vec<_> = alike(&account.appid)
        .map(|appid| (appid.clone(), Account { appid: appid.into(), ..account.clone() }))
        .collect();
    if let Some(authorizer) = account.authorizer.as_deref().filter(|_| slot.is_of_authorizers(trial.kind())) {
        let of_authorizer =
            |appid: String| (appid.clone(), Account { authorizer: Some(appid.into()), ..account.clone() });
        others.extend(alike(authorizer).map(of_authorizer));
    }
    for (alike, other) in others {
        if let Ok(Some(_)) = adapter.try_fetch(&other, slot).await? {
            let how = format!("expected none for the appid `{alike}`, found that of one it looks like");
            return Err(failed(slot, how));
        }
    }
    Ok(())
}

fn alike(appid: &str) -> impl Iterator<Item = String> {
    let beginning = &appid[..appid.len() - 1];
    ENDS.iter().map(move |end| format!("{beginning}{end}")).chain([format!("{appid}0")])
}
