//! A disk that is full: a real one of a megabyte, where this user may mount one, and a limit of the file's length.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use wechat_integration_tests::orders::{RedbOrder, RedbSaved, RedbSettings, Trouble};
use wechat_integration_tests::process::Process;
use wechat_integration_tests::redb_file::kept;
use wechat_runtime::adapters::Redb;

use super::place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_redb_keeper");

/// How many accounts are saved before the disk is full, and at most until it is.
const BEFORE: u64 = 20;
const MOST: u64 = 5000;

async fn saved(keeper: &mut Process, account: u64, number: u64) -> Result<(), Trouble> {
    keeper.ask(&RedbOrder::Save(RedbSaved { account, number })).await
}

async fn all_are_kept(keeper: &mut Process, accounts: u64, number: u64) {
    for account in 0..accounts {
        let kept: Result<Option<RedbSaved>, Trouble> = keeper.ask(&RedbOrder::Kept(account)).await;
        assert_eq!(kept.unwrap(), Some(RedbSaved { account, number }));
    }
}

/// Saves until there is no room; answers with how many accounts were confirmed.
async fn until_it_is_full(keeper: &mut Process) -> u64 {
    for account in BEFORE..MOST {
        let Err(trouble) = saved(keeper, account, 1).await else { continue };
        assert_full(&trouble);
        return account;
    }
    panic!("{MOST} accounts have found room")
}

fn assert_full(trouble: &Trouble) {
    let said = &trouble.said;
    assert!(said.contains("the disk is full") && said.contains("make room on its disk"), "{said}");
    assert!(said.contains("kind: File") && !said.contains("canary"), "{said}");
}

/// What holds, by whatever there is no room. `fill` takes it, and `give_back` gives it.
async fn nothing_is_lost_by_a_full_disk(
    mut keeper: Process,
    fill: impl AsyncFn(&mut Process),
    give_back: impl AsyncFn(&mut Process),
) -> (Process, u64) {
    keeper.says::<Result<(), Trouble>>().await.unwrap();
    for account in 0..BEFORE {
        saved(&mut keeper, account, 1).await.unwrap();
    }
    fill(&mut keeper).await;
    let confirmed = until_it_is_full(&mut keeper).await;
    // It is full for reads in between, and for writes after them.
    for _ in 0..3 {
        all_are_kept(&mut keeper, confirmed, 1).await;
        if let Err(trouble) = saved(&mut keeper, confirmed, 1).await {
            assert_full(&trouble);
        }
    }
    give_back(&mut keeper).await;
    // In the same process, by itself.
    for account in 0..confirmed + 50 {
        if account >= confirmed {
            saved(&mut keeper, account, 1).await.unwrap();
        }
        saved(&mut keeper, account, 2).await.unwrap_or_else(|trouble| panic!("{}", trouble.said));
    }
    keeper.ask::<Result<(), Trouble>>(&RedbOrder::Reopen).await.unwrap();
    (keeper, confirmed)
}

/// A process that has a disk of a megabyte at the directory; `None` where this user cannot mount one.
fn with_a_small_disk(directory: &Path, file: &Path, first: &str) -> Option<Process> {
    let mounted = |then: &str| {
        let script = format!("mount -t tmpfs -o size=1m tmpfs \"$0\" && {then}");
        let mut command = Command::new("unshare");
        command
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .arg(directory)
            .arg(PROGRAM);
        command
    };
    let probe = mounted("true").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("skipped: this user cannot mount a small disk; only a limit of the file's length is tried");
        return None;
    }
    let settings = RedbSettings { file: file.to_owned(), accounts: 0 };
    Some(Process::start_by(mounted(&format!("{first}; exec \"$1\"")), PROGRAM, &settings))
}

#[tokio::test]
async fn nothing_is_lost_by_a_disk_that_is_full() {
    let (directory, file) = place();
    let Some(keeper) = with_a_small_disk(directory.path(), &file, "true") else { return };
    let (mut keeper, confirmed) = nothing_is_lost_by_a_full_disk(
        keeper,
        async |keeper| keeper.ask(&RedbOrder::Fill).await,
        async |keeper| keeper.ask(&RedbOrder::GiveBack).await,
    )
    .await;
    println!("the disk was full after {confirmed} accounts");
    all_are_kept(&mut keeper, confirmed + 50, 2).await;
}

#[tokio::test]
async fn a_file_that_could_not_be_created_on_a_full_disk_is_created_when_there_is_room() {
    const FILLED: &str = "head -c 2m /dev/zero > \"$0/kept.filling\" 2> /dev/null";
    let (directory, file) = place();
    let Some(mut keeper) = with_a_small_disk(directory.path(), &file, FILLED) else { return };
    assert_full(&keeper.says::<Result<(), Trouble>>().await.unwrap_err());
    assert_full(&keeper.ask::<Result<(), Trouble>>(&RedbOrder::Reopen).await.unwrap_err());
    keeper.ask::<()>(&RedbOrder::GiveBack).await;
    keeper.ask::<Result<(), Trouble>>(&RedbOrder::Reopen).await.unwrap();
    saved(&mut keeper, 1, 1).await.unwrap();
}

#[tokio::test]
async fn nothing_is_lost_by_a_file_that_may_not_grow() {
    if !is_there("bash") || !is_there("prlimit") {
        println!("skipped: neither bash nor prlimit may be missing to limit a file's length");
        return;
    }
    let (_directory, file) = place();
    let mut command = Command::new("bash");
    // In units of 1024 bytes. Without its signal, the limit is an error.
    command.args(["-c", "trap '' XFSZ; ulimit -S -f 300; exec \"$0\"", PROGRAM]);
    let settings = RedbSettings { file: file.clone(), accounts: 0 };
    let keeper = Process::start_by(command, PROGRAM, &settings);
    let id = keeper.id().to_string();
    let (keeper, confirmed) = nothing_is_lost_by_a_full_disk(
        keeper,
        async |_| (),
        async |keeper| {
            nobody_else_gets_the_file(keeper, &file).await;
            let raised = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited:"]).status();
            assert!(raised.is_ok_and(|status| status.success()), "the limit can be raised");
        },
    )
    .await;
    println!("the file could not grow after {confirmed} accounts");
    assert_is_kept_after_all(keeper, &file, confirmed + 50).await;
}

/// While the database in the file fails, and is opened anew, again and again.
async fn nobody_else_gets_the_file(keeper: &mut Process, file: &Path) {
    let (stop, file) = (Arc::new(AtomicBool::new(false)), file.to_owned());
    let stopped = stop.clone();
    let others = std::thread::spawn(move || {
        let mut tried = 0;
        while !stopped.load(Ordering::SeqCst) {
            let error = Redb::open(&file).expect_err("another has it");
            assert!(error.to_string().contains("open already"), "{error}");
            tried += 1;
        }
        tried
    });
    let mut failed = 0;
    for number in 0..300 {
        failed += usize::from(saved(keeper, MOST + number, 1).await.is_err());
    }
    stop.store(true, Ordering::SeqCst);
    let tried = others.join().unwrap();
    println!("others tried {tried} times, and {failed} saves failed meanwhile");
    assert!(tried > 0 && failed > 0);
}

async fn assert_is_kept_after_all(keeper: Process, file: &Path, accounts: u64) {
    assert!(keeper.end().await.success());
    let storage = Redb::open(file).unwrap();
    for account in 0..accounts {
        assert_eq!(kept(&storage, account).await.unwrap(), Some(RedbSaved { account, number: 2 }));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
