//! A client is a struct.

use wechat_runtime::wechat_client;
use wechat_runtime::adapters::Memory;

/// Not a struct.
#[wechat_client(adapter_storage = Memory::new())]
#[inline]
pub fn wechat() {}

fn main() {
    wechat();
}
