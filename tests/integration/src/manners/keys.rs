//! Adapters that take one record for another.

use serde_json::{Value, json};
use wechat_runtime::storage;

use super::{Sound, Store};
use crate::manner;

manner!(pub OneRecordForAllAccounts {
    fn key(&self, _: &[&str], is_ticket: bool, what: &str) -> String {
        format!("{is_ticket} {what}")
    }
});

manner!(pub OneTicketForAllTypes {
    fn key(&self, appids: &[&str], is_ticket: bool, what: &str) -> String {
        Sound.key(appids, is_ticket, if is_ticket { "any" } else { what })
    }
});

manner!(pub TicketTypesByTheirBeginning {
    fn key(&self, appids: &[&str], is_ticket: bool, what: &str) -> String {
        let kept = if is_ticket { 5 } else { what.len() };
        Sound.key(appids, is_ticket, &what.chars().take(kept).collect::<String>())
    }
});

manner!(pub ATokenIsATicketOfItsType {
    fn key(&self, appids: &[&str], _: bool, what: &str) -> String {
        json!([appids, what]).to_string()
    }
});

manner!(pub ATicketStandsInForAToken {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let stand_in = || store.get(&key.replace("false", "true"));
        Ok(store.get(key).or_else(stand_in))
    }
});

manner!(pub KeysJoinedByAColon {
    fn key(&self, appids: &[&str], is_ticket: bool, what: &str) -> String {
        format!("{is_ticket}:{}:{what}", appids.join(":"))
    }
});

manner!(pub KeysJoinedByNothing {
    fn key(&self, appids: &[&str], is_ticket: bool, what: &str) -> String {
        format!("{is_ticket}{}{what}", appids.concat())
    }
});

manner!(pub AppidsOf18Characters {
    fn key(&self, appids: &[&str], is_ticket: bool, what: &str) -> String {
        let cut: Vec<String> = appids.iter().map(|appid| appid.chars().take(18).collect()).collect();
        json!([cut, is_ticket, what]).to_string()
    }
});

manner!(pub AppidsByPattern {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let records = store.records.lock().unwrap();
        let found = match key.split_once('%') {
            None => records.get(key),
            Some((beginning, end)) => records
                .iter()
                .find(|(key, _)| key.starts_with(beginning) && key.ends_with(end))
                .map(|(_, record)| record),
        };
        Ok(found.cloned())
    }
});
