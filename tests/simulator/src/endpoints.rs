//! The APIs: what a call that passed the gate is answered.

pub(crate) mod base;
pub(crate) mod component;
pub(crate) mod material;
pub(crate) mod media;
pub(crate) mod menu;
pub(crate) mod message;
pub(crate) mod qrcode;
pub(crate) mod sns;
pub(crate) mod ticket;
pub(crate) mod token;
pub(crate) mod user;

use serde_json::{Map, Value};

use crate::errcode::Refusal;
use crate::platform::Platform;
use crate::request::Request;

/// A call that was admitted.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) request: &'a Request,
    /// The account that it is made for; for a third-party platform's own APIs, the third-party platform.
    pub(crate) appid: &'a str,
    /// The third-party platform that makes it for the account, if one does.
    pub(crate) component: Option<&'a str>,
    /// The JSON object in its body; empty for GET.
    pub(crate) arguments: Map<String, Value>,
    /// The virtual time.
    pub(crate) unix: u64,
}

impl Exchange<'_> {
    /// A text argument that is there and not empty, or the refusal with a code.
    fn text(&self, name: &str, missing: i32) -> Result<&str, Refusal> {
        let text = self.arguments.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or_else(|| Refusal::new(missing))
    }

    /// A whole number that is not negative, or 47001.
    fn number(&self, name: &str) -> Result<u64, Refusal> {
        self.arguments.get(name).and_then(Value::as_u64).ok_or_else(|| Refusal::new(47001))
    }
}
