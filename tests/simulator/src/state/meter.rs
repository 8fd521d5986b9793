//! What is counted of calls, whoever makes them: an account or a third-party platform.

use std::collections::HashMap;

use super::State;
use crate::errcode::Refusal;
use crate::quota::{Limits, Usage};

/// The counters of one appid with its own daily limits.
#[derive(Debug)]
pub(crate) struct Meter<'a> {
    pub(crate) usage: &'a mut Usage,
    daily_limits: &'a HashMap<String, u64>,
}

impl Meter<'_> {
    /// How often a path may be called, the caller's own numbers before the platform's.
    pub(crate) fn limits(&self, path: &str, platform: Limits) -> Limits {
        let daily = self.daily_limits.get(path).copied().or(platform.daily);
        Limits { daily, ..platform }
    }

    /// Counts one call to a path, or refuses it uncounted.
    pub(crate) fn spend(&mut self, path: &'static str, platform: Limits, unix: u64) -> Result<(), Refusal> {
        let limits = self.limits(path, platform);
        self.usage.spend(path, limits, unix)
    }
}

impl State {
    /// The counters of a third-party platform, else those of an account. What a third-party platform does
    /// for an account counts as the account's own.
    pub(crate) fn meter(&mut self, appid: &str) -> Result<Meter<'_>, Refusal> {
        if self.is_component(appid) {
            let component = self.component(appid)?;
            let daily_limits = &component.settings.daily_limits;
            return Ok(Meter { usage: &mut component.usage, daily_limits });
        }
        let account = self.account(appid)?;
        Ok(Meter { usage: &mut account.usage, daily_limits: &account.app.daily_limits })
    }
}
