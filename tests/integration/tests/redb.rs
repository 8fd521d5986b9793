//! `adapters::Redb`: a restart costs no fetch, nothing confirmed is lost, and what is wrong with the file is told.

#[path = "redb/disk.rs"]
mod disk;
#[path = "redb/files.rs"]
mod files;
#[path = "redb/killed.rs"]
mod killed;
#[path = "redb/records.rs"]
mod records;

use std::future::Future as _;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, Waker};

use futures_util::future::join_all;
use tempfile::TempDir;
use wechat_integration_tests::orders::{RedbCall, RedbOrder, RedbSaved, RedbSettings, Trouble};
use wechat_integration_tests::process::{PATIENCE, Process};
use wechat_integration_tests::redb_file::{kept, save};
use wechat_integration_tests::{Agency, PATH, SECRET, World, new_appid};
use wechat_runtime::Error;
use wechat_runtime::adapters::Redb;
use wechat_runtime::storage::contract;

/// A directory that ends with the test, and the path of a file in it that does not exist yet.
fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kept.redb");
    (directory, file)
}

fn keeper(file: &Path) -> Process {
    let settings = RedbSettings { file: file.to_owned(), accounts: 0 };
    Process::start(env!("CARGO_BIN_EXE_redb_keeper"), &settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract_of_a_hub() {
    let (_directory, file) = place();
    let storage = Redb::open(file).unwrap().with_secret("wx1f2e3d4c5b6a7988", SECRET);
    let contract = contract::hub(storage.clone(), ()).also(storage, ());
    contract.with_secret("wx1f2e3d4c5b6a7988", SECRET).check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract_of_a_component_hub() {
    let (_directory, file) = place();
    let storage = Redb::open(file).unwrap().with_secret("wx1f2e3d4c5b6a7988", SECRET);
    let contract = contract::component_hub(storage.clone(), ()).also(storage, ());
    contract.with_secret("wx1f2e3d4c5b6a7988", SECRET).check().await;
}

/// A process that opens the file, calls, and ends.
async fn one_call(file: &Path, order: RedbCall) {
    let mut process = keeper(file);
    process.says::<Result<(), Trouble>>().await.unwrap();
    process.ask::<Result<(), Trouble>>(&RedbOrder::Call(order)).await.unwrap();
    assert!(process.end().await.success());
}

#[tokio::test]
async fn a_restart_costs_no_fetch_of_a_token() {
    let (directory, file) = place();
    let world = World::new().await;
    let (base_url, unix) = (world.sim.base_url().to_owned(), world.sim.clock().unix());
    let order = RedbCall { base_url, unix, appid: world.appid.clone(), authorizer: None, first: None };
    for process in 1..=3 {
        one_call(&file, order.clone()).await;
        assert_eq!((world.asked(), world.issued(), world.calls(PATH)), (1, 1, process));
    }
    // It is the file that remembers.
    one_call(&directory.path().join("another.redb"), order).await;
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn a_restart_costs_no_fetch_of_a_components_token_nor_of_an_authorizers() {
    let (_directory, file) = place();
    let (agency, shop) = (Agency::new().await, new_appid());
    let code = agency.component().authorize(&shop).authorization_code().to_owned();
    let order = |first| RedbCall {
        base_url: agency.sim.base_url().to_owned(),
        unix: agency.now(),
        appid: agency.appid.clone(),
        authorizer: Some(shop.clone()),
        first,
    };
    one_call(&file, order(Some((agency.component().verify_ticket(), code)))).await;
    for process in 2..=3 {
        one_call(&file, order(None)).await;
        assert_eq!((agency.component_issued(), agency.issued(&shop), agency.calls(PATH)), (1, 1, process));
    }
}

#[tokio::test]
async fn who_has_the_last_answer_can_open_the_file_at_once() {
    let (_directory, file) = place();
    for number in 1..=200 {
        let storage = Redb::open(&file).unwrap_or_else(|error| panic!("after {number} saves: {error}"));
        save(&storage, RedbSaved { account: 1, number }).await.unwrap();
        kept(&storage, 1).await.unwrap();
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_half_done() {
    let (_directory, file) = place();
    let storage = Redb::open(file).unwrap();
    for number in 1..=20 {
        let mut saving = Box::pin(save(&storage, RedbSaved { account: 1, number }));
        assert!(saving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(saving);
    }
    // What was begun before is written before.
    save(&storage, RedbSaved { account: 2, number: 1 }).await.unwrap();
    assert_eq!(kept(&storage, 1).await.unwrap(), Some(RedbSaved { account: 1, number: 20 }));
}

#[test]
fn a_runtime_that_ends_in_the_middle_leaves_the_storage_usable() {
    let (_directory, file) = place();
    let storage = Redb::open(file).unwrap();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ending = runtime();
    let of_the_ending = ending.handle().clone();
    ending.shutdown_background();
    {
        // Somebody of that runtime's is to write, and does not get to it any more.
        let _in_it = of_the_ending.enter();
        let mut saving = Box::pin(save(&storage, RedbSaved { account: 1, number: 1 }));
        let Poll::Ready(Err(error)) = saving.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("nobody writes it")
        };
        assert!(error.to_string().contains("the async runtime is shutting down"), "{error}");
    }
    let saved = RedbSaved { account: 2, number: 1 };
    runtime().block_on(async {
        tokio::time::timeout(PATIENCE, save(&storage, saved)).await.expect("somebody writes").unwrap();
        assert_eq!(kept(&storage, 2).await.unwrap(), Some(saved));
        assert_eq!(kept(&storage, 1).await.unwrap(), None);
    });
}

#[tokio::test]
async fn many_accounts_that_save_at_once_are_all_kept() {
    let (_directory, file) = place();
    let storage = Redb::open(&file).unwrap();
    let began = std::time::Instant::now();
    for number in 1..=2 {
        let saves = (0..500).map(|account| save(&storage, RedbSaved { account, number }));
        for saved in join_all(saves).await {
            saved.unwrap();
        }
    }
    println!("1000 saves of 500 accounts at once took {:?}", began.elapsed());
    drop(storage);
    let storage = Redb::open(&file).unwrap();
    for account in 0..500 {
        assert_eq!(kept(&storage, account).await.unwrap(), Some(RedbSaved { account, number: 2 }));
    }
}

#[tokio::test]
async fn neither_debug_nor_the_file_tells_the_app_secret() {
    let (_directory, file) = place();
    let storage = Redb::open(&file).unwrap().with_secret("wx1f2e3d4c5b6a7988", "canary-secret");
    save(&storage, RedbSaved { account: 1, number: 1 }).await.unwrap();
    assert!(!format!("{storage:?}").contains("canary"));
    drop(storage);
    let bytes = std::fs::read(&file).unwrap();
    let has = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(has("canary-refresh-1-1") && !has("canary-secret"));
}

/// An error that says what to do, and shows nothing of what is stored.
fn told(error: &Error, what: &str) -> String {
    let said = format!("{error}\n{error:?}");
    assert!(!said.contains("canary"), "{said}");
    assert!(error.to_string().contains(what), "{error}");
    said
}
