//! What is to be saved, in a queue: whoever writes takes all of it at once, so that a crowd costs few writes to the disk.

use std::mem;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use super::Inner;
use crate::Error;
use crate::flight::lock;

/// Makes what is to be stored of what is stored. It may be asked twice, where the first write has failed.
pub(super) type Change = Box<dyn Fn(Option<&[u8]>) -> Result<Vec<u8>, Error> + Send>;

pub(super) struct Save {
    pub(super) name: String,
    pub(super) change: Change,
    answer: oneshot::Sender<Result<Vec<u8>, Error>>,
}

#[derive(Default)]
pub(super) struct Saves(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: Vec<Save>,
    somebody_writes: bool,
}

/// Queues a save, and has it written, whether or not its caller waits for the answer.
pub(super) fn begin(
    inner: &Arc<Inner>,
    name: String,
    change: Change,
) -> oneshot::Receiver<Result<Vec<u8>, Error>> {
    let (answer, answered) = oneshot::channel();
    let somebody_writes = {
        let mut queue = lock(&inner.saves.0);
        queue.waiting.push(Save { name, change, answer });
        mem::replace(&mut queue.somebody_writes, true)
    };
    if !somebody_writes {
        let writer = Writer(Some(inner.clone()));
        tokio::task::spawn_blocking(move || writer.write());
    }
    answered
}

/// The one who writes. Where it ends before its time, as with its runtime, those who wait are told, and another can begin.
struct Writer(Option<Arc<Inner>>);

impl Writer {
    fn write(mut self) {
        while let Some(inner) = self.0.as_deref() {
            let batch = mem::take(&mut lock(&inner.saves.0).waiting);
            let stored = inner.database.write(&batch);
            let is_done = {
                let mut queue = lock(&inner.saves.0);
                queue.somebody_writes = !queue.waiting.is_empty();
                !queue.somebody_writes
            };
            if is_done {
                // Before anybody is told: who drops the last clone then may open the file again at once.
                self.0 = None;
            }
            for (save, stored) in batch.into_iter().zip(stored) {
                // Where nobody waits any more, nobody is told.
                let _ = save.answer.send(stored);
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let Some(inner) = &self.0 else { return };
        let waiting = {
            let mut queue = lock(&inner.saves.0);
            queue.somebody_writes = false;
            mem::take(&mut queue.waiting)
        };
        drop(waiting);
    }
}
