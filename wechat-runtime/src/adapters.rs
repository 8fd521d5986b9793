//! Storage adapters that are ready to use.

mod hub_client;
mod memory;

pub use self::hub_client::HubClient;
pub use self::memory::Memory;
