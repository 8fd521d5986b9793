//! A record that cannot be read.

use std::error::Error as _;
use std::path::Path;

use redb::{Database, ReadableDatabase as _, TableDefinition};
use wechat_integration_tests::orders::RedbSaved;
use wechat_integration_tests::redb_file::{COMPONENT, appid, kept, save};
use wechat_integration_tests::{SECRET, World, call};
use wechat_runtime::adapters::Redb;
use wechat_runtime::{Bound, Error, ErrorKind};

use super::{place, told};

const RECORDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("records");

/// Each with something in the wrong place, which an error must not repeat.
const UNREADABLE: [&str; 4] = [
    r#"{"refresh_token":"canary-refresh"#,
    r#"{"access":null,"refresh_token":"canary-refresh","authorized_at":"canary-time"}"#,
    r#"{"access":{"access_token":"canary","kind":"canary-kind","timestamp":1,"expires_in":7200}}"#,
    "canary",
];

fn put(file: &Path, name: &str, record: &str) {
    let database = Database::open(file).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(RECORDS).unwrap().insert(name, record.as_bytes()).unwrap();
    transaction.commit().unwrap();
}

fn get(file: &Path, name: &str) -> String {
    let database = Database::open(file).unwrap();
    let records = database.begin_read().unwrap().open_table(RECORDS).unwrap();
    String::from_utf8(records.get(name).unwrap().expect("it is there").value().to_vec()).unwrap()
}

#[tokio::test]
async fn an_authorizers_record_that_cannot_be_read_is_not_written_over() {
    let (_directory, file) = place();
    let name = format!("authorizer_token:{COMPONENT}:{}", appid(1));
    for unreadable in UNREADABLE {
        drop(Redb::open(&file).unwrap());
        put(&file, &name, unreadable);
        let storage = Redb::open(&file).unwrap();
        let read = kept(&storage, 1).await.unwrap_err();
        let (broken, other) = (RedbSaved { account: 1, number: 1 }, RedbSaved { account: 2, number: 1 });
        // At once with others, who are not to suffer from it.
        let (saved, others) = tokio::join!(save(&storage, broken), save(&storage, other));
        for error in [read, saved.unwrap_err()] {
            let said = format!("{error}\n{error:?}");
            assert!(said.contains(&name) && said.contains("put a copy of the file in its place"), "{said}");
            assert!(!said.contains("canary"), "{said}");
        }
        others.unwrap();
        assert_eq!(kept(&storage, 2).await.unwrap(), Some(other));
        drop(storage);
        assert_eq!(get(&file, &name), unreadable);
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_read_is_the_callers_error_and_wechat_is_not_asked() {
    let (_directory, file) = place();
    let world = World::new().await;
    drop(Redb::open(&file).unwrap());
    put(&file, &format!("access_token:{}", world.appid), UNREADABLE[0]);
    let storage = Redb::open(&file).unwrap().with_secret(&world.appid, SECRET);
    let client = world.builder_on(Bound::new(storage, ())).build().unwrap();
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    told(&error, "the storage adapter failed to read");
    let cause: &Error = error.source().and_then(|cause| cause.downcast_ref()).expect("it is typed");
    assert_eq!(cause.kind(), ErrorKind::Storage);
    told(cause, "cannot be read, from line 1");
    assert_eq!(world.asked(), 0);
}
