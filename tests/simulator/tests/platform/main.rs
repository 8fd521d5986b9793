//! What must hold of the platform, asked over real HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod apis;
mod components;
mod controls;
mod downloads;
mod faults;
mod gate;
mod ledger;
mod lifecycle;
mod pushes;
mod quotas;
mod sns;
mod support;
mod tickets;
mod tokens;
mod uploads;
mod wire;
