//! Storage adapters that are ready to use.

mod memory;

pub use self::memory::Memory;
