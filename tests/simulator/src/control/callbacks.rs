//! Server settings as JSON says them. Tokens and keys go in, never out.

use std::time::Duration;

use serde::Deserialize;

use super::Failure;
use crate::callback::Callback;

/// Server settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    url: String,
    token: String,
    #[serde(default)]
    mode: Mode,
    encoding_aes_key: Option<String>,
    #[serde(default)]
    format: Format,
    component: Option<String>,
    timeout_milliseconds: Option<u64>,
    tries: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Plain,
    Encrypted,
    Compat,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Xml,
    Json,
}

impl Settings {
    pub(super) fn into_callback(self) -> Result<Callback, Failure> {
        let Self { url, token, mode, encoding_aes_key, format, component, timeout_milliseconds, tries } =
            self;
        let no_key = || Failure::bad("the modes encrypted and compat need an encoding_aes_key");
        let mut callback = match mode {
            Mode::Plain => Callback::plain(url, token),
            Mode::Encrypted => Callback::encrypted(url, token, encoding_aes_key.ok_or_else(no_key)?),
            Mode::Compat => Callback::compat(url, token, encoding_aes_key.ok_or_else(no_key)?),
        };
        if let Format::Json = format {
            callback = callback.json();
        }
        if let Some(appid) = component {
            callback = callback.component(appid);
        }
        if let Some(milliseconds) = timeout_milliseconds {
            callback = callback.timeout(Duration::from_millis(milliseconds));
        }
        if let Some(tries) = tries {
            callback = callback.tries(tries);
        }
        Ok(callback)
    }
}
