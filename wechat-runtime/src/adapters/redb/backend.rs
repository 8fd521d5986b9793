//! The file below the database: opened once, locked as long as it is open, and kept from others.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use ::redb::backends::FileBackend;
use ::redb::{BackendError, StorageBackend};

/// A file that has begun to become a database is not longer than this.
const LONGEST_UNFINISHED: u64 = 1 << 20;

/// The length of what says that a file is a database of redb's.
const MAGIC: usize = 9;

/// Where the first page ends, which is the only one that is written before the file says so.
const FIRST_PAGE: usize = 4096;

/// A file that outlives the databases which are opened on it, one after the other.
///
/// A database that has failed to write is of no use any more, and another is opened in its place. The lock stays meanwhile,
/// so that no other process writes between the two, and so does the file: nothing that was moved to its path is taken for it.
#[derive(Clone, Debug)]
pub(super) struct Backend(Arc<Unlocking>);

#[derive(Debug)]
struct Unlocking(FileBackend);

impl Drop for Unlocking {
    fn drop(&mut self) {
        // A process that is being spawned has the file, too, until it begins its program: without this, the lock with it.
        let _ = self.0.close();
    }
}

impl Backend {
    pub(super) fn new(file: File) -> Result<Self, ::redb::Error> {
        Ok(Self(Arc::new(Unlocking(FileBackend::new(file)?))))
    }

    /// Whether somebody began to make a database of the file, and was ended before the first record could be in it.
    ///
    /// To be asked with the file locked.
    pub(super) fn is_unfinished(&self) -> bool {
        let Ok(length) = self.0.0.len() else { return false };
        let Ok(size) = usize::try_from(length) else { return false };
        if length == 0 || length > LONGEST_UNFINISHED {
            return false;
        }
        let mut bytes = vec![0; size];
        let read = self.0.0.read(0, &mut bytes).is_ok();
        let mut besides = bytes.iter().take(MAGIC).chain(bytes.iter().skip(FIRST_PAGE));
        read && besides.all(|byte| *byte == 0)
    }

    pub(super) fn is_empty(&self) -> Result<bool, BackendError> {
        Ok(self.0.0.len()? == 0)
    }

    pub(super) fn clear(&self) -> Result<(), BackendError> {
        Ok(self.0.0.set_len(0)?)
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.0.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.0.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.0.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.0.write(offset, data)
    }

    /// Keeps the lock, which ends with the file. On Unix it can be taken again by whoever has it; elsewhere it cannot, and has
    /// to be given up between two databases.
    fn close(&self) -> io::Result<()> {
        if cfg!(unix) { Ok(()) } else { self.0.0.close() }
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.0.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.0.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.0.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.0.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.0.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.0.query_lock_range(start, end)
    }
}

/// Opens the file, or creates it for its owner alone.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Takes the file from all but its owner; answers whether there was somebody to take it from.
#[cfg(unix)]
pub(super) fn keep_from_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let is_open = || file.metadata().map(|metadata| metadata.permissions().mode() & 0o077 != 0);
    if !is_open()? {
        return Ok(false);
    }
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    // Some file systems know no permissions of single files, and say nothing.
    if is_open()? { Err(io::ErrorKind::Unsupported.into()) } else { Ok(true) }
}

#[cfg(not(unix))]
pub(super) fn keep_from_others(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// Whether the file has a name. One without is gone when it is closed, whatever is written to it.
#[cfg(unix)]
pub(super) fn has_a_name(file: &File) -> io::Result<bool> {
    file.metadata().map(|metadata| std::os::unix::fs::MetadataExt::nlink(&metadata) > 0)
}

/// Elsewhere, a file that is open cannot be removed.
#[cfg(not(unix))]
pub(super) fn has_a_name(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Sees to it that the file is still in its directory after the machine has lost its power.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match File::open(directory.unwrap_or(Path::new("."))).and_then(|directory| directory.sync_all()) {
        // It need not be readable to whoever has the file; and not every file system can do it.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_its_owners_alone_from_the_beginning() {
        let path = std::env::temp_dir().join(format!("wechat-runtime-{}.redb", std::process::id()));
        let file = open(&path).unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        std::fs::remove_file(path).unwrap();
        assert_eq!(mode, 0o600);
    }
}
