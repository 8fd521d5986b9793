//! What one refresh at a time is made for in this process, and what the process knows of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use super::guard::Guard;
use super::price::Price;
use crate::Secret;
use crate::clock::Moment;
use crate::credential::{Grant, Key};
use crate::flight::lock;
use crate::settings::RefreshSettings;
use crate::storage::adapter::Asked;

/// What one refresh at a time is made for, in the whole process: a credential, through adapters that ask the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    pub(crate) asked: Asked,
    pub(crate) key: Key,
}

static STATES: LazyLock<Mutex<HashMap<Lane, State>>> = LazyLock::new(Mutex::default);

/// How many lanes are kept before those are looked for that need not be: whoever asks for tickets of made-up types
/// would else fill the memory.
const MANY_LANES: usize = 1000;

/// How many there have to be for the next such look: twice as many as the last one has left.
static ENOUGH: AtomicUsize = AtomicUsize::new(MANY_LANES);

#[derive(Default)]
struct State {
    /// Grows with each leader in this process. One that is overtaken, because it was parked past its time, keeps nothing.
    fence: u64,
    newest: Option<Newest>,
    /// What this process knows by itself: all there is to know, or what a coordinator was not or could not be told.
    guard: Guard,
}

/// The newest grant, what bought it and when, and whether the store has been seen to hold it.
struct Newest {
    grant: Grant,
    price: Price,
    at: Moment,
    seen: bool,
    /// What was stored when it was bought, where others may have stored something else since.
    over: Option<Over>,
}

/// What was stored when something was bought: a value, or none.
pub(super) type Over = Option<Secret>;

impl Lane {
    /// Asks or tells what is known of this lane. What comes to nothing is not kept.
    fn state<R>(&self, ask: impl FnOnce(&mut State) -> R) -> R {
        let mut states = lock(&STATES);
        let Some(state) = states.get_mut(self) else {
            let mut state = State::default();
            let answer = ask(&mut state);
            if state.fence != 0 || !state.knows_nothing() {
                states.insert(self.clone(), state);
            }
            return answer;
        };
        ask(state)
    }

    /// Asks the guard that this process has, or tells it something.
    pub(super) fn guard<R>(&self, ask: impl FnOnce(&mut Guard) -> R) -> R {
        self.state(|state| ask(&mut state.guard))
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

    /// Something was granted, for this price where there was one.
    pub(super) fn bought(&self, grant: &Grant, price: Price, at: Moment, over: Option<Over>) {
        let bought = price != Price::default();
        self.state(|state| {
            state.newest = bought.then(|| Newest { grant: grant.clone(), price, at, seen: false, over });
        });
    }

    /// What was bought last is not the newest: another process has stored something since.
    pub(super) fn superseded(&self) {
        self.state(|state| state.newest = None);
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
    /// lost it within the gap. Where something else is stored than when it was bought, it is not the newest.
    pub(super) fn unseen(
        &self,
        stored: Option<&Secret>,
        finds_none: bool,
        now: Moment,
        settings: &RefreshSettings,
    ) -> Option<(Grant, Price)> {
        self.state(|state| {
            drop(state.newest.take_if(|newest| {
                let is_over = newest.seen && now.since(newest.at) >= settings.gap;
                let another = stored.is_some_and(|stored| *stored != newest.grant.value);
                let over = newest.over.as_ref().filter(|_| another);
                is_over || over.is_some_and(|over| over.as_ref() != stored)
            }));
            let newest = state.newest.as_ref().filter(|newest| !newest.seen || finds_none);
            newest.map(|newest| (newest.grant.clone(), newest.price))
        })
    }
}

impl State {
    fn knows_nothing(&self) -> bool {
        self.newest.is_none() && self.guard.knows_nothing()
    }
}

/// Where there are many lanes, forgets those of which nothing is known but pauses that are over.
pub(super) fn forget_what_is_over(now: Moment) {
    let mut states = lock(&STATES);
    if states.len() <= ENOUGH.load(Ordering::Relaxed) {
        return;
    }
    // Of a lane that is led, the fence has to be kept.
    states.retain(|_, state| state.fence != 0 || state.newest.is_some() || !state.guard.is_over(now));
    // Where most of them stay, each failure would else have to look at all of them.
    ENOUGH.store(MANY_LANES.max(states.len().saturating_mul(2)), Ordering::Relaxed);
}

/// Ends the cool-downs that a used-up quota has caused in this process, for all credentials of an account.
pub(super) fn quota_cleared(base_url: &str, appid: &str, now: Moment) {
    for (lane, state) in lock(&STATES).iter_mut() {
        let account = &lane.key.account;
        let theirs = *account.appid == *appid || account.authorizer.as_deref() == Some(appid);
        if *lane.key.base_url == *base_url && theirs {
            state.guard.quota_cleared(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::any::TypeId;
    use std::time::Duration;

    use super::*;
    use crate::Error;
    use crate::credential::{Account, Credential};
    use crate::errcode::Origin;

    #[test]
    fn what_is_over_is_forgotten_where_there_is_much_of_it() {
        let settings = RefreshSettings::default();
        let ours = || Asked { adapter: TypeId::of::<State>(), name: None };
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
            forget_what_is_over(now);
            let of = &lane.key.credential;
            lane.guard(|guard| guard.failed(now, error, of, Price::default(), &settings));
            lane.leave(fence);
        };
        let begin = Moment::from_unix(1_795_233_600);
        (0..=MANY_LANES).for_each(|name| fail(name, begin));
        let held = lane(0).guard(|guard| guard.cool_down(begin, Price::default()));
        assert!(held.is_err(), "a pause that is not over is kept");

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
