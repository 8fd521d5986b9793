//! A process that is killed while it writes.

use std::collections::BTreeMap;
use std::time::Duration;

use wechat_integration_tests::orders::{RedbSaved, RedbSettings};
use wechat_integration_tests::process::Process;
use wechat_integration_tests::redb_file::kept;
use wechat_runtime::adapters::Redb;

use super::place;

const ACCOUNTS: u64 = 6;

/// Starts one that saves without end, and kills it; answers with what it said it had saved.
async fn killed_while_it_saves(file: &std::path::Path, moment: &mut fastrand::Rng) -> Vec<RedbSaved> {
    let settings = RedbSettings { file: file.to_owned(), accounts: ACCOUNTS };
    let mut process = Process::start(env!("CARGO_BIN_EXE_redb_keeper"), &settings);
    let mut said = Vec::new();
    for _ in 0..moment.usize(0..40) {
        said.push(process.says::<RedbSaved>().await);
    }
    // Nothing is waited for here: it is an arbitrary moment between two of its steps, or before the first.
    tokio::time::sleep(Duration::from_micros(moment.u64(0..6000))).await;
    said.extend(process.last_words::<RedbSaved>().await);
    said
}

#[tokio::test]
async fn nothing_confirmed_is_lost_in_a_hundred_kills() {
    let (_directory, file) = place();
    let seed = fastrand::u64(..);
    println!("the moments are those of the seed {seed}");
    let mut moment = fastrand::Rng::with_seed(seed);
    let mut confirmed: BTreeMap<u64, u64> = (0..ACCOUNTS).map(|account| (account, 0)).collect();
    let (mut saves, mut unsaid) = (0, 0);
    for kill in 1..=100 {
        for saved in killed_while_it_saves(&file, &mut moment).await {
            let last = confirmed.insert(saved.account, saved.number);
            assert_eq!(last, Some(saved.number - 1), "kill {kill}: each follows the one before");
            saves += 1;
        }
        let storage = Redb::open(&file).unwrap_or_else(|error| panic!("kill {kill}: {error}"));
        for (account, number) in &mut confirmed {
            // It looks at the whole record.
            let kept = kept(&storage, *account).await.unwrap_or_else(|error| panic!("kill {kill}: {error}"));
            let kept = kept.map_or(0, |kept| kept.number);
            // One may have been saved and not yet been said.
            assert!(
                kept == *number || kept == *number + 1,
                "kill {kill}: {number} was confirmed, {kept} is kept"
            );
            unsaid += kept - *number;
            *number = kept;
        }
    }
    println!("100 kills, {saves} saves confirmed, {unsaid} more found");
    assert!(saves > 1000, "the processes were killed while they saved");
}

#[tokio::test]
async fn a_process_killed_while_it_creates_the_file_leaves_one_that_can_be_opened() {
    let mut moment = fastrand::Rng::new();
    let mut before_the_first = 0;
    for _ in 0..30 {
        let (_directory, file) = place();
        let settings = RedbSettings { file: file.clone(), accounts: 1 };
        let process = Process::start(env!("CARGO_BIN_EXE_redb_keeper"), &settings);
        while !file.exists() {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_micros(moment.u64(0..10_000))).await;
        let said = process.last_words::<RedbSaved>().await;
        before_the_first += usize::from(said.is_empty());
        let kept = kept(&Redb::open(&file).unwrap(), 0).await.unwrap();
        assert!(kept.map(|kept| kept.number) >= said.last().map(|said| said.number));
    }
    println!("{before_the_first} of 30 were killed before their first save was confirmed");
}
