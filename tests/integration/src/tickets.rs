//! Where a component application's tickets are kept: a file, and a record of what came.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use wechat_runtime::callback::{ComponentEvent, ComponentEvents, ComponentInfo};
use wechat_runtime::storage;

/// Keeps the last ticket in a file, which has it when `receive` returns, whatever happens then.
pub struct TicketFile(PathBuf);

impl TicketFile {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

#[async_trait]
impl ComponentEvents for TicketFile {
    async fn receive(&self, event: ComponentEvent) -> storage::Result<()> {
        if let ComponentInfo::VerifyTicket { component_verify_ticket, .. } = event.info {
            write_whole(&self.0, component_verify_ticket.expose())?;
        }
        Ok(())
    }
}

/// All of it or nothing is in the file, and it is on the disk.
pub fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    if cfg!(unix) {
        // The name, too, has to be there after a loss of power.
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Remembers what came, in its order.
#[derive(Clone, Default)]
pub struct Record(Arc<Mutex<Vec<ComponentEvent>>>);

impl Record {
    pub fn put(&self, event: ComponentEvent) {
        self.0.lock().expect("nobody panics").push(event);
    }

    /// All that came since the last time.
    pub fn take(&self) -> Vec<ComponentEvent> {
        std::mem::take(&mut self.0.lock().expect("nobody panics"))
    }

    /// The tickets that came since the last time.
    pub fn tickets(&self) -> Vec<String> {
        let ticket = |event: ComponentEvent| match event.info {
            ComponentInfo::VerifyTicket { component_verify_ticket, .. } => {
                component_verify_ticket.expose().to_owned()
            }
            other => panic!("no ticket: {other:?}"),
        };
        self.take().into_iter().map(ticket).collect()
    }
}

#[async_trait]
impl ComponentEvents for Record {
    async fn receive(&self, event: ComponentEvent) -> storage::Result<()> {
        self.put(event);
        Ok(())
    }
}
