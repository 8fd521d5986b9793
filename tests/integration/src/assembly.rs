//! A storage in memory by which several processes agree who refreshes, all of them in one.

pub mod customs;
pub mod faults;
mod rows;
mod storages;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::task::yield_now;
use wechat_runtime::storage::{Begun, Coordinator, Notes, Record, Slot};
use wechat_runtime::{Secret, async_trait, storage};

pub use self::rows::{Row, Rows};

/// What one process of several sees of their storage: a `Hub` and a `ComponentHub` with a coordinator.
///
/// What is known of refreshes is kept for each type of adapter, so `Shared<1>` and `Shared<2>` know as much of each other as
/// two processes do. A clone is the same process, with the same switches and counts.
///
/// ```
/// use wechat_integration_tests::Shared;
///
/// let one = Shared::new();
/// one.set_secret("wx1f2e3d4c5b6a7988", "the app secret");
/// let other = one.as_process::<1>();
/// ```
pub type Shared<const PROCESS: usize> = Assembly<Process<PROCESS>>;

/// How a process goes about its storage: well, unless a method is written anew.
#[async_trait]
pub trait Custom: Default + Send + Sync + 'static {
    /// Whether the storage can be reached.
    fn reach(&self) -> storage::Result<()> {
        Ok(())
    }

    /// Whether there is a coordinator.
    fn coordinates(&self) -> bool {
        true
    }

    async fn fetch(&self, rows: &Rows, slot: &Slot) -> storage::Result<Option<Record>> {
        self.reach()?;
        // Others get a turn here, as they do with a storage behind a network.
        yield_now().await;
        Ok(rows.row(&slot.name()).record)
    }

    async fn save(&self, rows: &Rows, slot: &Slot, record: Record) -> storage::Result<Record> {
        self.reach()?;
        yield_now().await;
        Ok(rows.change(&slot.name(), |row, _| row.save(record)))
    }

    async fn begin(&self, rows: &Rows, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
        self.reach()?;
        yield_now().await;
        Ok(rows.change(&slot.name(), |row, now| row.begin(now, lease)))
    }

    async fn commit(
        &self,
        rows: &Rows,
        slot: &Slot,
        fence: u64,
        record: Record,
        notes: Notes,
    ) -> storage::Result<bool> {
        self.reach()?;
        yield_now().await;
        Ok(rows.change(&slot.name(), |row, _| row.commit(fence, record, notes)))
    }

    async fn abort(&self, rows: &Rows, slot: &Slot, fence: u64, notes: Notes) -> storage::Result<bool> {
        self.reach()?;
        yield_now().await;
        Ok(rows.change(&slot.name(), |row, _| row.abort(fence, notes)))
    }
}

/// Writes a custom down by what is done otherwise than well.
#[macro_export]
macro_rules! custom {
    ($(#[$doc:meta])* $vis:vis $name:ident { $($body:tt)* }) => {
        $crate::custom!($(#[$doc])* $vis $name() { $($body)* });
    };
    ($(#[$doc:meta])* $vis:vis $name:ident($($field:ty),*) { $($body:tt)* }) => {
        $(#[$doc])*
        #[derive(Default)]
        $vis struct $name($($field),*);

        #[wechat_runtime::async_trait]
        impl $crate::assembly::Custom for $name { $($body)* }
    };
}

/// One of several processes, which does all that is asked of it.
#[derive(Default)]
pub struct Process<const PROCESS: usize>;

impl<const PROCESS: usize> Custom for Process<PROCESS> {}

/// A storage with a coordinator that goes by a custom; or only for one kind of record, and by another for the rest.
pub struct Assembly<C, R = Process<0>> {
    hall: Arc<Hall>,
    desk: Arc<Desk>,
    custom: Arc<C>,
    only: Option<&'static str>,
    rest: Arc<R>,
}

/// What all processes share.
#[derive(Default)]
pub struct Hall {
    pub rows: Rows,
    desks: Mutex<BTreeMap<usize, Arc<Desk>>>,
}

/// One process's switches and counts.
#[derive(Default)]
struct Desk {
    begins_fail: AtomicBool,
    commits_fail: AtomicBool,
    aborts_fail: AtomicBool,
    answers_lost: AtomicBool,
    held: watch::Sender<bool>,
    /// How many have been asked for, those that failed or wait included.
    begins: watch::Sender<usize>,
    commits: watch::Sender<usize>,
    aborts: watch::Sender<usize>,
}

impl Shared<0> {
    /// A storage with nothing in it, by Tokio's clock.
    pub fn new() -> Self {
        Self::over(Arc::default())
    }

    /// One that goes by a clock of the test's own.
    pub fn by_clock(clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self::over(Arc::new(Hall { rows: Rows::by_clock(clock), desks: Mutex::default() }))
    }

    fn over(hall: Arc<Hall>) -> Self {
        let desk = hall.desk(0);
        Self { hall, desk, custom: Arc::default(), only: None, rest: Arc::default() }
    }
}

impl Default for Shared<0> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const PROCESS: usize> Shared<PROCESS> {
    /// What another process sees of it: an adapter of another type, with switches and counts of its own.
    pub fn as_process<const OTHER: usize>(&self) -> Shared<OTHER> {
        let desk = self.hall.desk(OTHER);
        Assembly { hall: self.hall.clone(), desk, custom: Arc::default(), only: None, rest: Arc::default() }
    }

    /// What a process sees of it that goes about it by this custom.
    pub fn as_custom<C: Custom>(&self) -> Assembly<C> {
        Assembly::of(self.hall.clone(), None)
    }
}

impl<C: Custom, R: Custom> Assembly<C, R> {
    /// One by this custom for this kind of record, or for all.
    pub fn of(hall: Arc<Hall>, only: Option<&'static str>) -> Self {
        Self { hall, desk: Arc::default(), custom: Arc::default(), only, rest: Arc::default() }
    }

    pub fn set_secret(&self, appid: &str, secret: &str) {
        self.hall.rows.secrets.lock().unwrap().insert(appid.to_owned(), Secret::from(secret));
    }

    /// What is kept of a slot.
    pub fn row(&self, slot: &Slot) -> Row {
        self.hall.rows.row(&slot.name())
    }

    /// Changes what is kept of a slot, as somebody does who knows nothing of fences.
    pub fn alter(&self, slot: &Slot, alter: impl FnOnce(&mut Row)) {
        self.hall.rows.change(&slot.name(), |row, _| alter(row));
    }

    /// Loses all but the secrets, which come from elsewhere.
    pub fn flush(&self) {
        self.hall.rows.all().clear();
        self.hall.rows.verify_tickets.lock().unwrap().clear();
    }

    /// What time it is by the coordinator's clock.
    pub fn now(&self) -> SystemTime {
        self.hall.rows.now()
    }

    /// Moves the coordinator's clock on, for all processes.
    pub fn pass(&self, time: Duration) {
        self.hall.rows.pass(time);
    }

    pub fn fail_begins(&self, yes: bool) {
        self.desk.begins_fail.store(yes, Ordering::SeqCst);
    }

    pub fn fail_commits(&self, yes: bool) {
        self.desk.commits_fail.store(yes, Ordering::SeqCst);
    }

    pub fn fail_aborts(&self, yes: bool) {
        self.desk.aborts_fail.store(yes, Ordering::SeqCst);
    }

    /// Lets commits be done, and seem to have failed.
    pub fn lose_commits_answers(&self, yes: bool) {
        self.desk.answers_lost.store(yes, Ordering::SeqCst);
    }

    /// Lets commits begin and not go on, until they are let go.
    pub fn hold_commits(&self, yes: bool) {
        self.desk.held.send_replace(yes);
    }

    pub fn begins(&self) -> usize {
        *self.desk.begins.borrow()
    }

    pub fn commits(&self) -> usize {
        *self.desk.commits.borrow()
    }

    pub fn aborts(&self) -> usize {
        *self.desk.aborts.borrow()
    }

    /// Waits until so many begins have been asked for.
    pub async fn has_begun(&self, count: usize) {
        reaches(&self.desk.begins, count).await;
    }

    /// Waits until so many commits have been asked for; those that are held are among them.
    pub async fn is_committing(&self, count: usize) {
        reaches(&self.desk.commits, count).await;
    }

    /// Waits until so many aborts have been asked for.
    pub async fn is_aborting(&self, count: usize) {
        reaches(&self.desk.aborts, count).await;
    }
}

/// Far longer than anything takes on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(30);

async fn reaches(count: &watch::Sender<usize>, least: usize) {
    let mut counts = count.subscribe();
    let reached = tokio::time::timeout(PATIENCE, counts.wait_for(|count| *count >= least)).await;
    let reached = reached.unwrap_or_else(|_| panic!("no {least} within {PATIENCE:?}"));
    reached.expect("the desk is here");
}

fn fails(switch: &AtomicBool) -> storage::Result<()> {
    if switch.load(Ordering::SeqCst) {
        return Err(storage::Error::msg("nobody is at the desk"));
    }
    Ok(())
}

#[async_trait]
impl<C: Custom, R: Custom> Coordinator for Assembly<C, R> {
    async fn begin(&self, slot: &Slot, lease: Duration) -> storage::Result<Begun> {
        self.desk.begins.send_modify(|count| *count += 1);
        fails(&self.desk.begins_fail)?;
        let rows = &self.hall.rows;
        if self.is_rest(slot) {
            return self.rest.begin(rows, slot, lease).await;
        }
        self.custom.begin(rows, slot, lease).await
    }

    async fn commit(&self, slot: &Slot, fence: u64, record: Record, notes: Notes) -> storage::Result<bool> {
        self.desk.commits.send_modify(|count| *count += 1);
        self.desk.held.subscribe().wait_for(|held| !held).await.expect("the desk is here");
        fails(&self.desk.commits_fail)?;
        let rows = &self.hall.rows;
        let committed = if self.is_rest(slot) {
            self.rest.commit(rows, slot, fence, record, notes).await
        } else {
            self.custom.commit(rows, slot, fence, record, notes).await
        };
        fails(&self.desk.answers_lost)?;
        committed
    }

    async fn abort(&self, slot: &Slot, fence: u64, notes: Notes) -> storage::Result<bool> {
        self.desk.aborts.send_modify(|count| *count += 1);
        fails(&self.desk.aborts_fail)?;
        let rows = &self.hall.rows;
        if self.is_rest(slot) {
            return self.rest.abort(rows, slot, fence, notes).await;
        }
        self.custom.abort(rows, slot, fence, notes).await
    }
}

impl<C, R> Assembly<C, R> {
    /// Whether the custom is for other records than this.
    fn is_rest(&self, slot: &Slot) -> bool {
        self.only.is_some_and(|only| only != kind(slot))
    }
}

/// What kind of record is in a slot, as the constants of [`manners`](crate::manners) call it, or a ticket's type.
pub fn kind(slot: &Slot) -> &str {
    match slot {
        Slot::AccessToken { .. } | Slot::AuthorizerToken { .. } => crate::manners::ACCESS_TOKEN,
        Slot::ComponentAccessToken { .. } => crate::manners::COMPONENT_TOKEN,
        Slot::Ticket { ticket_type, .. } | Slot::AuthorizerTicket { ticket_type, .. } => ticket_type.as_str(),
        _ => panic!("a slot that is not known here: {slot}"),
    }
}

impl Hall {
    fn desk(&self, process: usize) -> Arc<Desk> {
        self.desks.lock().unwrap().entry(process).or_default().clone()
    }
}

impl<C, R> Clone for Assembly<C, R> {
    fn clone(&self) -> Self {
        Self {
            hall: self.hall.clone(),
            desk: self.desk.clone(),
            custom: self.custom.clone(),
            only: self.only,
            rest: self.rest.clone(),
        }
    }
}
