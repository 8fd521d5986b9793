//! Adapters that err with one record: reading it, saving it, reading it again.

use std::collections::{BTreeSet, HashMap};
use std::future::pending;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use wechat_runtime::storage;

use super::{SECRET, Store, VERIFY_TICKET, grant, store_altered};
use crate::manner;

// Reading where nothing is.

manner!(pub ErrForNone {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        store.get(key).map(Some).ok_or_else(|| storage::Error::msg("no rows returned"))
    }
});

manner!(pub AnEmptyRecordForNone {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let empty = json!({
            "access_token": "", "ticket": "", "component_verify_ticket": "", "kind": "stable", "type": "",
            "timestamp": 0, "expires_in": 0,
        });
        Ok(Some(store.get(key).unwrap_or(empty)))
    }
});

manner!(pub HangsReading {
    async fn get(&self, _: &Store, _: &str) -> storage::Result<Option<Value>> {
        pending().await
    }
});

manner!(pub PanicsReading {
    async fn get(&self, _: &Store, _: &str) -> storage::Result<Option<Value>> {
        panic!("the table is missing")
    }
});

// Saving and reading back.

manner!(pub LosesSaves {
    async fn put(&self, _: &Store, _: &str, record: Value) -> storage::Result<Value> {
        Ok(record)
    }
});

manner!(pub HangsSaving {
    async fn put(&self, _: &Store, _: &str, _: Value) -> storage::Result<Value> {
        pending().await
    }
});

manner!(pub PanicsSaving {
    async fn put(&self, _: &Store, _: &str, _: Value) -> storage::Result<Value> {
        panic!("the table is missing")
    }
});

manner!(pub FailsSavingAndTells {
    async fn put(&self, _: &Store, _: &str, record: Value) -> storage::Result<Value> {
        Err(storage::Error::msg(format!("read-only\ncannot write {record} with {SECRET}")))
    }
});

fn alter_value(record: &mut Value, alter: impl Fn(&str) -> String) {
    let granted = grant(record);
    for field in ["ticket", "access_token", VERIFY_TICKET] {
        if let Some(value) = granted[field].as_str() {
            granted[field] = alter(value).into();
        }
    }
}

/// Keeps no more than this of a number of seconds, where there is one.
fn narrow(seconds: &mut Value, most: u64) {
    if let Some(number) = seconds.as_u64() {
        *seconds = number.min(most).into();
    }
}

manner!(pub ForgetsTheKind {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        Ok(store_altered(store, key, record, |it| grant(it)["kind"] = "stable".into()))
    }
});

manner!(pub KeepsSecondsIn32Bits {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let most = u64::from(i32::MAX.unsigned_abs());
        Ok(store_altered(store, key, record, |it| narrow(&mut grant(it)["timestamp"], most)))
    }
});

manner!(pub CapsTheGrant {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        Ok(store_altered(store, key, record, |it| narrow(&mut grant(it)["expires_in"], 86_400)))
    }
});

manner!(pub KeepsNoMoreThan511Characters {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let cut = |value: &str| value.chars().take(511).collect();
        Ok(store_altered(store, key, record, |it| alter_value(it, cut)))
    }
});

manner!(pub LosesAQuote {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let unquoted = |value: &str| value.replace('\'', "");
        Ok(store_altered(store, key, record, |it| alter_value(it, unquoted)))
    }
});

// What a save answers, and what is old.

manner!(pub AnswersWithTheOneBefore {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        let before = store.get(key);
        store.set(key, &record);
        Ok(before.unwrap_or(record))
    }
});

manner!(pub AnswersWithACappedGrant {
    async fn put(&self, store: &Store, key: &str, mut record: Value) -> storage::Result<Value> {
        store.set(key, &record);
        grant(&mut record)["expires_in"] = 60.into();
        Ok(record)
    }
});

/// Whether a record has expired. A verify ticket does not say for how long it is good: twelve hours.
pub fn has_expired(record: &Value) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut record = record.clone();
    let granted = grant(&mut record);
    let ends = |timestamp| timestamp + granted["expires_in"].as_u64().unwrap_or(43_200);
    granted["timestamp"].as_u64().map(ends).is_some_and(|ends| ends <= now)
}

manner!(pub DropsExpired {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        Ok(store.get(key).filter(|record| !has_expired(record)))
    }
});

manner!(pub StoresNoGrantOfNothing {
    async fn put(&self, store: &Store, key: &str, mut record: Value) -> storage::Result<Value> {
        if grant(&mut record)["expires_in"] != 0 {
            store.set(key, &record);
        }
        Ok(record)
    }
});

manner!(pub TheFirstStays {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        Ok(store.records.lock().unwrap().entry(key.to_owned()).or_insert(record).clone())
    }
});

/// What has been read, for those who remember it.
pub type Remembered = Mutex<HashMap<String, Option<Value>>>;

manner!(pub RemembersWhatItRead(Remembered) {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        Ok(self.0.lock().unwrap().entry(key.to_owned()).or_insert_with(|| store.get(key)).clone())
    }
});

manner!(pub RemembersThatItFoundNone(Mutex<BTreeSet<String>>) {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let mut empty = self.0.lock().unwrap();
        let found = store.get(key).filter(|_| !empty.contains(key));
        if found.is_none() {
            empty.insert(key.to_owned());
        }
        Ok(found)
    }
});

manner!(
    /// A copy of its own, which is right as long as nobody else saves.
    pub EachConnectionRemembers(Remembered) {
        async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
            Ok(self.0.lock().unwrap().entry(key.to_owned()).or_insert_with(|| store.get(key)).clone())
        }

        async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
            store.set(key, &record);
            self.0.lock().unwrap().insert(key.to_owned(), Some(record.clone()));
            Ok(record)
        }
    }
);

manner!(
    /// The same of what is not there.
    pub EachConnectionRemembersNone(Mutex<BTreeSet<String>>) {
        async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
            let mut empty = self.0.lock().unwrap();
            let found = store.get(key).filter(|_| !empty.contains(key));
            if found.is_none() {
                empty.insert(key.to_owned());
            }
            Ok(found)
        }

        async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
            store.set(key, &record);
            self.0.lock().unwrap().remove(key);
            Ok(record)
        }
    }
);
