//! What WeChat pushes to you: messages, events, a component application's tickets.
//!
//! [`service`][service] takes them, for axum. [`crypto`] and [`Incoming`] are what it is made of, for every other server: they
//! need the feature `callback-codec` alone.

pub mod crypto;

mod component;
mod error;
mod fields;
#[cfg(feature = "callback")]
mod handler;
mod incoming;
mod keys;
mod reply;
#[cfg(feature = "callback")]
mod seen;
#[cfg(feature = "callback")]
mod service;
#[cfg(feature = "callback")]
mod settings;

pub use self::component::{Authorization, ComponentEvent, ComponentInfo};
pub use self::error::Error;
pub use self::fields::{Field, Fields};
#[cfg(feature = "callback")]
pub use self::handler::{Handler, IntoReply};
pub use self::incoming::{Content, Incoming, MenuPictures, MenuScan};
pub use self::keys::{Keys, Opened, Query};
pub use self::reply::{Article, Music, Reply, Video};
#[cfg(feature = "callback")]
pub use self::seen::{Begun, Fingerprint, Seen, SeenInMemory};
#[cfg(feature = "callback")]
pub use self::service::{ComponentEvents, component_service, service};
#[cfg(feature = "callback")]
pub use self::settings::{IntoSettings, KeySource, Settings};
