//! Cool-downs after an endpoint refused to grant: the table, and what a row means at a moment.

use std::time::Duration;

use crate::Error;
use crate::clock::Moment;
use crate::credential::Credential;
use crate::errcode::ErrorKind;
use crate::settings::{Backoff, CoolDowns, jitter};

/// A row: these codes pause refreshing for this long, and this ends the pause early.
pub(super) struct Rule {
    codes: &'static [i64],
    length: fn(&CoolDowns) -> Length,
    pub(super) ends_by: EndsBy,
}

enum Length {
    Doubling(Backoff),
    DoublingWithJitter(Backoff),
    Fixed(Duration),
    UntilBeijingMidnight {
        probe: Duration,
    },
    UntilNextMinute,
    /// For as long as it is not ended early.
    Endless,
}

/// What ends a cool-down before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndsBy {
    Nothing,
    AnotherSecret,
    /// A component's.
    AnotherVerifyTicket,
    /// An authorizer's.
    AnotherRefreshToken,
    ClearedQuota,
}

const RULES: &[Rule] = &[
    Rule {
        codes: &[40001, 40002, 40013, 40125, 41002, 41004],
        length: |of| Length::Doubling(of.configuration),
        ends_by: EndsBy::AnotherSecret,
    },
    Rule {
        codes: &[40164, 61004, 89503],
        length: |of| Length::Doubling(of.address),
        ends_by: EndsBy::Nothing,
    },
    Rule { codes: &[40243, 50004, 50007], length: |of| Length::Fixed(of.frozen), ends_by: EndsBy::Nothing },
    Rule { codes: &[89501], length: |of| Length::Fixed(of.confirmation_pending), ends_by: EndsBy::Nothing },
    Rule { codes: &[89507], length: |of| Length::Fixed(of.confirmation_refused), ends_by: EndsBy::Nothing },
    Rule { codes: &[89506], length: |of| Length::Fixed(of.confirmation_barred), ends_by: EndsBy::Nothing },
    Rule {
        codes: &[45009],
        length: |of| Length::UntilBeijingMidnight { probe: of.quota_probe },
        ends_by: EndsBy::ClearedQuota,
    },
    Rule { codes: &[45011], length: |_| Length::UntilNextMinute, ends_by: EndsBy::Nothing },
    Rule { codes: &[61005, 61006], length: |_| Length::Endless, ends_by: EndsBy::AnotherVerifyTicket },
    Rule {
        codes: &[61003, 61023],
        length: |of| Length::Fixed(of.reauthorization),
        ends_by: EndsBy::AnotherRefreshToken,
    },
];

/// WeChat's word for a refresh token that is good no more.
pub(super) const REFRESH_TOKEN_REFUSED: i64 = 61023;

/// Everything the table does not name: -1, 5xx, no connection, time-out, no JSON, an unknown code.
static TRANSIENT: Rule =
    Rule { codes: &[], length: |of| Length::DoublingWithJitter(of.transient), ends_by: EndsBy::Nothing };

impl Rule {
    /// The row for what an endpoint has answered, or for what it was not asked for.
    pub(super) fn of(error: &Error, credential: &Credential) -> &'static Self {
        // A refused access token is not the last word of the endpoint that it was to pay: it will be another one soon.
        let code = error.errcode().filter(|_| error.kind() != ErrorKind::TokenRejected);
        // That an account is not listed has no code of WeChat's.
        let unlisted = error.kind() == ErrorKind::ReauthorizationRequired && code.is_none();
        let code = if unlisted { Some(REFRESH_TOKEN_REFUSED) } else { code };
        // What is not bought with the one or the other would wait for ever for another of it.
        let can_end = |rule: &Self| match rule.ends_by {
            EndsBy::AnotherVerifyTicket => *credential == Credential::ComponentToken,
            EndsBy::AnotherRefreshToken => *credential == Credential::AuthorizerToken,
            EndsBy::Nothing | EndsBy::AnotherSecret | EndsBy::ClearedQuota => true,
        };
        let fits = |rule: &&Self| code.is_some_and(|code| rule.codes.contains(&code)) && can_end(rule);
        RULES.iter().find(fits).unwrap_or(&TRANSIENT)
    }

    /// How long to pause, after `failures` earlier ones in a row under this rule.
    pub(super) fn pause(&self, now: Moment, failures: u32, settings: &CoolDowns) -> Duration {
        match (self.length)(settings) {
            Length::Fixed(pause) => pause,
            Length::Doubling(backoff) => backoff.pause(failures),
            Length::DoublingWithJitter(backoff) => {
                let pause = backoff.pause(failures);
                pause.saturating_add(jitter(pause, settings.jitter_percent)).min(backoff.longest)
            }
            Length::UntilBeijingMidnight { probe } => now.until_beijing_midnight().min(probe),
            Length::UntilNextMinute => {
                now.until_next_minute() + jitter(Duration::from_secs(60), settings.jitter_percent)
            }
            Length::Endless => Duration::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errcode::Origin;

    fn rule_of(code: i64, credential: &Credential) -> &'static Rule {
        Rule::of(&Error::answered(code, String::new(), Origin::Grant), credential)
    }

    fn rule(code: i64) -> &'static Rule {
        let of_authorizers = [61003, 61023].contains(&code);
        rule_of(code, if of_authorizers { &Credential::AuthorizerToken } else { &Credential::ComponentToken })
    }

    fn pause(code: i64, failures: u32) -> Duration {
        let noon = Moment::from_unix(1_795_233_610); // 2026-11-21 12:00:10 in Beijing
        let settings = CoolDowns { jitter_percent: 0, ..CoolDowns::default() };
        rule(code).pause(noon, failures, &settings)
    }

    #[test]
    fn pauses_are_those_of_the_table() {
        let seconds = |code, failures| pause(code, failures).as_secs();
        assert_eq!([0, 1, 4, 5, 40].map(|failures| seconds(-1, failures)), [1, 2, 16, 30, 30]);
        assert_eq!([0, 1, 3, 4].map(|failures| seconds(40125, failures)), [60, 120, 480, 600]);
        assert_eq!([0, 4].map(|failures| seconds(40164, failures)), [60, 600]);
        assert_eq!([40243, 89501, 89507, 89506].map(|code| seconds(code, 9)), [600, 60, 3600, 86400]);
        assert_eq!(seconds(45009, 0), 3600);
        assert_eq!(seconds(45011, 0), 50);
        assert_eq!([61003, 61023].map(|code| seconds(code, 9)), [600, 600]);
        assert_eq!([61005, 61006].map(|code| pause(code, 0)), [Duration::MAX; 2]);
    }

    #[test]
    fn who_is_not_listed_pauses_as_who_is_refused() {
        let unlisted = Error::new(ErrorKind::ReauthorizationRequired, "");
        assert!(std::ptr::eq(Rule::of(&unlisted, &Credential::AuthorizerToken), rule(61023)));
    }

    #[test]
    fn what_is_bought_without_a_proof_does_not_wait_for_another() {
        let ticket = Credential::Ticket(crate::TicketType::JSAPI);
        for (codes, others) in [
            ([61005, 61006], [&ticket, &Credential::AuthorizerToken]),
            ([61003, 61023], [&ticket, &Credential::ComponentToken]),
        ] {
            for (code, other) in codes.into_iter().flat_map(|code| others.map(|other| (code, other))) {
                assert!(std::ptr::eq(rule_of(code, other), &raw const TRANSIENT), "{code} {other:?}");
            }
        }
    }

    #[test]
    fn the_last_probe_before_midnight_waits_for_midnight() {
        let late = Moment::from_unix(1_795_276_800 - 60);
        assert_eq!(rule(45009).pause(late, 0, &CoolDowns::default()), Duration::from_secs(60));
    }

    #[test]
    fn pauses_that_end_for_many_at_once_are_scattered() {
        let noon = Moment::from_unix(1_795_233_600);
        for (code, shortest) in [(-1, 1000), (45011, 60_000)] {
            let pauses: Vec<_> =
                (0..100).map(|_| rule(code).pause(noon, 0, &CoolDowns::default()).as_millis()).collect();
            assert!(pauses.iter().all(|pause| (shortest..=shortest * 12 / 10).contains(pause)));
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{code}");
        }
    }
}
