//! The WeChat platform offline.

mod account;
mod answer;
mod app;
mod beijing;
mod body;
mod clock;
mod content;
mod control;
mod dialect;
mod endpoints;
mod errcode;
mod error;
mod fault;
mod gate;
mod ledger;
mod line;
mod platform;
mod quota;
mod request;
mod routes;
mod serve;
mod server;
mod simulator;
mod state;
mod sync;
mod vault;

pub use account::Account;
pub use app::App;
pub use clock::SimClock;
pub use content::{Follower, Material, MaterialKind};
pub use errcode::{ERRCODES, Errcode};
pub use error::{ControlError, StartError};
pub use fault::{Fault, ScriptedFault};
pub use ledger::{Call, Cause, Issue, Ledger, Message};
pub use line::Line;
pub use simulator::{Builder, Simulator};
