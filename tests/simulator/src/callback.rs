//! An account's server settings: where its pushes go, and how they are written.

mod cipher;
mod signature;
mod target;

use std::fmt;
use std::time::Duration;

pub(crate) use cipher::Cipher;
pub(crate) use signature::{signature, user_name};
pub(crate) use target::Target;

use crate::error::ControlError;

/// How long the platform waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How often the platform tries one push.
const TRIES: u32 = 3;

/// How many tries of one pusher are on the wire at once, each of them a file on both ends.
const CONNECTIONS: usize = 1024;

/// The server settings of an account, as in its console.
///
/// ```
/// use std::time::Duration;
/// use wechat_simulator::Callback;
///
/// let key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// let callback = Callback::encrypted("http://127.0.0.1:8080/wechat", "token", key)
///     .timeout(Duration::from_millis(200));
/// # drop(callback);
/// ```
#[derive(Clone)]
#[must_use = "settings take effect through `Simulator::pusher`"]
pub struct Callback {
    pub(crate) url: String,
    pub(crate) token: String,
    /// The `EncodingAESKey`; plain mode has none.
    pub(crate) encoding_aes_key: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) format: Format,
    pub(crate) timeout: Duration,
    pub(crate) tries: u32,
    pub(crate) connections: usize,
    pub(crate) component: Option<String>,
}

/// How messages are protected on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Plain,
    Encrypted,
    /// Readable and encrypted in one body.
    Compat,
}

/// What messages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Xml,
    Json,
}

impl Callback {
    fn new(mode: Mode, url: String, token: String, encoding_aes_key: Option<String>) -> Self {
        Self {
            url,
            token,
            encoding_aes_key,
            mode,
            format: Format::Xml,
            timeout: TIMEOUT,
            tries: TRIES,
            connections: CONNECTIONS,
            component: None,
        }
    }

    /// Messages are readable.
    ///
    /// The URL is an `http://` one. `$APPID$` in it stands for the pusher's appid, as in the message URL
    /// of a third-party platform.
    pub fn plain(url: impl Into<String>, token: impl Into<String>) -> Self {
        Self::new(Mode::Plain, url.into(), token.into(), None)
    }

    /// Messages are encrypted: the safe mode.
    ///
    /// The key is the 43 characters of the console.
    pub fn encrypted(
        url: impl Into<String>,
        token: impl Into<String>,
        encoding_aes_key: impl Into<String>,
    ) -> Self {
        Self::new(Mode::Encrypted, url.into(), token.into(), Some(encoding_aes_key.into()))
    }

    /// Messages stand in one body twice, readable and encrypted: the compatible mode.
    pub fn compat(
        url: impl Into<String>,
        token: impl Into<String>,
        encoding_aes_key: impl Into<String>,
    ) -> Self {
        Self::new(Mode::Compat, url.into(), token.into(), Some(encoding_aes_key.into()))
    }

    /// Messages and replies are JSON in place of XML.
    pub fn json(mut self) -> Self {
        self.format = Format::Json;
        self
    }

    /// Sets how much real time an answer may take, from the connection to the body's last byte; 5 s by
    /// default, as on the platform.
    pub fn timeout(mut self, real_time: Duration) -> Self {
        self.timeout = real_time;
        self
    }

    /// Sets how often one push is tried in all; 3 by default.
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// Sets how many tries are on the wire at once, over every clone of the pusher; 1024 by default. A try
    /// beyond that waits for its turn, and its time does not run yet.
    pub fn connections(mut self, tries: usize) -> Self {
        self.connections = tries;
        self
    }

    /// Names the third-party platform that receives the account's messages: they are enveloped under its
    /// appid in place of the account's own, and pushes with an `InfoType` are about it.
    pub fn component(mut self, appid: impl Into<String>) -> Self {
        self.component = Some(appid.into());
        self
    }

    /// What is wrong with the settings, or the parts that they are made of.
    pub(crate) fn check(&self, appid: &str) -> Result<(Target, Option<Cipher>), ControlError> {
        if appid.is_empty() || self.component.as_ref().is_some_and(String::is_empty) {
            return Err(ControlError::new("a pusher needs an appid that is not empty"));
        }
        if self.token.is_empty() {
            return Err(ControlError::new("a callback needs a token that is not empty"));
        }
        if self.tries == 0 || self.connections == 0 {
            return Err(ControlError::new("a callback needs at least one try and one connection"));
        }
        let target = Target::parse(&self.url.replace("$APPID$", appid))?;
        let cipher = self.encoding_aes_key.as_deref().map(Cipher::new).transpose()?;
        Ok((target, cipher))
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("url", &self.url)
            .field("mode", &self.mode)
            .field("format", &self.format)
            .field("timeout", &self.timeout)
            .field("tries", &self.tries)
            .field("component", &self.component)
            .finish_non_exhaustive()
    }
}
