//! Adapters that err when they are asked many things at once.

use serde_json::Value;
use tokio::sync::MutexGuard;
use tokio::task::yield_now;
use wechat_runtime::storage;

use super::Store;
use super::records::Remembered;
use crate::manner;

async fn put_field_by_field(store: &Store, key: &str, record: &Value) {
    for (name, field) in record.as_object().unwrap() {
        yield_now().await;
        let mut records = store.records.lock().unwrap();
        records.entry(key.to_owned()).or_insert_with(|| record.clone())[name] = field.clone();
    }
}

manner!(pub WritesFieldByField {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        put_field_by_field(store, key, &record).await;
        Ok(record)
    }
});

manner!(pub ReadsFieldByField {
    async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
        let Some(mut record) = store.get(key) else { return Ok(None) };
        for (name, field) in record.as_object_mut().unwrap() {
            yield_now().await;
            *field = store.get(key).unwrap()[name].clone();
        }
        Ok(Some(record))
    }
});

manner!(pub DeletesThenWrites {
    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        store.remove(key);
        yield_now().await;
        store.set(key, &record);
        Ok(record)
    }
});

manner!(
    /// Whole as long as all go through one connection.
    pub LocksItsOwnConnection(tokio::sync::Mutex<()>) {
        async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
            let _alone = self.0.lock().await;
            Ok(store.get(key))
        }

        async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
            let _alone = self.0.lock().await;
            put_field_by_field(store, key, &record).await;
            Ok(record)
        }
    }
);

manner!(
    /// A read that finds its cache empty may fill it with what has been replaced meanwhile.
    pub FillsItsCacheTooLate(Remembered) {
        async fn get(&self, store: &Store, key: &str) -> storage::Result<Option<Value>> {
            let cached = self.0.lock().unwrap().get(key).cloned();
            if let Some(found) = cached {
                return Ok(found);
            }
            let found = store.get(key);
            // The answer is long under way.
            for _ in 0..4 {
                yield_now().await;
            }
            self.0.lock().unwrap().insert(key.to_owned(), found.clone());
            Ok(found)
        }

        async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
            yield_now().await;
            store.set(key, &record);
            self.0.lock().unwrap().remove(key);
            Ok(record)
        }
    }
);

/// Reads all that is stored, and writes it with one record changed.
pub async fn rewrite(store: &Store, key: &str, record: &Value) {
    let mut file = store.records.lock().unwrap().clone();
    yield_now().await;
    file.insert(key.to_owned(), record.clone());
    *store.records.lock().unwrap() = file;
}

manner!(pub RewritesTheWholeFile {
    async fn transaction<'a>(&'a self, _: &'a Store) -> Option<MutexGuard<'a, ()>> {
        None
    }

    async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
        rewrite(store, key, &record).await;
        Ok(record)
    }
});

manner!(
    /// All that is kept of an application, and of its authorizers, is one document.
    pub RewritesAllOfAnApplication {
        async fn transaction<'a>(&'a self, _: &'a Store) -> Option<MutexGuard<'a, ()>> {
            None
        }

        async fn put(&self, store: &Store, key: &str, record: Value) -> storage::Result<Value> {
            let (appids, _, _): (Vec<String>, bool, String) = serde_json::from_str(key)?;
            let beginning = format!("[[\"{}\"", appids[0]);
            let is_of_it = |key: &String| key.starts_with(&beginning);
            let mut document = store.records.lock().unwrap().clone();
            document.retain(|key, _| is_of_it(key));
            yield_now().await;
            document.insert(key.to_owned(), record.clone());
            let mut records = store.records.lock().unwrap();
            records.retain(|key, _| !is_of_it(key));
            records.append(&mut document);
            Ok(record)
        }
    }
);
