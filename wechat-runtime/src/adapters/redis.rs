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
use self::coordinator::Unanswered;
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
/// It is a [`storage::Hub`], a [`storage::ComponentHub`] and a [`storage::Coordinator`]: of all processes with one Redis and one
/// prefix, one refreshes a credential, and the others wait for it. A clone shares the connection.
///
/// ```no_run
/// use wechat_runtime::adapters::{EncryptionKey, Redis};
/// use wechat_runtime::{Bound, Client, Component};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let storage = Redis::builder(std::env::var("REDIS_URL")?) // rediss://hub:password@redis.internal:6379/0
///     .with_secret("wx5b6a79881f2e3d4c", std::env::var("COMPONENT_SECRET")?)
///     .encryption_key(EncryptionKey::from_hex(&std::env::var("STORAGE_KEY")?)?)
///     .build()?;
/// let platform = Client::builder(Bound::<Component>::new(storage, ())).appid("wx5b6a79881f2e3d4c").build()?;
/// # Ok(())
/// # }
/// ```
///
/// App secrets come from [`with_secret`](RedisBuilder::with_secret). Redis has none, unless
/// [`keeping_secrets`](RedisBuilder::keeping_secrets) says so.
///
/// # The connection
///
/// It is made by the first command, and made anew where it is lost; a crowd shares one attempt. Each command, with connecting, ends
/// within [`command_timeout`](RedisBuilder::command_timeout) (2 s). Where an answer is lost, the command is sent once more, and
/// means the same. There is no pause after a failure: when Redis is back, the next command works.
///
/// A command that was given up may still be heard, by a server that was frozen. A lease that it takes then goes to the next in
/// this process who asks; other processes wait for that, or until it has run out.
///
/// `rediss://` needs the feature `rustls` or `native-tls`, and trusts the system's authorities, or those of
/// [`root_certificate`](RedisBuilder::root_certificate) alone. With both features on, always give the latter: the client library
/// then reads none of the system's.
///
/// # What is stored
///
/// Each credential is one hash, named such as `{wechat:1:access_token:wx1f2e3d4c5b6a7988}`: the prefix, the version of the form,
/// and [`Slot::name`]. Component verify tickets and app secrets have names like it. The braces make each one hash slot; no command
/// or script is of two. In it are the `record`, the `fence`, the lease and the notes of the [coordinator](storage::Coordinator).
///
/// Authorizers' records, verify tickets and app secrets never expire. All else is kept for two days past its time (48 h after
/// `expires_in`), so that the notes on the day's counts and pauses outlive what they count, and then goes.
///
/// Leases, and the time that the coordinator tells, go by the clock of Redis. It may be put back: a fence grows nevertheless, and
/// nobody waits longer than a lease.
///
/// # What Redis has to be
///
/// Redis 6 or later, or Valkey (7.0 is what it is tested with); a single primary, with replicas or without, or a cluster behind a proxy. Its data are refresh
/// tokens that nobody can be asked for again, so have it keep them: `appendonly yes`, and `maxmemory-policy noeviction`. With
/// `appendfsync everysec`, a crash loses the last second, and a failover what was not replicated yet. Of what a refresh has bought
/// then, WeChat knows and Redis does not: it costs one more refresh. An authorizer's refresh token is looked up in
/// `api_get_authorizer_list`.
///
/// So it is, for each credential, one refresh for each stale value, and at most one more for each crash, pause or failover of Redis
/// or of the process that leads.
///
/// A user of its own (ACL) needs these commands and keys, for the prefix `wechat`; and `+select` where the URL names a database but 0:
///
/// ```text
/// user hub on >password ~{wechat:1:* -@all +hget +hmget +hset +hdel +pttl +pexpire +persist +time +eval +evalsha
/// ```
///
/// # Encryption
///
/// With an [`encryption_key`](RedisBuilder::encryption_key), each record, verify ticket and app secret is encrypted by
/// XChaCha20-Poly1305, with a random nonce, and bound to its key's name and kind: moved to another key, it cannot be read. The
/// names of keys (appids and types of tickets), fences, leases and notes are in the clear. Who can write to Redis can still put
/// back what was stored under the same key before, or delete it.
///
/// To replace the key, first have all processes read the new one ([`decryption_key`](RedisBuilder::decryption_key)), then write
/// with it and read the old one. A record is encrypted anew when it is written next; authorizers' when they are refreshed.
///
/// # Errors
///
/// A [`RedisError`], which says what to do. What is stored and cannot be read (a wrong key, an altered or moved record) is an error
/// to read, to begin with, and to save: nothing is stored over it.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    prefix: String,
    secrets: HashMap<String, Secret>,
    keeps_secrets: bool,
    seal: Seal,
    connection: Connection,
    unanswered: Unanswered,
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

    fn unanswered(&self) -> &Unanswered {
        &self.0.unanswered
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
