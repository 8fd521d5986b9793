//! An adapter of the other kind whose `args` are given to `new` is refused where it is declared.

use wechat_runtime::wechat_client;
use wechat_ui_tests::MyHub;

#[wechat_client(component, adapter_storage = MyHub, args = _)]
pub struct Wechat;

fn main() {
}
