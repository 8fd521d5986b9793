//! What can go wrong with the file, and what to do about it. Nothing of a record is in these errors but its name.

use std::io;
use std::path::Path;
use std::sync::Arc;

use ::redb::Error as Failure;

use crate::error::shown;
use crate::{Error, ErrorKind};

const IN_USE: &str = "end the process that has it; within one process, open it once and clone the `Redb`. Several processes \
                      need a storage that they can share, such as `adapters::Redis`, or one that is the hub of the others \
                      (`adapters::HubClient`)";

const FULL: &str = "make room on its disk, or raise the process's quota or limit of a file's size; then save again: nothing \
                    needs to be restarted, and what is stored is still there";

const DAMAGED: &str = "put a copy of the file in its place, or move it away and begin with a new one: tokens are then fetched \
                       anew, and the refresh tokens of authorizers are looked up in WeChat's list";

const GONE: &str =
    "restart: what is at its path then is used. Stop the process before you put a copy in the file's place";

const NOT_OURS: &str = "name a file of this adapter's, or one that does not exist yet";

const LATER: &str = "use the version of wechat-runtime that has written it, or a later one";

const NO_DIRECTORY: &str = "create its directory first, and check the path, which begins at the working directory unless it is \
                            absolute";

const FORBIDDEN: &str =
    "run as the user whose file it is, who has to be allowed to write to its directory, too";

const READ_ONLY: &str = "keep the file where it can be written";

const OPEN_TO_OTHERS: &str = "run as its owner, or have its owner do `chmod 600`; and keep it on a file system that knows who \
                              may read a file";

/// The file itself cannot be opened.
pub(super) fn no_file(path: &Path, error: io::Error) -> Error {
    of_io(&format!("{} cannot be opened", shown(path)), error)
}

pub(super) fn not_a_file(path: &Path) -> Error {
    let message = format!("{} is not a file", shown(path));
    Error::new(ErrorKind::File, message).advising("give the path of a file")
}

/// The file is there, and cannot be opened as a database.
pub(super) fn not_opened(path: &Path, failure: Failure) -> Error {
    of(&format!("{} cannot be opened", shown(path)), failure)
}

pub(super) fn not_read(path: &Path, failure: Failure) -> Error {
    of(&format!("{} cannot be read", shown(path)), failure)
}

pub(super) fn not_saved(path: &Path, failure: Failure) -> Error {
    of(&format!("nothing could be saved in {}", shown(path)), failure)
}

/// The file is open, and has no path any more.
pub(super) fn gone(path: &Path) -> Error {
    let message = format!("nothing could be saved, because {} was removed or replaced", shown(path));
    Error::new(ErrorKind::File, message).advising(GONE)
}

pub(super) fn later(path: &Path, format: u64) -> Error {
    let message = format!("{} is of the format {format}, which this version does not know", shown(path));
    Error::new(ErrorKind::File, message).advising(LATER)
}

pub(super) fn not_ours(path: &Path) -> Error {
    let message = format!("{} is a database of something else", shown(path));
    Error::new(ErrorKind::File, message).advising(NOT_OURS)
}

pub(super) fn open_to_others(path: &Path, error: io::Error) -> Error {
    let message =
        format!("{} is open to other users of this machine, and cannot be kept from them", shown(path));
    Error::new(ErrorKind::File, message).caused_by(Arc::new(error)).advising(OPEN_TO_OTHERS)
}

/// The words of the JSON error may repeat what is in the record, so that only its place is told.
pub(super) fn unreadable(path: &Path, name: &str, error: &serde_json::Error) -> Error {
    let (line, column, path) = (error.line(), error.column(), shown(path));
    let message = format!(
        "the record {name} in {path} cannot be read, from line {line}, column {column} on, and is left as it is"
    );
    Error::new(ErrorKind::Storage, message).advising(DAMAGED)
}

pub(super) fn unwritable(path: &Path, name: &str) -> Error {
    Error::new(ErrorKind::Storage, format!("the record {name} cannot be written to {}", shown(path)))
}

/// The async runtime ended first.
pub(super) fn given_up(done: &str) -> Error {
    let message = format!("nothing was {done}, because the async runtime is shutting down");
    Error::new(ErrorKind::Storage, message).advising("keep the runtime until the storage has answered")
}

fn of(doing: &str, failure: Failure) -> Error {
    let (why, advice) = match failure {
        Failure::Io(error) => return of_io(doing, error),
        Failure::DatabaseAlreadyOpen | Failure::LockProtocolMismatch => {
            ("it is open already, here or in another process", IN_USE)
        }
        Failure::UpgradeRequired(_) => ("it is a database of an earlier redb", NOT_OURS),
        Failure::Corrupted(_) => ("it is damaged, or of a later version of redb", DAMAGED),
        _ => ("the database failed", "see to the file and its disk; a restart opens it anew"),
    };
    Error::new(ErrorKind::File, format!("{doing}: {why}")).caused_by(Arc::new(failure)).advising(advice)
}

fn of_io(doing: &str, error: io::Error) -> Error {
    use io::ErrorKind as Kind;
    let (why, advice) = match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge | Kind::WriteZero => {
            ("the disk is full, or the file may not grow", FULL)
        }
        Kind::InvalidData => ("it is not a database of redb's", NOT_OURS),
        Kind::NotFound => ("there is no such directory", NO_DIRECTORY),
        Kind::PermissionDenied => ("this user may not read and write it", FORBIDDEN),
        Kind::ReadOnlyFilesystem => ("the file system is read-only", READ_ONLY),
        Kind::IsADirectory => ("it is a directory", "give the path of a file"),
        _ => return Error::new(ErrorKind::File, format!("{doing}: {error}")).caused_by(Arc::new(error)),
    };
    Error::new(ErrorKind::File, format!("{doing}: {why}")).caused_by(Arc::new(error)).advising(advice)
}
