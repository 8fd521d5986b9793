//! How any adapter becomes one type: `Adapter` finds which trait it implements, `Bound` holds it with its
//! arguments and its local copies.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use super::store::{ClientStore, ComponentClientStore, ComponentHubStore, HubStore, Store};
use super::{Client, ComponentClient, ComponentHub, Hub};
use crate::application::{Application, Common, Component};
use crate::base::Addressed;
use crate::credential::{Grant, Key};
use crate::flight::{Flights, lock};
use crate::{Error, clock::Moment};

/// A storage adapter for applications of the kind `App`.
///
/// You do not implement this: implement one of the traits of [`storage`](crate::storage). `Marker` lets the
/// compiler find out which one it was.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a storage adapter for this kind of application, `{App}`",
    label = "implements no storage trait of `{App}`",
    note = "a common application (`Common`, an Official Account or a Mini Program) takes a `storage::Hub` (it owns the \
            tokens and knows the secret), a `storage::Client` (it asks a hub; over HTTP, \
            `adapters::HubClient::new(url)`), or a `Bound<Common>`",
    note = "a component application (`Component`, a third-party platform; in the attribute, write `component`) takes a \
            `storage::ComponentHub` (it owns the tokens and knows the secret), a `storage::ComponentClient` (it asks a \
            hub; over HTTP, `adapters::HubClient::new(url)`), or a `Bound<Component>`",
    note = "in a function over any client, write `&impl Call<App = Common>`, or `&impl Call<App = Component>`, in place \
            of `&impl Call`"
)]
pub trait Adapter<App, Marker>: Sized {
    /// What the adapter wants handed back to every callback.
    type Args;

    /// Binds the adapter to its arguments.
    fn bind(self, args: Self::Args) -> Bound<App>;
}

/// Arguments that need not be given: every type that has a [`Default`].
#[diagnostic::on_unimplemented(
    message = "the `Args` of this adapter, `{Self}`, have no default",
    label = "its `args` are missing",
    note = "write `args = …` beside `adapter_storage` in the attribute, or `adapter_storage_with(adapter, args)` \
            on a call"
)]
pub trait DefaultArgs: Sized {
    /// The arguments when none are given.
    fn default_args() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> DefaultArgs for T {
    fn default_args() -> T {
        T::default()
    }
}

/// Which storage trait an adapter implements, for the compiler.
pub mod marker {
    /// Implements [`storage::Hub`](crate::storage::Hub).
    #[derive(Debug)]
    pub enum Hub {}
    /// Implements [`storage::Client`](crate::storage::Client).
    #[derive(Debug)]
    pub enum Client {}
    /// Implements [`storage::ComponentHub`](crate::storage::ComponentHub).
    #[derive(Debug)]
    pub enum ComponentHub {}

    /// Implements [`storage::ComponentClient`](crate::storage::ComponentClient).
    #[derive(Debug)]
    pub enum ComponentClient {}

    /// Is bound already.
    #[derive(Debug)]
    pub enum Bound {}
}

/// A storage adapter with its arguments and its local copies of tokens: what clients and calls hold.
///
/// A clone is cheap and shares the copies. Bind once and keep it; a binding made for each call has to read
/// the storage each time.
///
/// ```
/// use wechat_runtime::{Bound, Client, Common, adapters::Memory};
///
/// let bound = Bound::<Common>::new(Memory::new().with_secret("wx1f2e3d4c5b6a7988", "secret"), ());
/// let client = Client::builder(bound).appid("wx1f2e3d4c5b6a7988").build()?;
/// # Ok::<(), wechat_runtime::Error>(())
/// ```
pub struct Bound<App> {
    binding: Arc<Binding>,
    application: PhantomData<fn() -> App>,
}

impl<App: Application> Bound<App> {
    /// Binds `adapter` to `args`.
    pub fn new<S, M>(adapter: S, args: S::Args) -> Self
    where
        S: Adapter<App, M>,
    {
        adapter.bind(args)
    }

    fn of(store: impl Store + 'static) -> Self {
        Self { binding: Binding::of(Box::new(store)), application: PhantomData }
    }

    pub(crate) fn binding(&self) -> &Arc<Binding> {
        &self.binding
    }
}

impl<S: Hub> Adapter<Common, marker::Hub> for S {
    type Args = S::Args;

    fn bind(self, args: S::Args) -> Bound<Common> {
        Bound::of(HubStore { adapter: self, args })
    }
}

impl<S: Client> Adapter<Common, marker::Client> for S {
    type Args = S::Args;

    fn bind(self, args: S::Args) -> Bound<Common> {
        Bound::of(ClientStore { adapter: self, args })
    }
}

impl<S: ComponentHub> Adapter<Component, marker::ComponentHub> for S {
    type Args = S::Args;

    fn bind(self, args: S::Args) -> Bound<Component> {
        Bound::of(ComponentHubStore { adapter: self, args })
    }
}

impl<S: ComponentClient> Adapter<Component, marker::ComponentClient> for S {
    type Args = S::Args;

    fn bind(self, args: S::Args) -> Bound<Component> {
        Bound::of(ComponentClientStore { adapter: self, args })
    }
}

#[diagnostic::do_not_recommend]
impl<App: Application> Adapter<App, marker::Bound> for Bound<App> {
    type Args = ();

    fn bind(self, (): ()) -> Self {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<App: Application> Adapter<App, marker::Bound> for &Bound<App> {
    type Args = ();

    fn bind(self, (): ()) -> Bound<App> {
        self.clone()
    }
}

impl<App> Clone for Bound<App> {
    fn clone(&self) -> Self {
        Self { binding: self.binding.clone(), application: PhantomData }
    }
}

impl<App> fmt::Debug for Bound<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").finish_non_exhaustive()
    }
}

/// The bindings that are shared by their names.
static SHARED: LazyLock<Mutex<HashMap<Asked, Arc<Binding>>>> = LazyLock::new(Mutex::default);

/// How many of them are kept before those are let go that nobody holds any more: a program talks to a few hubs, but one
/// that makes up names must not fill the memory.
const MANY_SHARED: usize = 100;

/// What is asked through an adapter: its type for one kind of application, and its name where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) adapter: TypeId,
    pub(crate) name: Option<Arc<str>>,
}

/// One adapter with its arguments, the local copies of what it holds, and the reads under way.
pub(crate) struct Binding {
    pub(crate) asked: Asked,
    pub(crate) store: Box<dyn Store>,
    /// By what is read, and how long one who reads it waits: whoever waits longer does not fail with them.
    pub(crate) reads: Flights<(Key, Duration), Result<Option<Grant>, Error>>,
    copies: RwLock<HashMap<Key, Arc<LocalCopy>>>,
}

/// A local copy of a grant.
pub(crate) struct LocalCopy {
    pub(crate) grant: Grant,
    /// The platform's URL with it in the query, once a call has carried it.
    pub(crate) addressed: OnceLock<Addressed>,
    /// When refreshing it behind the callers' backs may be tried next, in Unix milliseconds.
    next_attempt: AtomicU64,
}

impl Binding {
    /// The binding of a store: the one that is there already, where the store's name is shared.
    fn of(store: Box<dyn Store>) -> Arc<Self> {
        let adapter = Asked { adapter: store.adapter_type(), name: store.shared_as().map(Arc::from) };
        let new = |store| {
            let (reads, copies) = (Flights::new(), RwLock::default());
            Arc::new(Self { asked: adapter.clone(), store, reads, copies })
        };
        if adapter.name.is_none() {
            return new(store);
        }
        // Outside the lock: what an adapter does when it is dropped is not known.
        let mut let_go = Vec::new();
        let mut shared = lock(&SHARED);
        if let Some(binding) = shared.get(&adapter) {
            let binding = binding.clone();
            drop(shared);
            return binding;
        }
        if shared.len() >= MANY_SHARED {
            let unheld = shared.iter().filter(|(_, binding)| Arc::strong_count(binding) == 1);
            let unheld: Vec<_> = unheld.map(|(asked, _)| asked.clone()).collect();
            let_go.extend(unheld.iter().filter_map(|asked| shared.remove(asked)));
        }
        let binding = new(store);
        shared.insert(adapter, binding.clone());
        drop(shared);
        drop(let_go);
        binding
    }

    pub(crate) fn copy(&self, key: &Key) -> Option<Arc<LocalCopy>> {
        self.copies.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Keeps what a refresh has brought.
    pub(crate) fn keep(&self, key: &Key, grant: Grant) {
        let mut copies = self.copies.write().unwrap_or_else(PoisonError::into_inner);
        let copy = LocalCopy::new(grant, copies.get(key));
        copies.insert(key.clone(), Arc::new(copy));
    }

    /// Forgets what an account had: it has taken its authorization back.
    #[cfg(feature = "callback-codec")]
    pub(crate) fn forget(&self, account: &crate::credential::Account) {
        let mut copies = self.copies.write().unwrap_or_else(PoisonError::into_inner);
        copies.retain(|key, _| key.account != *account);
    }

    /// Keeps what was read, unless the copy has changed since the reading began: then a refresh was
    /// quicker, and what was read is the older news.
    pub(crate) fn keep_unless_changed(&self, key: &Key, grant: Grant, before: Option<&Arc<LocalCopy>>) {
        let mut copies = self.copies.write().unwrap_or_else(PoisonError::into_inner);
        let unchanged = match (copies.get(key), before) {
            (None, None) => true,
            (Some(now), Some(before)) => Arc::ptr_eq(now, before),
            _ => false,
        };
        if unchanged {
            let copy = LocalCopy::new(grant, copies.get(key));
            copies.insert(key.clone(), Arc::new(copy));
        }
    }
}

impl LocalCopy {
    /// The same value read again has not earned another attempt.
    pub(crate) fn new(grant: Grant, last: Option<&Arc<Self>>) -> Self {
        let last = last.filter(|last| last.grant.value == grant.value);
        let next_attempt = last.map_or(0, |last| last.next_attempt.load(Ordering::Relaxed));
        Self { grant, addressed: OnceLock::new(), next_attempt: AtomicU64::new(next_attempt) }
    }

    /// Whether this caller is the one to refresh behind the others' backs; the next is `pause_until`.
    pub(crate) fn claim_attempt(&self, now: Moment, pause_until: Moment) -> bool {
        let due = self.next_attempt.load(Ordering::Relaxed);
        due <= now.millis()
            && self
                .next_attempt
                .compare_exchange(due, pause_until.millis(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}
