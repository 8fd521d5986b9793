//! The questions asked before WeChat is: cool-downs, gaps and daily budgets, for the whole process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use super::cool_down::{EndsBy, Rule};
use super::price::{Mark, Price};
use crate::clock::Moment;
use crate::credential::{Grant, Key};
use crate::flight::lock;
use crate::settings::RefreshSettings;
use crate::storage::adapter::Asked;
use crate::{Error, Secret};

/// What one refresh at a time is made for, in the whole process: a credential, through adapters that ask the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    pub(crate) asked: Asked,
    pub(crate) key: Key,
}

static STATES: LazyLock<Mutex<HashMap<Lane, State>>> = LazyLock::new(Mutex::default);

/// How many secrets that were refused are told apart; more of them than this are a puzzle, not a mistake.
const WRONG_SECRETS: usize = 8;

/// How many lanes are kept before those are looked for that need not be: whoever asks for tickets of made-up types
/// would else fill the memory.
const MANY_LANES: usize = 1000;

/// How many there have to be for the next such look: twice as many as the last one has left.
static ENOUGH: AtomicUsize = AtomicUsize::new(MANY_LANES);

#[derive(Default)]
struct State {
    /// Grows with each leader. One that is overtaken, because it was parked past its lease, stores nothing.
    fence: u64,
    cool_downs: Vec<CoolDown>,
    issued: Option<(Mark, Moment)>,
    newest: Option<Newest>,
    refused_at: Option<Moment>,
    refusals: Daily,
    renewals: Daily,
    forced: Daily,
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

/// The newest grant, what bought it, and whether the store has been seen to hold it.
struct Newest {
    grant: Grant,
    price: Price,
    seen: bool,
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
#[derive(Default)]
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

impl Lane {
    /// Asks or tells what is known of this lane. What comes to nothing is not kept.
    fn state<R>(&self, ask: impl FnOnce(&mut State) -> R) -> R {
        let mut states = lock(&STATES);
        let Some(state) = states.get_mut(self) else {
            let mut state = State::default();
            let answer = ask(&mut state);
            if !state.says_nothing() {
                states.insert(self.clone(), state);
            }
            return answer;
        };
        ask(state)
    }

    /// Begins to lead; answers with the fence that later tells whether another has begun since.
    pub(super) fn enter(&self) -> u64 {
        // Of the process, not of the lane: a lane that is forgotten and met again must not give one out twice.
        static FENCES: AtomicU64 = AtomicU64::new(1);
        let fence = FENCES.fetch_add(1, Ordering::Relaxed);
        self.state(|state| state.fence = state.fence.max(fence));
        fence
    }

    /// Ends leading: a lane of which nothing is known is forgotten.
    pub(super) fn leave(&self, fence: u64) {
        let mut states = lock(&STATES);
        let Some(state) = states.get_mut(self).filter(|state| state.fence == fence) else { return };
        state.fence = 0;
        if state.knows_nothing() {
            states.remove(self);
        }
    }

    pub(super) fn holds(&self, fence: u64) -> bool {
        self.state(|state| state.fence == fence)
    }

    /// The store was seen to hold this value.
    pub(super) fn seen(&self, value: &Secret) {
        self.state(|state| {
            if let Some(newest) = state.newest.as_mut().filter(|newest| newest.grant.value == *value) {
                newest.seen = true;
            }
        });
    }

    /// The newest grant, where the store has not been seen to hold it; or, for who finds none there, where the store has
    /// lost it within the gap.
    pub(super) fn unseen(
        &self,
        finds_none: bool,
        now: Moment,
        settings: &RefreshSettings,
    ) -> Option<(Grant, Price)> {
        self.state(|state| {
            let young = state.issued.is_some_and(|(_, at)| now.since(at) < settings.gap);
            drop(state.newest.take_if(|newest| newest.seen && !young));
            let newest = state.newest.as_ref().filter(|newest| !newest.seen || finds_none);
            newest.map(|newest| (newest.grant.clone(), newest.price))
        })
    }

    /// The error of the cool-down that holds for who pays so, if there is one.
    pub(super) fn cool_down(&self, now: Moment, price: Price) -> Result<(), Blocked> {
        self.state(|state| {
            let holding =
                state.cool_downs.iter_mut().filter(|it| it.holds_for == price.held(it.rule.ends_by));
            let left = holding.map(|it| (remaining(&mut it.began, it.pause, now), &it.error));
            match left.max_by_key(|(left, _)| *left) {
                Some((left, error)) if !left.is_zero() => {
                    Err(Blocked::CoolDown(error.clone().with_retry_after(Some(told(left)))))
                }
                _ => Ok(()),
            }
        })
    }

    /// Asks whether WeChat may be asked.
    pub(super) fn begin(
        &self,
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
        self.state(|state| {
            let issued = state.issued.as_mut().filter(|(value, _)| renews || Some(*value) == refused);
            let youth = issued.map(|(_, at)| remaining(at, settings.gap, now));
            if let Some(wait) = youth.filter(|wait| !wait.is_zero()) {
                return Err(Blocked::TooYoung(wait));
            }
            if renews {
                return state.renewals.check(now, settings.renewals_per_day);
            }
            let recent = state.refused_at.as_mut().map(|at| remaining(at, settings.gap, now));
            if let Some(wait) = recent.filter(|wait| !wait.is_zero()) {
                return Err(Blocked::TooRecent(wait));
            }
            state.refusals.check(now, settings.refusals_per_day)
        })
    }

    /// Asks whether a forced refresh may be made, and counts it.
    pub(super) fn begin_forced(&self, now: Moment, settings: &RefreshSettings) -> Result<(), Blocked> {
        self.state(|state| {
            let budget = state.forced.check(now, settings.forced_per_day);
            budget.map_err(|_| Blocked::Forced(now.until_beijing_midnight()))?;
            state.forced.count(now, 1);
            Ok(())
        })
    }

    /// WeChat grants no more forced refreshes today.
    pub(super) fn forced_used_up(&self, now: Moment) -> Blocked {
        self.state(|state| state.forced.count(now, u32::MAX));
        Blocked::Forced(now.until_beijing_midnight())
    }

    /// Something was granted, for this price where there was one.
    pub(super) fn granted(&self, grant: &Grant, question: Question<'_>, price: Price, now: Moment) {
        self.state(|state| {
            state.cool_downs.retain(|it| it.holds_for != price.held(it.rule.ends_by));
            match question {
                Question::Missing => {}
                Question::Renewal => state.renewals.count(now, 1),
                Question::Refused(_) => {
                    state.refused_at = Some(now);
                    state.refusals.count(now, 1);
                }
            }
            let mark = Mark::of(&grant.value);
            // Asked again, stable_token answers with the same value: that does not make it any younger.
            if state.issued.is_none_or(|(issued, _)| issued != mark) {
                state.issued = Some((mark, now));
            }
            let bought = price != Price::default();
            state.newest = bought.then(|| Newest { grant: grant.clone(), price, seen: false });
        });
    }

    /// Begins a cool-down, and answers with the error that tells how long it is.
    pub(super) fn failed(
        &self,
        error: Error,
        price: Price,
        now: Moment,
        settings: &RefreshSettings,
    ) -> Error {
        let rule = Rule::of(&error, &self.key.credential);
        forget_what_is_over(now);
        let holds_for = price.held(rule.ends_by);
        self.state(|state| {
            let same = |it: &CoolDown| std::ptr::eq(it.rule, rule) && it.holds_for == holds_for;
            let failures =
                state.cool_downs.iter().find(|it| same(it)).map_or(0, |last| last.failures.saturating_add(1));
            let pause = rule.pause(now, failures, &settings.cool_downs);
            let error = error.with_retry_after(Some(told(pause)));
            // Of those that nothing of the payer's ends there is one: the last word of the endpoint.
            state.cool_downs.retain(|it| it.holds_for.is_some() && it.holds_for != holds_for);
            if state.cool_downs.len() == WRONG_SECRETS {
                state.cool_downs.remove(0);
            }
            state.cool_downs.push(CoolDown {
                rule,
                holds_for,
                failures,
                began: now,
                pause,
                error: error.clone(),
            });
            error
        })
    }
}

/// How long to wait, as it is told: of a pause that only another verify ticket ends, the time in which one is pushed.
fn told(pause: Duration) -> Duration {
    const AGES: Duration = Duration::from_secs(365 * 24 * 3600);
    const NEXT_PUSH: Duration = Duration::from_secs(600);
    if pause < AGES { pause } else { NEXT_PUSH }
}

/// Where there are many lanes, forgets those of which nothing is known but pauses that are over.
fn forget_what_is_over(now: Moment) {
    let mut states = lock(&STATES);
    if states.len() <= ENOUGH.load(Ordering::Relaxed) {
        return;
    }
    states.retain(|_, state| {
        let mut pauses = state.cool_downs.iter_mut();
        let over = pauses.all(|it| remaining(&mut it.began, it.pause, now).is_zero());
        !(over && state.says_no_more_than_pauses())
    });
    // Where most of them stay, each failure would else have to look at all of them.
    ENOUGH.store(MANY_LANES.max(states.len().saturating_mul(2)), Ordering::Relaxed);
}

impl State {
    fn says_nothing(&self) -> bool {
        self.fence == 0 && self.knows_nothing()
    }

    fn says_no_more_than_pauses(&self) -> bool {
        // Of a lane that is led, the fence has to be kept.
        self.fence == 0 && self.knows_no_more_than_pauses()
    }

    fn knows_nothing(&self) -> bool {
        self.cool_downs.is_empty() && self.knows_no_more_than_pauses()
    }

    fn knows_no_more_than_pauses(&self) -> bool {
        self.issued.is_none()
            && self.newest.is_none()
            && self.refused_at.is_none()
            && self.refusals.count == 0
            && self.renewals.count == 0
            && self.forced.count == 0
    }
}

/// Ends the cool-downs that a used-up quota has caused, for all credentials of an account.
pub(crate) fn quota_cleared(base_url: &str, appid: &str) {
    for (lane, state) in lock(&STATES).iter_mut() {
        let account = &lane.key.account;
        let theirs = *account.appid == *appid || account.authorizer.as_deref() == Some(appid);
        if *lane.key.base_url == *base_url && theirs {
            state.cool_downs.retain(|it| it.rule.ends_by != EndsBy::ClearedQuota);
        }
    }
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

#[cfg(test)]
mod tests {
    use std::any::TypeId;

    use super::*;
    use crate::credential::{Account, Credential};
    use crate::errcode::Origin;

    #[test]
    fn what_is_over_is_forgotten_where_there_is_much_of_it() {
        let settings = RefreshSettings::default();
        let ours = || Asked { adapter: TypeId::of::<Daily>(), name: None };
        let lane = |name: usize| Lane {
            asked: ours(),
            key: Key {
                base_url: "http://platform.example".into(),
                account: Account::of("wx1".into()),
                credential: Credential::Ticket(name.to_string().into()),
            },
        };
        let fail = |name: usize, now: Moment| {
            let (lane, error) = (lane(name), Error::answered(40097, String::new(), Origin::Business));
            let fence = lane.enter();
            lane.failed(error, Price::default(), now, &settings);
            lane.leave(fence);
        };
        let begin = Moment::from_unix(1_795_233_600);
        (0..=MANY_LANES).for_each(|name| fail(name, begin));
        assert!(lane(0).cool_down(begin, Price::default()).is_err(), "a pause that is not over is kept");

        // Of those that stay, not all are looked at for each one more.
        let later = begin.after(Duration::from_secs(3600));
        let mut looks = Vec::from([ENOUGH.load(Ordering::Relaxed)]);
        for more in 1..=8 * MANY_LANES {
            fail(MANY_LANES + more, later);
            looks.push(ENOUGH.load(Ordering::Relaxed));
            looks.dedup();
        }
        assert!((2..=5).contains(&looks.len()), "{looks:?}");
        let left = lock(&STATES).keys().filter(|left| left.asked == ours()).count();
        assert_eq!(left, 8 * MANY_LANES, "what is over is forgotten by then");
    }
}
