//! A hub's storage in a file, for either kind of application.

mod backend;
mod database;
mod hubs;
mod saves;
mod trouble;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::database::Database;
use self::saves::{Change, Saves};
use crate::{Error, Secret, storage};

/// A hub's storage in a file: what one process needs so that a restart costs no fetch, and loses no refresh token.
///
/// It is a [`storage::Hub`] and a [`storage::ComponentHub`], with records of their own, kept by [redb](https://www.redb.org).
/// App secrets are not in the file: give them each time, by [`with_secret`](Self::with_secret).
///
/// ```no_run
/// use wechat_runtime::{Error, adapters::Redb, wechat_client};
///
/// fn storage() -> Result<Redb, Error> {
///     let secret = std::env::var("WECHAT_SECRET").unwrap_or_default();
///     Ok(Redb::open("/var/lib/shop/wechat.redb")?.with_secret("wx1f2e3d4c5b6a7988", secret))
/// }
///
/// #[wechat_client(
///     appid = "wx1f2e3d4c5b6a7988",
///     adapter_storage = storage().unwrap_or_else(|error| panic!("{error}")),
/// )]
/// pub struct Wechat;
/// ```
///
/// A clone shares the file, and what is open of it: open it once in a process, and give clones to all clients. It is closed
/// when the last clone is dropped, which takes one more write.
///
/// # What is promised
///
/// What a save has answered is on the disk, whatever ends the process then. What is saved at once shares one write to the
/// disk. A caller that goes away leaves nothing half done: its save happens, or it does not.
///
/// # One process
///
/// While it is open, no other process can open the file, and is told so. Where a hub runs as several processes, they need a
/// storage with a [`Coordinator`](storage::Coordinator), as `adapters::Redis` is; where several processes need tokens, one of
/// them can be the hub, and the others ask it by [`HubClient`](super::HubClient). The file has to be on a local disk: over a
/// network, its lock may keep nobody out.
///
/// What is known of refreshing (pauses after errors, the gap between two refreshes, the day's budgets) is not in it: that begins
/// anew with the process.
///
/// # Who may read it
///
/// Tokens and refresh tokens are in it in the clear. It is created so that only its owner may read and write it (mode 0600),
/// whatever the umask. One that others may read is taken from them when it is opened, with a warning in the log; where that
/// is not possible, it is not opened. Elsewhere than on Unix, its directory says who may.
///
/// # When something is wrong
///
/// A disk that is full fails saves, and takes nothing of what is there; the first save after there is room again succeeds. A
/// file that is removed or replaced while it is open takes no more saves. A record that cannot be read is an `Err`, also for
/// a save that would have to know an authorizer's stored refresh token, and stays as it is.
#[derive(Clone)]
pub struct Redb(Arc<Inner>);

struct Inner {
    database: Database,
    saves: Saves,
    secrets: RwLock<HashMap<String, Secret>>,
}

impl Redb {
    /// Opens the file, or creates it; not its directory. It blocks for as long as the disk takes, which is a moment.
    ///
    /// # Errors
    ///
    /// [`File`](crate::ErrorKind::File), where the file is open already, here or in another process; is not one of this
    /// adapter's, or of a later version; is damaged; may not be read and written, or be kept from others; or where the disk is
    /// full. The error says which, and what to do.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let database = Database::open(path.as_ref())?;
        Ok(Self(Arc::new(Inner { database, saves: Saves::default(), secrets: RwLock::default() })))
    }

    /// Adds, or replaces, an application's secret, in memory.
    #[must_use]
    pub fn with_secret(self, appid: impl Into<String>, secret: impl Into<Secret>) -> Self {
        self.set_secret(appid, secret);
        self
    }

    /// Adds, or replaces, an application's secret, in memory.
    pub fn set_secret(&self, appid: impl Into<String>, secret: impl Into<Secret>) {
        let mut secrets = self.0.secrets.write().unwrap_or_else(PoisonError::into_inner);
        secrets.insert(appid.into(), secret.into());
    }

    fn secret(&self, appid: &str) -> Option<Secret> {
        self.0.secrets.read().unwrap_or_else(PoisonError::into_inner).get(appid).cloned()
    }

    /// Reads the record of this name.
    async fn fetch<T: DeserializeOwned + Send + 'static>(&self, name: String) -> storage::Result<Option<T>> {
        let inner = self.0.clone();
        // Also what is read often is not always in memory.
        let read = tokio::task::spawn_blocking(move || {
            let stored = inner.database.read(&name)?;
            stored.map(|stored| inner.database.parse(&name, &stored)).transpose()
        });
        Ok(read.await.map_err(|_| trouble::given_up("read"))??)
    }

    /// Stores the record under this name.
    async fn put<T: Serialize>(&self, name: String, record: T) -> storage::Result<T> {
        let json =
            serde_json::to_vec(&record).map_err(|_| trouble::unwritable(self.0.database.path(), &name))?;
        self.save(name, Box::new(move |_| Ok(json.clone()))).await?;
        Ok(record)
    }

    /// Stores what `over` makes of what is stored under this name, and answers with it.
    async fn merge<T: Serialize + DeserializeOwned>(
        &self,
        name: String,
        over: impl Fn(Option<T>) -> T + Send + 'static,
    ) -> storage::Result<T> {
        let (path, of) = (self.0.database.path().to_owned(), name.clone());
        let change = move |stored: Option<&[u8]>| {
            let stored = stored.map(|stored| database::parse(&path, &of, stored)).transpose()?;
            serde_json::to_vec(&over(stored)).map_err(|_| trouble::unwritable(&path, &of))
        };
        let stored = self.save(name.clone(), Box::new(change)).await?;
        Ok(self.0.database.parse(&name, &stored)?)
    }

    /// Answers with what is stored when it is on the disk.
    async fn save(&self, name: String, change: Change) -> storage::Result<Vec<u8>> {
        let answer = saves::begin(&self.0, name, change);
        Ok(answer.await.map_err(|_| trouble::given_up("saved"))??)
    }
}

impl fmt::Debug for Redb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redb").field("path", &self.0.database.path()).finish_non_exhaustive()
    }
}
