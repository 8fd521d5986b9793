//! Every row of the attribute's second table.

#![deny(warnings)]

use wechat_runtime::{Call, adapters::Memory, wechat_client};
use wechat_ui_tests::{MyClient, MyHub, Region};

#[wechat_client(adapter_storage = Memory::new())]
struct ByDefault;

#[wechat_client(adapter_storage = MyClient)]
struct HubsClient;

#[wechat_client(adapter_storage = MyHub::from_env(), args = Region::Shanghai)]
struct Declared;

#[wechat_client(adapter_storage = (MyHub, Region::Shanghai))]
struct Pair;

#[wechat_client(adapter_storage = "http://127.0.0.1:4000")]
struct Hub;

#[wechat_client(adapter_storage = ("http://127.0.0.1:4000", "a bearer token"))]
struct HubWithBearer;

#[wechat_client(adapter_storage = MyHub, args = _)]
struct GivenArgs;

#[wechat_client(adapter_storage = _)]
struct GivenAdapter;

#[wechat_client(adapter_storage = _, args = _)]
struct Given;

fn is_client<T: Call + Clone + std::fmt::Debug + Send + Sync + 'static>(client: &T) {
    let copy = client.clone();
    let _ = copy.get("/cgi-bin/user/get");
    assert!(!format!("{copy:?}").is_empty());
}

fn main() {
    is_client(&ByDefault::default());
    is_client(&HubsClient::default());
    is_client(&Declared::default());
    is_client(&Pair::default());
    is_client(&Hub::default());
    is_client(&HubWithBearer::default());
    is_client(&GivenArgs::new(Region::Shanghai));
    is_client(&GivenAdapter::new(Memory::new()));
    is_client(&GivenAdapter::new(MyClient));
    is_client(&Given::new(MyHub, Region::Shanghai));
    is_client(&Given::new(MyClient, 3));

    let _ = ByDefault::builder().build();
    let _ = GivenArgs::builder(Region::Shanghai).build();
    let _ = GivenAdapter::builder(Memory::new()).build();
    let _ = Given::builder(MyClient, 3).build();
}
