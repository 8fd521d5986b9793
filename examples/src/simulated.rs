//! A client on the simulated platform, and what must have happened there.

use wechat_runtime::{Application, ClientBuilder, reqwest};
use wechat_simulator::Simulator;

use crate::show;

/// Points a client at the simulator. Against WeChat's own platform none of this is needed.
pub fn on<A: Application, T>(sim: &Simulator, client: ClientBuilder<A, T>) -> ClientBuilder<A, T> {
    let clock = sim.clock();
    client
        .base_url(sim.base_url())
        .clock(move || clock.now())
        // The simulator is on this machine, where no proxy should be asked.
        .http(reqwest::Client::builder().no_proxy())
}

/// Shows a count, which must be as told.
///
/// # Errors
///
/// If it is another.
pub fn count(about: &str, is: usize, told: usize) -> Result<(), String> {
    show::fact(about, is);
    if is == told { Ok(()) } else { Err(format!("{about}: {is}, where {told} were to be expected")) }
}
