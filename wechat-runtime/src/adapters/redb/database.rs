//! The database in the file: its tables, its transactions, and another one when it has failed.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use ::redb::{
    Builder, Durability, Error as Failure, ReadableDatabase as _, ReadableTable as _, TableDefinition,
    TableError, TableHandle as _,
};
use serde::de::DeserializeOwned;

use super::backend::{self, Backend};
use super::saves::Save;
use super::trouble;
use crate::Error;

/// Records as JSON, by the names of their slots.
const RECORDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("records");

/// What the file is: in one that is this adapter's, the number of its [`FORMAT`] under [`FORMAT_KEY`].
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("wechat_runtime");

const FORMAT_KEY: &str = "format";

/// How the tables are used. A version that uses them otherwise has a higher one.
const FORMAT: u64 = 1;

/// How much of the file is kept in memory, at the most: some thousand records, of which few are read.
const CACHE: usize = 4 << 20;

pub(super) struct Database {
    path: PathBuf,
    file: File,
    /// Some file systems do not tell of names.
    had_a_name: bool,
    backend: Backend,
    /// `None` where another could not be opened in place of one that had failed.
    current: RwLock<Option<Current>>,
}

struct Current {
    database: ::redb::Database,
    /// It may have failed half-way: it is not to be used again.
    has_failed: AtomicBool,
}

/// What is in a file that is a database.
enum Content {
    Nothing,
    Records,
    Later(u64),
    Other,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = backend::open(path).map_err(|error| trouble::no_file(path, error))?;
        let metadata = file.metadata().map_err(|error| trouble::no_file(path, error))?;
        if !metadata.is_file() {
            return Err(trouble::not_a_file(path));
        }
        let in_trouble = |failure| trouble::not_opened(path, failure);
        let handle = file.try_clone().map_err(|error| trouble::no_file(path, error))?;
        let backend = Backend::new(handle).map_err(in_trouble)?;
        let database = create(&backend).map_err(in_trouble)?;
        match quietly(|| content(&database)).map_err(in_trouble)? {
            Content::Nothing => quietly(|| prepare(&database)).map_err(in_trouble)?,
            Content::Records => {}
            Content::Later(format) => return Err(trouble::later(path, format)),
            Content::Other => return Err(trouble::not_ours(path)),
        }
        // Not before it is known whose file it is: nobody else's is meddled with.
        if backend::keep_from_others(&file).map_err(|error| trouble::open_to_others(path, error))? {
            tracing::warn!(
                path = %path.display(),
                "the file with the tokens was open to other users of this machine: now it is its owner's alone. What \
                 they may have read of it stays good: have authorizers authorize again where that matters"
            );
        }
        backend::sync_directory(path).map_err(|error| trouble::no_file(path, error))?;
        let had_a_name = backend::has_a_name(&file).map_err(|error| trouble::no_file(path, error))?;
        let current = RwLock::new(Some(Current::new(database)));
        Ok(Self { path: path.to_owned(), file, had_a_name, backend, current })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn parse<T: DeserializeOwned>(&self, name: &str, stored: &[u8]) -> Result<T, Error> {
        parse(&self.path, name, stored)
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let read = |database: &::redb::Database| {
            let records = database.begin_read()?.open_table(RECORDS)?;
            Ok(records.get(name)?.map(|stored| stored.value().to_vec()))
        };
        self.run(read).map_err(|failure| trouble::not_read(&self.path, failure))
    }

    /// Writes all of them in one transaction, and answers, in their order, with what is stored of each. One whose change is
    /// refused is not written; where the transaction fails, none is.
    pub(super) fn write(&self, saves: &[Save]) -> Vec<Result<Vec<u8>, Error>> {
        let write = |database: &::redb::Database| {
            let mut transaction = database.begin_write()?;
            // The answer has to come after the disk's.
            transaction.set_durability(Durability::Immediate)?;
            let stored = {
                let mut records = transaction.open_table(RECORDS)?;
                let mut stored = Vec::with_capacity(saves.len());
                for save in saves {
                    let changed = {
                        let before = records.get(&*save.name)?;
                        (save.change)(before.as_ref().map(::redb::AccessGuard::value))
                    };
                    if let Ok(changed) = &changed {
                        records.insert(&*save.name, &**changed)?;
                    }
                    stored.push(changed);
                }
                stored
            };
            if stored.iter().any(Result::is_ok) {
                transaction.commit()?;
            } else {
                transaction.abort()?;
            }
            Ok(stored)
        };
        let written = if self.is_gone() {
            Err(trouble::gone(&self.path))
        } else {
            self.run(write).map_err(|failure| trouble::not_saved(&self.path, failure))
        };
        written.unwrap_or_else(|error| saves.iter().map(|_| Err(error.clone())).collect())
    }

    /// Whether it was removed, or another was put in its place: what is saved then would be confirmed, and lost.
    fn is_gone(&self) -> bool {
        self.had_a_name && !backend::has_a_name(&self.file).unwrap_or(true)
    }

    /// Does something with the database, and once more where it could not even begin because of an earlier failure.
    fn run<T>(&self, work: impl Fn(&::redb::Database) -> Result<T, Failure>) -> Result<T, Failure> {
        match self.attempt(&work) {
            Err(Failure::PreviousIo | Failure::DatabaseClosed) => self.attempt(&work),
            done => done,
        }
    }

    fn attempt<T>(&self, work: impl Fn(&::redb::Database) -> Result<T, Failure>) -> Result<T, Failure> {
        let current = self.current()?;
        let Some(Current { database, has_failed }) = current.as_ref() else {
            return Err(Failure::DatabaseClosed);
        };
        let done = quietly(|| work(database));
        // After any failure: what can still be done with a database after one is not said of all of them.
        if done.is_err() {
            has_failed.store(true, Ordering::Release);
        }
        done
    }

    /// The database, or another one where it has failed.
    fn current(&self) -> Result<RwLockReadGuard<'_, Option<Current>>, Failure> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(Current::is_good) {
            return Ok(current);
        }
        drop(current);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if !current.as_ref().is_some_and(Current::is_good) {
            let failed = current.take();
            quietly(|| {
                drop(failed);
                Ok(())
            })?;
            *current = Some(self.reopen()?);
            tracing::info!(path = %self.path.display(), "the file with the tokens is opened anew after a failure");
        }
        drop(current);
        Ok(self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn reopen(&self) -> Result<Current, Failure> {
        // Of an empty file, a new database would be made, as if nothing had been confirmed.
        if self.backend.is_empty()? {
            return Err(Failure::Corrupted("the file is empty".to_owned()));
        }
        quietly(|| Ok(Current::new(builder().create_with_backend(self.backend.clone())?)))
    }
}

impl Current {
    fn new(database: ::redb::Database) -> Self {
        Self { database, has_failed: AtomicBool::new(false) }
    }

    fn is_good(&self) -> bool {
        !self.has_failed.load(Ordering::Acquire)
    }
}

/// A stored record. The error does not repeat anything of it.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, name: &str, stored: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(stored).map_err(|error| trouble::unreadable(path, name, &error))
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder
}

/// Opens the database in the file; makes one, where the file is empty.
fn create(backend: &Backend) -> Result<::redb::Database, Failure> {
    let open = || quietly(|| Ok(builder().create_with_backend(backend.clone())?));
    match open() {
        // It is locked since, except for a moment on other systems than Unix.
        Err(Failure::Io(error))
            if error.kind() == std::io::ErrorKind::InvalidData && backend.is_unfinished() =>
        {
            backend.clear()?;
            open()
        }
        opened => opened,
    }
}

fn content(database: &::redb::Database) -> Result<Content, Failure> {
    let transaction = database.begin_read()?;
    let about = match transaction.open_table(ABOUT) {
        Ok(about) => about,
        Err(TableError::TableDoesNotExist(_)) => {
            let tables = transaction.list_tables()?.count() + transaction.list_multimap_tables()?.count();
            return Ok(if tables == 0 { Content::Nothing } else { Content::Other });
        }
        Err(TableError::Storage(error)) => return Err(error.into()),
        Err(_) => return Ok(Content::Other),
    };
    let format = about.get(FORMAT_KEY)?.map(|format| format.value());
    Ok(match format {
        Some(FORMAT) if transaction.list_tables()?.any(|table| table.name() == RECORDS.name()) => {
            Content::Records
        }
        Some(later) if later > FORMAT => Content::Later(later),
        _ => Content::Other,
    })
}

fn prepare(database: &::redb::Database) -> Result<(), Failure> {
    let transaction = database.begin_write()?;
    transaction.open_table(ABOUT)?.insert(FORMAT_KEY, FORMAT)?;
    drop(transaction.open_table(RECORDS)?);
    Ok(transaction.commit()?)
}

/// A damaged file can lead redb to panic: that is a failure like others.
fn quietly<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // What was in the middle of something is not used again.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Failure::Corrupted("what is in the file makes no sense".to_owned())))
}
