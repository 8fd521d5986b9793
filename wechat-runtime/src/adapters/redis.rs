//! A hub's storage in Redis, for either kind of application, and for several processes at once.

mod builder;
mod connection;
mod coordinator;
mod error;
mod hubs;
mod key;
mod script;
mod sealed;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

pub use self::builder::RedisBuilder;
use self::connection::Connection;
pub use self::error::{RedisError, Unreadable};
use self::key::{AppSecret, Key, Stored};
use self::script::{SAVE, record_of};
pub use self::sealed::EncryptionKey;
use self::sealed::Seal;
use crate::Secret;
use crate::storage::{self, Slot};

/// How often a save begins again because another has saved the same record meanwhile. Each time, one of those who save at
/// once is done, so a crowd of as many is served.
const MOST_TRIES: usize = 256;

/// A hub's storage in Redis, for either kind of application, and for several processes at once.
///
/// A clone shares the connection.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    prefix: String,
    secrets: HashMap<String, Secret>,
    keeps_secrets: bool,
    seal: Seal,
    connection: Connection,
}

impl Redis {
    /// A storage in the Redis at `url`: `redis://user:password@host:6379/0`, or `rediss://…` for TLS. Without a port it is
    /// 6379, without a number the database 0.
    pub fn builder(url: impl Into<Secret>) -> RedisBuilder {
        RedisBuilder::new(url.into())
    }

    fn of(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Stores an application's secret in Redis, where [`keeping_secrets`](RedisBuilder::keeping_secrets) says so. Where
    /// [`with_secret`](RedisBuilder::with_secret) gives another, that one counts.
    ///
    /// # Errors
    ///
    /// As of every callback; and where secrets are not kept in Redis.
    pub async fn save_secret_key(
        &self,
        appid: &str,
        secret: impl Into<Secret> + Send,
    ) -> storage::Result<()> {
        if !self.0.keeps_secrets {
            return Err(RedisError::SecretsNotKept.into());
        }
        let app_secret = secret.into();
        let key = Key::of_secret(&self.0.prefix, appid);
        self.save(&key, |_| AppSecret { app_secret: app_secret.clone() }).await?;
        Ok(())
    }

    async fn secret(&self, appid: &str) -> Result<Option<Secret>, RedisError> {
        if let Some(secret) = self.0.secrets.get(appid) {
            return Ok(Some(secret.clone()));
        }
        if !self.0.keeps_secrets {
            return Ok(None);
        }
        let kept = self.fetch::<AppSecret>(&Key::of_secret(&self.0.prefix, appid)).await?;
        Ok(kept.map(|kept| kept.app_secret))
    }

    async fn fetch<T: Stored>(&self, key: &Key) -> Result<Option<T>, RedisError> {
        let stored: Option<Vec<u8>> = self.connection().ask(&record_of(key)).await?;
        stored.map(|stored| key.read(self.seal(), &stored)).transpose()
    }

    /// Stores what `change` makes of the record that is stored, and answers with it. Nothing that cannot be read is
    /// replaced.
    async fn save<T: Stored>(&self, key: &Key, change: impl Fn(Option<T>) -> T) -> Result<T, RedisError> {
        let stored: Option<Vec<u8>> = self.connection().ask(&record_of(key)).await?;
        let mut stored = stored.unwrap_or_default();
        for _ in 0..MOST_TRIES {
            let found = if stored.is_empty() { None } else { Some(key.read(self.seal(), &stored)?) };
            let record = change(found);
            let (written, keep_for) = (key.write(self.seal(), &record)?, record.keep_for().to_string());
            let arguments = [&*stored, &written, keep_for.as_bytes()];
            let (is_stored, found): (bool, Vec<u8>) =
                self.connection().ask(&SAVE.on(key, &arguments)).await?;
            if is_stored {
                return Ok(record);
            }
            stored = found;
        }
        Err(key.crowded())
    }

    fn key_of(&self, slot: &Slot) -> Key {
        Key::of_slot(&self.0.prefix, slot)
    }

    fn connection(&self) -> &Connection {
        &self.0.connection
    }

    fn seal(&self) -> &Seal {
        &self.0.seal
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("address", &self.connection().address())
            .field("prefix", &self.0.prefix)
            .finish_non_exhaustive()
    }
}
