//! Mistakes of the item and of the types are reported together.

use wechat_runtime::wechat_client;
use wechat_ui_tests::NotAnAdapter;

#[wechat_client(adapter_storage = NotAnAdapter, args = _)]
pub struct Wechat<T>;

fn main() {}
