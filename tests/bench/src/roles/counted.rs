//! Makes calls on one thread, one after the other, and ends: for who counts what they take.

use serde::{Deserialize, Serialize};

use crate::sides::{Caller, Side, What};

/// What it does.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CountedWork {
    pub(crate) side: Side,
    pub(crate) what: What,
    pub(crate) base_url: String,
    pub(crate) calls: usize,
}

pub(super) fn work(CountedWork { side, what, base_url, calls }: CountedWork) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the async runtime starts").block_on(async {
        Caller::new(side, &base_url).calls(what, calls).await;
    });
}
