//! Storage adapters that are ready to use.

mod hub_client;
mod memory;
#[cfg(feature = "redb")]
mod redb;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "redb", feature = "redis"))]
mod slots;

pub use self::hub_client::HubClient;
pub use self::memory::Memory;
#[cfg(feature = "redb")]
pub use self::redb::Redb;
#[cfg(feature = "redis")]
pub use self::redis::{EncryptionKey, Redis, RedisBuilder, RedisError, Unreadable};
