//! Authorizers' refresh tokens in a file of redb's, in a process of its own, which a test kills or whose disk is full.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use wechat_integration_tests::orders::{
    RedbCall, RedbOrder, RedbSaved, RedbSettings, Told, Trouble, orders, say,
};
use wechat_integration_tests::redb_file::{kept, save};
use wechat_integration_tests::{SECRET, call, call_for, exchange, http};
use wechat_runtime::adapters::Redb;
use wechat_runtime::storage::ComponentHub as _;
use wechat_runtime::{Bound, Client, Common, Component, Error, VerifyTicket};

#[tokio::main]
async fn main() {
    // It ends with its standard input.
    let (settings, mut orders) = orders::<RedbSettings, RedbOrder>();
    let open = || Redb::open(&settings.file).map_err(Trouble::from);
    let mut storage = open();
    if settings.accounts == 0 {
        say(&storage.as_ref().map(|_| ()));
    }
    for account in 0..settings.accounts {
        tokio::spawn(without_end(opened(&storage).clone(), account));
    }
    let filling = settings.file.with_extension("filling");
    while let Some(order) = orders.recv().await {
        match order {
            RedbOrder::Call(order) => say(&called(opened(&storage), &order).await.map_err(Trouble::from)),
            RedbOrder::Save(saved) => say(&save(opened(&storage), saved).await.map_err(Trouble::from)),
            RedbOrder::Kept(account) => say(&kept(opened(&storage), account).await.map_err(Trouble::from)),
            RedbOrder::Fill => say(&fill(&filling)),
            RedbOrder::GiveBack => say(&std::fs::remove_file(&filling).expect("it was filled")),
            RedbOrder::Reopen => {
                drop(storage);
                storage = open();
                say(&storage.as_ref().map(|_| ()));
            }
        }
    }
}

fn opened(storage: &Result<Redb, Trouble>) -> &Redb {
    storage.as_ref().unwrap_or_else(|trouble| panic!("{}", trouble.said))
}

async fn without_end(storage: Redb, account: u64) {
    let last = kept(&storage, account).await.expect("it can be read");
    for number in last.map_or(0, |last| last.number) + 1.. {
        let saved = RedbSaved { account, number };
        save(&storage, saved).await.expect("it can be saved");
        // Not before it is confirmed.
        say(&saved);
    }
}

/// A call as a process makes it that has just begun.
async fn called(storage: &Redb, order: &RedbCall) -> Result<(), Error> {
    let storage = storage.clone().with_secret(&order.appid, SECRET);
    let clock = Told::new(order.unix);
    let Some(authorizer) = &order.authorizer else {
        let client = Client::<Common>::builder(Bound::new(storage, ())).appid(&order.appid).http(http());
        let client = client.base_url(&order.base_url).clock(move || clock.now()).build()?;
        return call(&client).await.map(drop);
    };
    let first = order.first.as_ref();
    if let Some((ticket, _)) = first {
        let ticket = VerifyTicket::new(ticket.as_str(), order.unix);
        storage.save_component_verify_ticket(&order.appid, ticket, &()).await.expect("it can be saved");
    }
    let client = Client::<Component>::builder(Bound::new(storage, ())).appid(&order.appid).http(http());
    let client = client.base_url(&order.base_url).clock(move || clock.now()).build()?;
    if let Some((_, code)) = first {
        exchange(&client, code).await?;
    }
    client.fetch_component_access_token().await?;
    call_for(&client, authorizer).await.map(drop)
}

/// To the last byte, as far as the file system tells.
fn fill(path: &PathBuf) {
    let mut file = File::create(path).expect("it can be created");
    for piece in [1 << 16, 1 << 12, 1] {
        while file.write_all(&vec![1; piece]).is_ok() {}
    }
}
