//! The file itself: who has it, who may read it, and what else may be at its path.

use std::path::Path;

use redb::{Database, TableDefinition};
use wechat_integration_tests::orders::{RedbOrder, RedbSaved, Trouble};
use wechat_integration_tests::redb_file::{kept, read, save};
use wechat_runtime::ErrorKind;
use wechat_runtime::adapters::Redb;

use super::{keeper, place, told};

fn refused(file: &Path, what: &str) -> String {
    let error = Redb::open(file).expect_err("it is not opened");
    assert_eq!(error.kind(), ErrorKind::File, "{error}");
    told(&error, what)
}

#[tokio::test]
async fn a_second_process_is_told_who_has_the_file() {
    let (_directory, file) = place();
    let mut first = keeper(&file);
    first.says::<Result<(), Trouble>>().await.unwrap();
    first.ask::<Result<(), Trouble>>(&RedbOrder::Save(RedbSaved { account: 1, number: 1 })).await.unwrap();

    let mut second = keeper(&file);
    let trouble = second.says::<Result<(), Trouble>>().await.unwrap_err();
    assert!(trouble.said.contains("open already, here or in another process"), "{}", trouble.said);
    assert!(trouble.said.contains("adapters::Redis"), "{}", trouble.said);
    second.end().await;
    refused(&file, "end the process that has it");

    // Nothing has happened to the first.
    first.ask::<Result<(), Trouble>>(&RedbOrder::Save(RedbSaved { account: 1, number: 2 })).await.unwrap();
    first.end().await;
    let mut third = keeper(&file);
    third.says::<Result<(), Trouble>>().await.unwrap();
    let kept: Result<Option<RedbSaved>, Trouble> = third.ask(&RedbOrder::Kept(1)).await;
    assert_eq!(kept.unwrap(), Some(RedbSaved { account: 1, number: 2 }));
}

#[tokio::test]
async fn in_one_process_it_is_opened_once_and_shared_by_clones() {
    let (_directory, file) = place();
    let storage = Redb::open(&file).unwrap();
    refused(&file, "clone the `Redb`");
    let saved = RedbSaved { account: 1, number: 1 };
    save(&storage.clone(), saved).await.unwrap();
    assert_eq!(kept(&storage, 1).await.unwrap(), Some(saved));
}

#[test]
fn what_is_not_a_file_of_this_adapters_is_refused_and_left_alone() {
    const OTHERS: TableDefinition<'_, u64, u64> = TableDefinition::new("numbers");
    let (directory, file) = place();
    refused(&directory.path().join("none/kept.redb"), "create its directory first");
    refused(directory.path(), "it is a directory");

    std::fs::write(&file, "canary: somebody's notes").unwrap();
    refused(&file, "is not a database of redb's; name a file of this adapter's");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "canary: somebody's notes");

    // Also where it begins with nothing, and something comes later.
    let mut blank_at_first = vec![0; 73_728];
    blank_at_first[70_000] = 1;
    std::fs::write(&file, &blank_at_first).unwrap();
    refused(&file, "is not a database of redb's");
    assert_eq!(std::fs::read(&file).unwrap(), blank_at_first);

    let another = directory.path().join("another.redb");
    let database = Database::create(&another).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(OTHERS).unwrap().insert(1, 2).unwrap();
    transaction.commit().unwrap();
    drop(database);
    refused(&another, "is a database of something else");
}

#[test]
fn a_file_of_a_later_version_is_refused() {
    const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("wechat_runtime");
    let (_directory, file) = place();
    drop(Redb::open(&file).unwrap());
    let database = Database::open(&file).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(ABOUT).unwrap().insert("format", 2).unwrap();
    transaction.commit().unwrap();
    drop(database);
    refused(&file, "use the version of wechat-runtime that has written it, or a later one");
}

#[tokio::test]
async fn a_file_that_was_only_begun_is_begun_anew() {
    let (_directory, file) = place();
    drop(Redb::open(&file).unwrap());
    // As it is when redb has written its first page, and not yet what tells that it has.
    let mut begun = vec![0; 73_728];
    begun[9..4096].copy_from_slice(&std::fs::read(&file).unwrap()[9..4096]);
    for begun in [vec![0; 73_728], begun] {
        std::fs::write(&file, begun).unwrap();
        let storage = Redb::open(&file).unwrap();
        save(&storage, RedbSaved { account: 1, number: 1 }).await.unwrap();
    }
}

/// Whatever is changed in the file. (What was a sound record may be another one then: nobody signs them.)
#[tokio::test]
async fn a_damaged_file_is_an_error_and_no_panic() {
    let (_directory, file) = place();
    let storage = Redb::open(&file).unwrap();
    for account in 0..20 {
        save(&storage, RedbSaved { account, number: 1 }).await.unwrap();
    }
    drop(storage);
    let whole = std::fs::read(&file).unwrap();
    let mut chance = fastrand::Rng::with_seed(7);
    let (mut refused, mut failed) = (0, 0);
    for _ in 0..60 {
        let mut bytes = whole.clone();
        for _ in 0..chance.usize(1..200) {
            let at = chance.usize(..bytes.len());
            bytes[at] = chance.u8(..);
        }
        if chance.u8(..) < 64 {
            bytes.truncate(chance.usize(1..bytes.len()));
        }
        std::fs::write(&file, bytes).unwrap();
        match Redb::open(&file) {
            Err(error) => {
                told(&error, "");
                refused += 1;
            }
            Ok(storage) => {
                for account in 0..20 {
                    failed += usize::from(read(&storage, account).await.is_err());
                }
            }
        }
    }
    println!("{refused} of 60 damaged files were refused; {failed} reads failed in the others");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use wechat_integration_tests::orders::RedbSettings;
    use wechat_integration_tests::process::Process;

    use super::*;

    fn mode(file: &Path) -> u32 {
        std::fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn whatever_the_umask_the_file_is_its_owners_alone() {
        for umask in ["000", "022", "077"] {
            let (_directory, file) = place();
            let program = env!("CARGO_BIN_EXE_redb_keeper");
            let mut command = Command::new("sh");
            command.args(["-c", "umask \"$0\"; exec \"$1\"", umask, program]);
            let settings = RedbSettings { file: file.clone(), accounts: 0 };
            let mut keeper = Process::start_by(command, program, &settings);
            keeper.says::<Result<(), Trouble>>().await.unwrap();
            assert_eq!(mode(&file), 0o600, "umask {umask}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_taken_from_them() {
        let (_directory, file) = place();
        drop(Redb::open(&file).unwrap());
        for open in [0o644, 0o660, 0o666] {
            set_mode(&file, open);
            drop(Redb::open(&file).unwrap());
            assert_eq!(mode(&file), 0o600);
        }
    }

    /// What is written to a file without a name is gone with the process.
    #[tokio::test]
    async fn nothing_is_confirmed_that_goes_to_a_file_that_was_removed_or_replaced() {
        let (directory, file) = place();
        for replaced in [false, true] {
            let storage = Redb::open(&file).unwrap();
            save(&storage, RedbSaved { account: 1, number: 1 }).await.unwrap();
            if replaced {
                let copy = directory.path().join("copy.redb");
                std::fs::copy(&file, &copy).unwrap();
                std::fs::rename(copy, &file).unwrap();
            } else {
                std::fs::remove_file(&file).unwrap();
            }
            let error = save(&storage, RedbSaved { account: 1, number: 2 }).await.unwrap_err().to_string();
            assert!(error.contains("was removed or replaced; restart"), "{error}");
            assert_eq!(kept(&storage, 1).await.unwrap().map(|kept| kept.number), Some(1));
        }
    }

    #[test]
    fn what_is_not_this_adapters_keeps_its_mode() {
        let (_directory, file) = place();
        std::fs::write(&file, "somebody's notes").unwrap();
        set_mode(&file, 0o644);
        refused(&file, "is not a database of redb's");
        assert_eq!(mode(&file), 0o644);
    }

    #[test]
    fn a_file_that_may_not_be_written_is_told_so() {
        let (_directory, file) = place();
        drop(Redb::open(&file).unwrap());
        set_mode(&file, 0o400);
        if std::fs::OpenOptions::new().write(true).open(&file).is_ok() {
            println!("skipped: to this user, nothing is forbidden");
            return;
        }
        refused(&file, "run as the user whose file it is");
    }
}
