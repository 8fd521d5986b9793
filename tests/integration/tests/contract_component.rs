//! The storage contract of component applications passes adapters that do what is asked of them, and finds each fault by
//! the check made for it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::yield_now;
use wechat_integration_tests::manner;
use wechat_integration_tests::manners::at_once::rewrite;
use wechat_integration_tests::manners::faults::{
    Fault, all_hold, alone, applying, assert_found, failed, not_given, of_either, two, whole_contract,
};
use wechat_integration_tests::manners::records::has_expired;
use wechat_integration_tests::manners::{
    ACCESS_TOKEN, APPID, Adapter, COMPONENT_TOKEN, SECRET, Sound, Store, TENANT, VERIFY_TICKET, store_altered,
};
use wechat_runtime::adapters::Memory;
use wechat_runtime::storage::{self, contract};
use wechat_runtime::{AuthorizerToken, Component};

/// The record as it would be with its fields changed, as JSON has them.
fn altered(record: &AuthorizerToken, alter: impl FnOnce(&mut Value)) -> AuthorizerToken {
    let mut fields = serde_json::to_value(record).unwrap();
    alter(&mut fields);
    serde_json::from_value(fields).unwrap()
}

fn cut(secret: &mut Value) {
    if let Some(whole) = secret.as_str() {
        *secret = whole.chars().take(511).collect::<String>().into();
    }
}

// An authorizer's record, field by field.

manner!(CutsTheRefreshToken {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        Ok(store_altered(store, key, record, |it| cut(&mut it["refresh_token"])))
    }
});

manner!(CutsThePreviousRefreshToken {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        Ok(store_altered(store, key, record, |it| cut(&mut it["previous_refresh_token"])))
    }
});

manner!(ForgetsThePreviousRefreshToken {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        Ok(store_altered(store, key, record, |it| it["previous_refresh_token"] = Value::Null))
    }
});

manner!(ForgetsWhenItWasAuthorized {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        Ok(store_altered(store, key, record, |it| it["authorized_at"] = Value::Null))
    }
});

manner!(ForgetsThatItWasTakenBack {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        Ok(store_altered(store, key, record, |it| it["unauthorized_at"] = Value::Null))
    }
});

manner!(AnswersWithWhatItIsGiven {
    fn answer(&self, given: AuthorizerToken, _: AuthorizerToken) -> AuthorizerToken {
        given
    }
});

manner!(LetsTheRefreshTokenExpire {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let Some(mut record) = store.get(key) else { return Ok(None) };
        if has_expired(&record) {
            record["refresh_token"] = Value::Null;
        }
        Ok(Some(record))
    }
});

// Keys.

manner!(OneRecordForAllAuthorizersOfAComponent {
    fn key(&self, appids: &[&str], is_ticket: bool, what: &str) -> String {
        Sound.key(&appids[..1], is_ticket, what)
    }
});

manner!(OneRecordForAnAuthorizerOfManyComponents {
    fn key(&self, appids: &[&str], is_ticket: bool, what: &str) -> String {
        Sound.key(&appids[appids.len() - 1..], is_ticket, what)
    }
});

manner!(TheComponentsOwnIsOneRecord {
    fn key(&self, appids: &[&str], is_ticket: bool, what: &str) -> String {
        let is_own = [COMPONENT_TOKEN, VERIFY_TICKET].contains(&what);
        Sound.key(appids, is_ticket, if is_own { "own" } else { what })
    }
});

manner!(TheComponentsTokenStandsInForAnAuthorizers {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let found = store.get(key);
        let (appids, _, what): (Vec<String>, bool, String) = serde_json::from_str(key)?;
        if found.is_some() || what != ACCESS_TOKEN {
            return Ok(found);
        }
        let own = store.get(&Sound.key(&[&appids[0]], false, COMPONENT_TOKEN));
        Ok(own.map(|token| json!({ "access": token })))
    }
});

manner!(ATicketIsTheComponentsForAllAuthorizers {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let (appids, is_ticket, what): (Vec<String>, bool, String) = serde_json::from_str(key)?;
        let of_component = format!("[[\"{}\",", appids[0]);
        let found = store.get(key);
        if found.is_some() || !is_ticket {
            return Ok(found);
        }
        let records = store.records.lock().unwrap();
        let like = |key: &str| key.starts_with(&of_component) && key.ends_with(&format!("true,\"{what}\"]"));
        Ok(records.iter().find(|(key, _)| like(key)).map(|(_, ticket)| ticket.clone()))
    }
});

manner!(JoinsComponentAndAuthorizer {
    fn key(&self, appids: &[&str], is_ticket: bool, what: &str) -> String {
        json!([appids.join("/"), is_ticket, what]).to_string()
    }
});

manner!(AuthorizersOf18Characters {
    fn key(&self, appids: &[&str], is_ticket: bool, what: &str) -> String {
        let authorizer: String = appids[appids.len() - 1].chars().take(18).collect();
        json!([appids[0], authorizer, appids.len(), is_ticket, what]).to_string()
    }
});

// What a record does not tell.

manner!(StoresWhatItIsGiven {
    fn over(&self, record: AuthorizerToken, _: Option<AuthorizerToken>) -> AuthorizerToken {
        record
    }
});

manner!(ReplacesBothTokensTogether {
    fn over(&self, record: AuthorizerToken, stored: Option<AuthorizerToken>) -> AuthorizerToken {
        let tells_no_access = record.access().is_none() && record.refresh_token().is_some();
        let kept = record.over(stored);
        if tells_no_access { altered(&kept, |it| it["access"] = Value::Null) } else { kept }
    }
});

manner!(ForgetsTheRefreshTokenWithoutAnother {
    fn over(&self, record: AuthorizerToken, stored: Option<AuthorizerToken>) -> AuthorizerToken {
        let tells_none = record.access().is_some() && record.refresh_token().is_none();
        let kept = record.over(stored);
        if tells_none { altered(&kept, |it| it["refresh_token"] = Value::Null) } else { kept }
    }
});

manner!(ForgetsWhoTakesTheAuthorizationBack {
    fn over(&self, record: AuthorizerToken, stored: Option<AuthorizerToken>) -> AuthorizerToken {
        let kept = record.over(stored);
        if kept.is_unauthorized() { altered(&kept, |it| it["refresh_token"] = Value::Null) } else { kept }
    }
});

manner!(KeepsNoRecordWithoutARefreshToken {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        if record.get("refresh_token").is_none_or(|refresh_token| !refresh_token.is_null()) {
            store.set(key, &record);
        }
        Ok(record)
    }
});

manner!(KeepsNoReplacedRefreshToken {
    fn over(&self, record: AuthorizerToken, stored: Option<AuthorizerToken>) -> AuthorizerToken {
        let before = stored.as_ref().and_then(AuthorizerToken::previous_refresh_token);
        let previous = record.previous_refresh_token().or(before).cloned();
        record.over(stored).with_previous_refresh_token(previous.unwrap_or_else(|| "".into()))
    }
});

manner!(TakesTheSameRefreshTokenForAnother {
    fn over(&self, record: AuthorizerToken, stored: Option<AuthorizerToken>) -> AuthorizerToken {
        let is_told = record.refresh_token().is_some() && record.previous_refresh_token().is_none();
        let before = stored.as_ref().and_then(AuthorizerToken::refresh_token).filter(|_| is_told).cloned();
        let kept = record.over(stored);
        match before {
            Some(before) => kept.with_previous_refresh_token(before),
            None => kept,
        }
    }
});

manner!(KeepsTheTimeOfAuthorizationToldLast {
    fn over(&self, record: AuthorizerToken, stored: Option<AuthorizerToken>) -> AuthorizerToken {
        let told = record.authorized_at();
        let kept = record.over(stored);
        told.map_or(kept.clone(), |told| kept.with_authorized_at(told))
    }
});

manner!(KeepsTheTimeOfItsEndToldLast {
    fn over(&self, record: AuthorizerToken, stored: Option<AuthorizerToken>) -> AuthorizerToken {
        let told = record.unauthorized_at();
        let kept = record.over(stored);
        told.map_or(kept.clone(), |told| kept.with_unauthorized_at(told))
    }
});

// Many at once.

manner!(WritesTheRefreshTokenApart {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let mut first = store.get(key).unwrap_or_else(|| record.clone());
        first["access"] = record["access"].clone();
        store.set(key, &first);
        yield_now().await;
        store.set(key, &record);
        Ok(record)
    }
});

manner!(InsertsTheRefreshTokenApart {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let is_first = store.get(key).is_none();
        if is_first {
            let mut access = record.clone();
            access["refresh_token"] = Value::Null;
            store.set(key, &access);
        }
        yield_now().await;
        store.set(key, &record);
        Ok(record)
    }
});

manner!(ReadsAndWritesApart {
    async fn transaction<'a>(&'a self, _: &'a Store) -> Option<MutexGuard<'a, ()>> {
        None
    }
});

manner!(
    /// One at a time, as long as all go through one connection.
    LocksItsOwnTransactions(Mutex<()>) {
        async fn transaction<'a>(&'a self, _: &'a Store) -> Option<MutexGuard<'a, ()>> {
            Some(self.0.lock().await)
        }
    }
);

manner!(RewritesAllAuthorizers {
    async fn transaction<'a>(&'a self, _: &'a Store) -> Option<MutexGuard<'a, ()>> {
        None
    }

    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        rewrite(store, key, &record).await;
        Ok(record)
    }
});

/// What is found of an authorizer's record alone.
const AUTHORIZER: &[&str] = &[ACCESS_TOKEN];
const AUTHORIZERS: &[&str] = &[ACCESS_TOKEN, "jsapi", "wx_card"];

fn of_components() -> Vec<Fault<Component>> {
    let whole = "a_saved_record_is_read_back_whole";
    let not_told = "what_a_record_does_not_tell_is_kept";
    let replaced = "a_replaced_refresh_token_becomes_the_previous_one";
    let at_once = "saves_at_once_of_one_authorizer_take_nothing_from_each_other";
    vec![
        alone::<_, CutsTheRefreshToken>(whole, AUTHORIZER),
        alone::<_, CutsThePreviousRefreshToken>(whole, AUTHORIZER),
        alone::<_, ForgetsThePreviousRefreshToken>(whole, AUTHORIZER),
        alone::<_, ForgetsWhenItWasAuthorized>(whole, AUTHORIZER),
        alone::<_, ForgetsThatItWasTakenBack>(whole, AUTHORIZER),
        alone::<_, AnswersWithWhatItIsGiven>("save_answers_with_what_is_stored", AUTHORIZER),
        alone::<_, LetsTheRefreshTokenExpire>("an_expired_record_is_answered", AUTHORIZER),
        alone::<_, OneRecordForAllAuthorizersOfAComponent>("accounts_are_kept_apart", AUTHORIZERS),
        alone::<_, OneRecordForAnAuthorizerOfManyComponents>("accounts_are_kept_apart", AUTHORIZERS),
        alone::<_, ATicketIsTheComponentsForAllAuthorizers>("accounts_are_kept_apart", &["jsapi", "wx_card"]),
        alone::<_, TheComponentsOwnIsOneRecord>("tokens_and_tickets_are_kept_apart", &[]),
        alone::<_, TheComponentsTokenStandsInForAnAuthorizers>(
            "tokens_and_tickets_are_kept_apart",
            AUTHORIZER,
        ),
        alone::<_, JoinsComponentAndAuthorizer>("what_looks_alike_is_kept_apart", AUTHORIZERS),
        alone::<_, AuthorizersOf18Characters>("what_looks_alike_is_kept_apart", AUTHORIZERS),
        alone::<_, StoresWhatItIsGiven>(not_told, AUTHORIZER),
        alone::<_, ReplacesBothTokensTogether>(not_told, AUTHORIZER),
        alone::<_, ForgetsTheRefreshTokenWithoutAnother>(not_told, AUTHORIZER),
        alone::<_, ForgetsWhoTakesTheAuthorizationBack>(not_told, AUTHORIZER),
        alone::<_, KeepsNoRecordWithoutARefreshToken>(not_told, AUTHORIZER),
        alone::<_, KeepsNoReplacedRefreshToken>(replaced, AUTHORIZER),
        alone::<_, TakesTheSameRefreshTokenForAnother>(replaced, AUTHORIZER),
        alone::<_, KeepsTheTimeOfAuthorizationToldLast>("of_two_times_the_later_is_kept", AUTHORIZER),
        alone::<_, KeepsTheTimeOfItsEndToldLast>("of_two_times_the_later_is_kept", AUTHORIZER),
        alone::<_, WritesTheRefreshTokenApart>("no_record_is_torn", AUTHORIZER),
        alone::<_, InsertsTheRefreshTokenApart>("no_record_is_torn", AUTHORIZER),
        alone::<_, RewritesAllAuthorizers>("saves_at_once_of_many_accounts_are_all_kept", AUTHORIZER),
        alone::<_, ReadsAndWritesApart>(at_once, AUTHORIZER),
        two::<_, LocksItsOwnTransactions>(at_once, AUTHORIZER),
    ]
}

// The clock is paused, so that whoever hangs is found out at once; there is one thread, so that every run
// takes the same turns.
#[tokio::test(start_paused = true)]
async fn every_fault_that_any_storage_can_have_is_found_in_a_components_too() {
    assert_found(of_either::<Component>()).await;
}

#[tokio::test(start_paused = true)]
async fn every_fault_with_authorizers_is_found_by_its_own_check_and_no_report_tells_a_secret() {
    assert_found(of_components()).await;
}

#[tokio::test]
async fn every_check_of_the_component_contract_has_a_fault_that_it_finds() {
    let report = contract::component_hub(Memory::new(), ()).report().await;
    let checks: BTreeSet<_> = applying(&report).map(contract::Checked::name).collect();
    let faults = of_either().into_iter().chain(of_components());
    assert_eq!(checks, faults.map(|fault| fault.check).collect());
}

#[tokio::test]
async fn a_sound_component_adapter_passes_every_check_of_the_contract_on_one_thread() {
    let report = whole_contract::<Component>().report().await;
    assert!(all_hold(&report), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_component_adapter_passes_every_check_of_the_contract_on_several_threads() {
    let report = whole_contract::<Component>().report().await;
    assert!(all_hold(&report), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_component_contract_holds_again_and_at_once_on_the_same_storage() {
    let contract = whole_contract::<Component>();
    let (one, other) = tokio::join!(contract.report(), contract.report());
    for report in [one, other, contract.report().await] {
        assert!(all_hold(&report), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_passes_the_contracts_of_both_traits() {
    let memory = Memory::new().with_secret(APPID, SECRET);
    let (common, component) = (
        contract::hub(memory.clone(), ()).also(memory.clone(), ()),
        contract::component_hub(memory.clone(), ()).also(memory, ()),
    );
    let (common, component) = (common.with_secret(APPID, SECRET), component.with_secret(APPID, SECRET));
    let (common, component) = tokio::join!(common.report(), component.report());
    let needs_one_out_of_reach = [
        "out_of_reach_is_an_error_to_read",
        "out_of_reach_is_an_error_to_save",
        "a_secret_out_of_reach_is_not_none",
        "an_error_does_not_tell_what_was_saved",
    ];
    for report in [common, component] {
        report.assert();
        assert_eq!(not_given(&report), needs_one_out_of_reach);
    }
}

#[tokio::test]
async fn a_fault_with_an_authorizer_is_told_by_the_field_that_is_wrong() {
    let adapter = Adapter::<ForgetsThePreviousRefreshToken, Sound>::new(None);
    let report = contract::component_hub(adapter, TENANT).report().await;
    assert_eq!(failed(&report), ["a_saved_record_is_read_back_whole"]);
    let words = "authorizer's record: expected the record saved, found one with no previous refresh token";
    assert!(report.to_string().contains(words), "{report}");
}
