//! Handlers of a test's, and what they are counted and remembered by.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, watch};
use wechat_runtime::callback::{Begun, Fingerprint, Incoming, Reply, Seen, SeenInMemory};
use wechat_runtime::storage;

use crate::in_time;

/// A number that only grows, and that can be waited for.
#[derive(Clone, Debug, Default)]
pub struct Count(watch::Sender<usize>);

impl Count {
    pub fn add(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    pub fn get(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits until it is at least this.
    pub async fn reached(&self, count: usize) {
        in_time(async { drop(self.0.subscribe().wait_for(|now| *now >= count).await) }).await;
    }
}

/// What handlers got.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Mutex<Vec<Incoming>>>);

impl Inbox {
    pub fn put(&self, incoming: Incoming) {
        self.0.lock().expect("nobody panics").push(incoming);
    }

    pub fn count(&self) -> usize {
        self.0.lock().expect("nobody panics").len()
    }

    /// All that came since the last time.
    pub fn take(&self) -> Vec<Incoming> {
        std::mem::take(&mut self.0.lock().expect("nobody panics"))
    }

    /// The one thing that came since the last time.
    #[track_caller]
    pub fn one(&self) -> Incoming {
        let mut all = self.take();
        assert_eq!(all.len(), 1, "the handler ran once");
        all.remove(0)
    }

    /// A handler that notes what comes, and replies nothing.
    pub fn noting(&self) -> impl Fn(Incoming) -> std::future::Ready<()> + Clone + Send + Sync + use<> {
        let inbox = self.clone();
        move |incoming| {
            inbox.put(incoming);
            std::future::ready(())
        }
    }

    /// A handler that notes what comes, and replies so.
    pub fn replying(
        &self,
        reply: Reply,
    ) -> impl Fn(Incoming) -> std::future::Ready<Reply> + Clone + Send + Sync + use<> {
        let inbox = self.clone();
        move |incoming| {
            inbox.put(incoming);
            std::future::ready(reply.clone())
        }
    }
}

/// A memory of pushes that several services may share, which counts what it is told.
#[derive(Clone, Default)]
pub struct Noted {
    memory: Arc<SeenInMemory>,
    pub done: Count,
    pub failed: Count,
    /// For how long pushes were claimed, and remembered.
    pub times: Arc<Mutex<Vec<Duration>>>,
}

#[async_trait]
impl Seen for Noted {
    async fn begin(&self, push: &Fingerprint, lease: Duration) -> storage::Result<Begun> {
        self.times.lock().expect("nobody panics").push(lease);
        self.memory.begin(push, lease).await
    }

    async fn done(&self, push: &Fingerprint, keep: Duration) -> storage::Result<()> {
        self.times.lock().expect("nobody panics").push(keep);
        self.memory.done(push, keep).await?;
        self.done.add();
        Ok(())
    }

    async fn failed(&self, push: &Fingerprint) -> storage::Result<()> {
        self.memory.failed(push).await?;
        self.failed.add();
        Ok(())
    }
}

/// A handler that waits in its middle until it is let go on.
#[derive(Clone)]
pub struct Desk {
    pub begun: Count,
    pub ended: Count,
    pub go: Arc<Semaphore>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { begun: Count::default(), ended: Count::default(), go: Arc::new(Semaphore::new(0)) }
    }
}

impl Desk {
    /// One of all that wait goes on, or the next one to come.
    pub fn let_go(&self) {
        self.go.add_permits(1);
    }

    pub async fn wait(&self) {
        self.begun.add();
        self.go.acquire().await.expect("it is never closed").forget();
        self.ended.add();
    }

    /// The handler: it ends with this.
    pub fn handler<R: Clone + Send + Sync + 'static>(
        &self,
        outcome: R,
    ) -> impl Fn(Incoming) -> BoxFuture<'static, R> + Clone + Send + Sync + use<R> {
        let desk = self.clone();
        move |_| {
            let (desk, outcome) = (desk.clone(), outcome.clone());
            Box::pin(async move {
                desk.wait().await;
                outcome
            })
        }
    }
}
