//! A tour of the client in six steps: `cargo run -p wechat-examples --bin quickstart`.
//!
//! It needs no network and no account, because the platform is simulated in this process. With `WECHAT_APPID` and
//! `WECHAT_SECRET` set it calls the real platform instead, and only reads.

#![allow(clippy::print_stderr, reason = "that is where an error goes")]

mod hubs;
mod real;
mod story;

use std::error::Error;
use std::process::ExitCode;

use wechat_examples::given;
use wechat_runtime::wechat_client;

use self::hubs::{Region, RegionalHub};

/// The Official Account of the shop. Its tokens are kept by a storage adapter of our own.
#[wechat_client(
    appid = "wx1f2e3d4c5b6a7988",
    adapter_storage = RegionalHub::default(),
    args = Region::Shanghai,
)]
pub(crate) struct Shop;

/// The Official Account of the newspaper. Where its tokens are kept is said when it is made.
#[wechat_client(adapter_storage = _)]
pub(crate) struct News;

#[tokio::main]
async fn main() -> ExitCode {
    let told = match given::account() {
        Ok(Some((appid, secret))) => real::tell(&appid, secret).await,
        Ok(None) => story::tell().await,
        Err(missing) => Err(missing.into()),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

fn complain(error: &dyn Error) {
    eprintln!("\nerror: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}
