//! What is seen of a process: its logs of all targets, its panics, its errors. For looking for what must not be seen.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use wechat_runtime::Error;

/// Everything that a subscriber at TRACE sees of all targets, and every panic.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    /// Sees to the whole process from here on.
    pub fn begin() -> Self {
        let seen = Self::default();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(seen.clone());
        subscriber.with_ansi(false).init();
        let panics = seen.clone();
        std::panic::set_hook(Box::new(move |panic| {
            let text = panic.to_string();
            panics.0.lock().unwrap().extend_from_slice(text.as_bytes());
        }));
        seen
    }

    /// What was seen. Panics are shown again.
    pub fn end(self) -> String {
        drop(std::panic::take_hook());
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Seen {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// All that an error shows.
pub fn whole(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    text
}

/// The surroundings of what was found.
pub fn around(text: &str, found: &str) -> String {
    let at = text.find(found).unwrap_or(0);
    let start = text[..at].char_indices().rev().nth(200).map_or(0, |(index, _)| index);
    text[start..].chars().take(500).collect()
}
