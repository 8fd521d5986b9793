//! The questions asked before WeChat is: cool-downs, gaps and daily budgets of one credential.

mod noted;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cool_down::{EndsBy, Rule};
use super::price::{Mark, Price};
use crate::clock::Moment;
use crate::credential::Credential;
use crate::settings::RefreshSettings;
use crate::{Error, Secret};

/// How many secrets that were refused are told apart; more of them than this are a puzzle, not a mistake.
const WRONG_SECRETS: usize = 8;

/// What is known of refreshing a credential: by one process, or by all that share a coordinator.
#[derive(Default)]
pub(super) struct Guard {
    cool_downs: Vec<CoolDown>,
    issued: Option<Issued>,
    refused_at: Option<Moment>,
    refusals: Daily,
    renewals: Daily,
    forced: Daily,
    /// When the quota was cleared last, for what is bought with this credential.
    quota_cleared_at: Option<Moment>,
}

struct CoolDown {
    rule: &'static Rule,
    /// What it holds for, where something else in its place ends it.
    holds_for: Option<Mark>,
    /// Failures in a row before this one.
    failures: u32,
    began: Moment,
    pause: Duration,
    error: Error,
}

/// What was granted last, and when for the first time.
#[derive(Clone, Copy)]
struct Issued {
    mark: Mark,
    at: Moment,
}

/// What a refresh is to replace, for the guard.
#[derive(Clone, Copy)]
pub(super) enum Question<'a> {
    /// Nothing that lives.
    Missing,
    /// This value, which was refused.
    Refused(&'a Secret),
    /// One that may be good, because another is asked for by name.
    Renewal,
}

impl Question<'_> {
    /// What is counted of it: a forced refresh has been counted when it began.
    pub(super) fn after(self, forced: bool) -> Self {
        if forced { Question::Missing } else { self }
    }
}

/// A count that starts anew at midnight in Beijing.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Daily {
    day: u64,
    count: u32,
}

/// Why WeChat is not asked now.
#[derive(Clone)]
pub(super) enum Blocked {
    /// An endpoint refused to grant.
    CoolDown(Error),
    /// The credential is too young.
    TooYoung(Duration),
    /// Another refusal was too recent.
    TooRecent(Duration),
    /// The day's budget is used up.
    Budget(Duration),
    /// Only a forced refresh would help, and the day's are used up.
    Forced(Duration),
}

impl Guard {
    /// The error of the cool-down that holds for who pays so, if there is one.
    pub(super) fn cool_down(&mut self, now: Moment, price: Price) -> Result<(), Blocked> {
        let holding = self.cool_downs.iter_mut().filter(|it| it.holds_for == price.held(it.rule.ends_by));
        let left = holding.map(|it| (remaining(&mut it.began, it.pause, now), &it.error));
        match left.max_by_key(|(left, _)| *left) {
            Some((left, error)) if !left.is_zero() => {
                Err(Blocked::CoolDown(error.clone().with_retry_after(Some(told(left)))))
            }
            _ => Ok(()),
        }
    }

    /// Asks whether WeChat may be asked.
    pub(super) fn begin(
        &mut self,
        now: Moment,
        question: Question<'_>,
        price: Price,
        settings: &RefreshSettings,
    ) -> Result<(), Blocked> {
        self.cool_down(now, price)?;
        let (refused, renews) = match question {
            Question::Missing => return Ok(()),
            Question::Refused(refused) => (Some(Mark::of(refused)), false),
            Question::Renewal => (None, true),
        };
        let issued = self.issued.as_mut().filter(|issued| renews || Some(issued.mark) == refused);
        let youth = issued.map(|issued| remaining(&mut issued.at, settings.gap, now));
        if let Some(wait) = youth.filter(|wait| !wait.is_zero()) {
            return Err(Blocked::TooYoung(wait));
        }
        if renews {
            return self.renewals.check(now, settings.renewals_per_day);
        }
        let recent = self.refused_at.as_mut().map(|at| remaining(at, settings.gap, now));
        if let Some(wait) = recent.filter(|wait| !wait.is_zero()) {
            return Err(Blocked::TooRecent(wait));
        }
        self.refusals.check(now, settings.refusals_per_day)
    }

    /// Asks whether a forced refresh may be made, and counts it.
    pub(super) fn begin_forced(&mut self, now: Moment, settings: &RefreshSettings) -> Result<(), Blocked> {
        let budget = self.forced.check(now, settings.forced_per_day);
        budget.map_err(|_| Blocked::Forced(now.until_beijing_midnight()))?;
        self.forced.count(now, 1);
        Ok(())
    }

    /// WeChat grants no more forced refreshes today.
    pub(super) fn forced_used_up(&mut self, now: Moment) -> Blocked {
        self.forced.count(now, u32::MAX);
        Blocked::Forced(now.until_beijing_midnight())
    }

    /// Something was granted, for this price where there was one.
    pub(super) fn granted(&mut self, now: Moment, value: &Secret, question: Question<'_>, price: Price) {
        self.cool_downs.retain(|it| it.holds_for != price.held(it.rule.ends_by));
        match question {
            Question::Missing => {}
            Question::Renewal => self.renewals.count(now, 1),
            Question::Refused(_) => {
                self.refused_at = Some(now);
                self.refusals.count(now, 1);
            }
        }
        let mark = Mark::of(value);
        // Asked again, stable_token answers with the same value: that does not make it any younger.
        if self.issued.is_none_or(|issued| issued.mark != mark) {
            self.issued = Some(Issued { mark, at: now });
        }
    }

    /// Begins a cool-down, and answers with the error that tells how long it is.
    pub(super) fn failed(
        &mut self,
        now: Moment,
        error: Error,
        credential: &Credential,
        price: Price,
        settings: &RefreshSettings,
    ) -> Error {
        let rule = Rule::of(&error, credential);
        let holds_for = price.held(rule.ends_by);
        let same = |it: &CoolDown| std::ptr::eq(it.rule, rule) && it.holds_for == holds_for;
        let last = self.cool_downs.iter().find(|it| same(it));
        let failures = last.map_or(0, |last| last.failures.saturating_add(1));
        let pause = rule.pause(now, failures, &settings.cool_downs);
        let error = error.with_retry_after(Some(told(pause)));
        // Of those that nothing of the payer's ends there is one: the last word of the endpoint.
        self.cool_downs.retain(|it| it.holds_for.is_some() && it.holds_for != holds_for);
        if self.cool_downs.len() == WRONG_SECRETS {
            self.cool_downs.remove(0);
        }
        self.cool_downs.push(CoolDown { rule, holds_for, failures, began: now, pause, error: error.clone() });
        error
    }

    /// Ends the cool-downs that a used-up quota has caused.
    pub(super) fn quota_cleared(&mut self, now: Moment) {
        self.quota_cleared_at = Some(now);
        self.cool_downs.retain(|it| it.rule.ends_by != EndsBy::ClearedQuota);
    }

    /// The quota was cleared then: ends the cool-downs that it has caused before. Says whether there were any.
    pub(super) fn end_quota_pauses(&mut self, cleared_at: Moment) -> bool {
        let before = self.cool_downs.len();
        self.cool_downs.retain(|it| it.rule.ends_by != EndsBy::ClearedQuota || it.began > cleared_at);
        self.cool_downs.len() < before
    }

    pub(super) fn is_paused_by_quota(&self) -> bool {
        self.cool_downs.iter().any(|it| it.rule.ends_by == EndsBy::ClearedQuota)
    }

    pub(super) fn quota_cleared_at(&self) -> Option<Moment> {
        self.quota_cleared_at
    }

    /// Whether nothing is known, or nothing but pauses that are over.
    pub(super) fn is_over(&mut self, now: Moment) -> bool {
        let mut pauses = self.cool_downs.iter_mut();
        pauses.all(|it| remaining(&mut it.began, it.pause, now).is_zero()) && self.knows_no_more_than_pauses()
    }

    pub(super) fn knows_nothing(&self) -> bool {
        self.cool_downs.is_empty() && self.knows_no_more_than_pauses()
    }

    fn knows_no_more_than_pauses(&self) -> bool {
        self.issued.is_none()
            && self.refused_at.is_none()
            && [self.refusals, self.renewals, self.forced].iter().all(|daily| daily.count == 0)
    }
}

/// How long to wait, as it is told: of a pause that only another verify ticket ends, the time in which one is pushed.
fn told(pause: Duration) -> Duration {
    const AGES: Duration = Duration::from_secs(365 * 24 * 3600);
    const NEXT_PUSH: Duration = Duration::from_secs(600);
    if pause < AGES { pause } else { NEXT_PUSH }
}

/// What is left of a pause. One that began in the future, by a clock since set back, begins now.
fn remaining(began: &mut Moment, pause: Duration, now: Moment) -> Duration {
    *began = (*began).min(now);
    pause.saturating_sub(now.since(*began))
}

impl Daily {
    fn check(&self, now: Moment, most: u32) -> Result<(), Blocked> {
        if self.day == now.beijing_day() && self.count >= most {
            return Err(Blocked::Budget(now.until_beijing_midnight()));
        }
        Ok(())
    }

    fn count(&mut self, now: Moment, more: u32) {
        let day = now.beijing_day();
        if self.day != day {
            *self = Self { day, count: 0 };
        }
        self.count = self.count.saturating_add(more);
    }
}
