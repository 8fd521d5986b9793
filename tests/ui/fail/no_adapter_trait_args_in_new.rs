//! An adapter whose `args` are given to `new` is checked at the declaration.

use wechat_runtime::wechat_client;
use wechat_ui_tests::NotAnAdapter;

#[wechat_client(adapter_storage = NotAnAdapter, args = _)]
pub struct Wechat;

fn main() {}
