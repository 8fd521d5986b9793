//! The questions asked before WeChat is: cool-downs, gaps and daily budgets, for the whole process.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use super::cool_down::{EndsBy, Rule};
use crate::clock::Moment;
use crate::credential::Key;
use crate::errcode::ErrorKind;
use crate::flight::lock;
use crate::settings::RefreshSettings;
use crate::{Error, Secret};

/// What one refresh at a time is made for, in the whole process: a credential, through adapters of one type.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    pub(crate) adapter: TypeId,
    pub(crate) key: Key,
}

static STATES: LazyLock<Mutex<HashMap<Lane, State>>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct State {
    cool_down: Option<CoolDown>,
    issued: Option<(Secret, Moment)>,
    refused_at: Option<Moment>,
    refusals: Daily,
    forced: Daily,
}

struct CoolDown {
    rule: &'static Rule,
    /// Failures in a row under this rule before this one.
    failures: u32,
    began: Moment,
    pause: Duration,
    error: Error,
    secret: Option<Secret>,
}

/// A count that starts anew at midnight in Beijing.
#[derive(Default)]
struct Daily {
    day: u64,
    count: u32,
}

/// Why WeChat is not asked now.
pub(super) enum Blocked {
    /// An endpoint refused to grant; another secret than this ends it, where one is named.
    CoolDown {
        error: Error,
        unless_secret_is_not: Option<Secret>,
    },
    /// The credential is too young, or another refusal too recent.
    TooSoon(Duration),
    /// The day's budget is used up.
    Budget(Duration),
}

impl Blocked {
    /// The error for a caller, whose own refusal says more than the gap that keeps it from a fresh token.
    pub(super) fn into_error(self, refusal: Option<&Error>) -> Error {
        let refused = |message: &'static str, retry_after| {
            refusal
                .cloned()
                .unwrap_or_else(|| Error::new(ErrorKind::TokenRejected, ""))
                .because(message)
                .with_retry_after(Some(retry_after))
        };
        match self {
            Self::CoolDown { error, .. } => error,
            Self::TooSoon(wait) => {
                refused("the access token is refused, and too young to be replaced:", wait)
            }
            Self::Budget(wait) => refused(
                "the access token is refused, and the day's budget of replacements is used up:",
                wait,
            ),
        }
    }
}

impl Lane {
    fn state<R>(&self, ask: impl FnOnce(&mut State) -> R) -> R {
        let mut states = lock(&STATES);
        if let Some(state) = states.get_mut(self) {
            return ask(state);
        }
        ask(states.entry(self.clone()).or_default())
    }

    /// Asks whether WeChat may be asked. `refused` is the value that was refused, where that is the cause.
    pub(super) fn begin(
        &self,
        now: Moment,
        refused: Option<&Secret>,
        settings: &RefreshSettings,
    ) -> Result<(), Blocked> {
        self.state(|state| {
            if let Some(cool_down) = &mut state.cool_down {
                let left = remaining(&mut cool_down.began, cool_down.pause, now);
                if !left.is_zero() {
                    return Err(Blocked::CoolDown {
                        error: cool_down.error.clone().with_retry_after(Some(left)),
                        unless_secret_is_not: cool_down.secret.clone(),
                    });
                }
            }
            let Some(refused) = refused else { return Ok(()) };
            let issued = state
                .issued
                .as_mut()
                .filter(|(value, _)| value == refused)
                .map(|(_, at)| at);
            let youth = issued.map_or(Duration::ZERO, |at| remaining(at, settings.gap, now));
            let recent = state
                .refused_at
                .as_mut()
                .map_or(Duration::ZERO, |at| remaining(at, settings.gap, now));
            let wait = youth.max(recent);
            if !wait.is_zero() {
                return Err(Blocked::TooSoon(wait));
            }
            state.refusals.spend(now, settings.refusals_per_day)?;
            state.refused_at = Some(now);
            Ok(())
        })
    }

    /// Asks whether a forced refresh may be made.
    pub(super) fn begin_forced(&self, now: Moment, settings: &RefreshSettings) -> Result<(), Blocked> {
        self.state(|state| state.forced.spend(now, settings.forced_per_day))
    }

    /// Ends a cool-down that another secret ends.
    pub(super) fn secret_changed(&self) {
        self.state(|state| {
            state
                .cool_down
                .take_if(|active| active.rule.ends_by == EndsBy::AnotherSecret)
        });
    }

    pub(super) fn granted(&self, value: &Secret, now: Moment) {
        self.state(|state| {
            state.cool_down = None;
            // Asked again, stable_token answers with the same value: that does not make it any younger.
            if state.issued.as_ref().is_none_or(|(issued, _)| issued != value) {
                state.issued = Some((value.clone(), now));
            }
        });
    }

    /// Begins a cool-down, and answers with the error that tells how long it is.
    pub(super) fn failed(
        &self,
        error: Error,
        secret: Option<&Secret>,
        now: Moment,
        settings: &RefreshSettings,
    ) -> Error {
        let rule = Rule::of(error.errcode());
        self.state(|state| {
            let last = state
                .cool_down
                .as_ref()
                .filter(|last| std::ptr::eq(last.rule, rule));
            let failures = last.map_or(0, |last| last.failures.saturating_add(1));
            let pause = rule.pause(now, failures, &settings.cool_downs);
            let secret = secret.filter(|_| rule.ends_by == EndsBy::AnotherSecret).cloned();
            let error = error.with_retry_after(Some(pause));
            state.cool_down = Some(CoolDown {
                rule,
                failures,
                began: now,
                pause,
                error: error.clone(),
                secret,
            });
            error
        })
    }
}

/// Ends the cool-downs that a used-up quota has caused, for all credentials of an account.
pub(crate) fn quota_cleared(base_url: &str, appid: &str) {
    for (lane, state) in lock(&STATES).iter_mut() {
        if *lane.key.base_url == *base_url && *lane.key.appid == *appid {
            state
                .cool_down
                .take_if(|cool_down| cool_down.rule.ends_by == EndsBy::ClearedQuota);
        }
    }
}

/// What is left of a pause. One that began in the future, by a clock since set back, begins now.
fn remaining(began: &mut Moment, pause: Duration, now: Moment) -> Duration {
    *began = (*began).min(now);
    pause.saturating_sub(now.since(*began))
}

impl Daily {
    fn spend(&mut self, now: Moment, most: u32) -> Result<(), Blocked> {
        let day = now.beijing_day();
        if self.day != day {
            *self = Self { day, count: 0 };
        }
        if self.count >= most {
            return Err(Blocked::Budget(now.until_beijing_midnight()));
        }
        self.count += 1;
        Ok(())
    }
}
