//! What a guard knows as text: so the processes that share a coordinator tell each other.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::{CoolDown, Daily, Guard, Issued};
use crate::Error;
use crate::clock::Moment;
use crate::credential::Credential;
use crate::credentials::cool_down::Rule;
use crate::credentials::price::Mark;
use crate::errcode::{ErrorKind, Origin};
use crate::storage::Notes;

/// How long the text is at most that is taken for notes: far longer than any.
const LONGEST_NOTES: usize = 64 * 1024;

/// How much of WeChat's words is told to other processes.
const LONGEST_WORDS: usize = 500;

// Fields that are not there are those of a version before, and unknown ones of a version after: all are told by name.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Noted {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cool_downs: Vec<NotedCoolDown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<NotedIssue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_at: Option<Moment>,
    #[serde(skip_serializing_if = "Daily::is_none")]
    refusals: Daily,
    #[serde(skip_serializing_if = "Daily::is_none")]
    renewals: Daily,
    #[serde(skip_serializing_if = "Daily::is_none")]
    forced: Daily,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota_cleared_at: Option<Moment>,
}

#[derive(Serialize, Deserialize)]
struct NotedIssue {
    mark: Mark,
    at: Moment,
}

#[derive(Serialize, Deserialize)]
struct NotedCoolDown {
    holds_for: Option<Mark>,
    failures: u32,
    began: Moment,
    pause_millis: u64,
    error: NotedError,
}

/// An error without what caused it, which only the process knows that met it.
#[derive(Serialize, Deserialize)]
struct NotedError {
    /// None where it is of a kind that this version does not know.
    #[serde(default, deserialize_with = "known")]
    kind: Option<ErrorKind>,
    #[serde(default)]
    message: String,
    errcode: Option<i64>,
    #[serde(default)]
    errmsg: String,
    http_status: Option<u16>,
    verify_ticket_age_seconds: Option<u64>,
    endpoint: Option<String>,
    appid: Option<String>,
}

impl Guard {
    /// Reads what was noted of a credential. What cannot be read is forgotten: it could else never be told anew.
    pub(in crate::credentials) fn read(notes: Option<&Notes>, credential: &Credential) -> Self {
        let Some(notes) = notes.filter(|notes| !notes.as_str().is_empty()) else { return Self::default() };
        let text = Some(notes.as_str()).filter(|text| text.len() <= LONGEST_NOTES);
        let told = text.and_then(|text| serde_json::from_str::<Noted>(text).ok()).unwrap_or_else(|| {
            tracing::warn!("what is noted of pauses and budgets is of another version, and is forgotten");
            Noted::default()
        });
        let cool_downs = told.cool_downs.into_iter().map(|cool_down| cool_down.read(credential)).collect();
        Self {
            cool_downs,
            issued: told.issued.map(|NotedIssue { mark, at }| Issued { mark, at }),
            refused_at: told.refused_at,
            refusals: told.refusals,
            renewals: told.renewals,
            forced: told.forced,
            quota_cleared_at: told.quota_cleared_at,
        }
    }

    pub(in crate::credentials) fn notes(&self) -> Notes {
        let noted = Noted {
            cool_downs: self.cool_downs.iter().map(NotedCoolDown::of).collect(),
            issued: self.issued.map(|Issued { mark, at }| NotedIssue { mark, at }),
            refused_at: self.refused_at,
            refusals: self.refusals,
            renewals: self.renewals,
            forced: self.forced,
            quota_cleared_at: self.quota_cleared_at,
        };
        // It is all names, numbers and text.
        Notes::from(serde_json::to_string(&noted).unwrap_or_default())
    }
}

impl NotedCoolDown {
    fn of(cool_down: &CoolDown) -> Self {
        Self {
            holds_for: cool_down.holds_for,
            failures: cool_down.failures,
            began: cool_down.began,
            pause_millis: u64::try_from(cool_down.pause.as_millis()).unwrap_or(u64::MAX),
            error: NotedError::of(&cool_down.error),
        }
    }

    fn read(self, credential: &Credential) -> CoolDown {
        let error = self.error.read();
        CoolDown {
            rule: Rule::of(&error, credential),
            holds_for: self.holds_for,
            failures: self.failures,
            began: self.began,
            pause: Duration::from_millis(self.pause_millis),
            error,
        }
    }
}

impl NotedError {
    fn of(error: &Error) -> Self {
        let errmsg = error.errmsg().unwrap_or_default();
        Self {
            kind: Some(error.kind()),
            message: error.message().to_owned(),
            errcode: error.errcode(),
            errmsg: errmsg.chars().take(LONGEST_WORDS).collect(),
            http_status: error.http_status(),
            verify_ticket_age_seconds: error.verify_ticket_age().map(|age| age.as_secs()),
            endpoint: error.endpoint().map(str::to_owned),
            appid: error.appid().map(str::to_owned),
        }
    }

    fn read(self) -> Error {
        let error = match self.errcode {
            Some(code) => Error::answered(code, self.errmsg, Origin::Grant).because(self.message),
            None => Error::new(ErrorKind::Busy, self.message),
        };
        let kind = self.kind.unwrap_or_else(|| error.kind());
        let error = error.of_kind(kind).with_http_status(self.http_status);
        let error = error.at(self.endpoint.as_deref(), self.appid.map(Arc::from).as_ref());
        match self.verify_ticket_age_seconds {
            Some(age) => error.with_verify_ticket_age(Duration::from_secs(age)),
            None => error,
        }
    }
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ErrorKind>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(deserializer)?).ok())
}

impl Daily {
    fn is_none(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Blocked, Question};
    use super::*;
    use crate::credentials::price::Price;
    use crate::settings::RefreshSettings;
    use crate::{Secret, TokenKind};

    const STABLE: Credential = Credential::AccessToken(TokenKind::Stable);

    fn noon() -> Moment {
        Moment::from_unix(1_795_233_600)
    }

    fn price() -> Price {
        Price { secret: Some(Mark::of(&Secret::from("secret"))), proof: None }
    }

    fn again(guard: &Guard) -> Guard {
        Guard::read(Some(&guard.notes()), &STABLE)
    }

    #[test]
    fn a_pause_is_the_same_for_who_reads_of_it() {
        let settings = RefreshSettings::default();
        for error in [
            Error::answered(40125, "invalid appsecret".to_owned(), Origin::Grant),
            Error::answered(45009, "reach max api daily quota limit".to_owned(), Origin::Grant),
            Error::new(ErrorKind::Timeout, "no answer in time").with_http_status(Some(502)),
        ] {
            let error = error.at(Some("/cgi-bin/stable_token"), Some(&"wx1".into()));
            let mut guard = Guard::default();
            guard.failed(noon(), error.clone(), &STABLE, price(), &settings);
            guard.failed(noon(), error, &STABLE, price(), &settings);
            let told = |guard: &mut Guard| match guard.cool_down(noon(), price()) {
                Err(Blocked::CoolDown(error)) => (error.to_string(), error.kind(), error.http_status()),
                _ => panic!("there is a pause"),
            };
            let mut read = again(&guard);
            assert_eq!(told(&mut read), told(&mut guard));
            let rules = [&read, &guard].map(|guard| std::ptr::from_ref(guard.cool_downs[0].rule));
            assert_eq!(rules[0], rules[1]);
            assert_eq!(read.cool_downs[0].failures, 1);
        }
    }

    #[test]
    fn counts_and_ages_are_the_same_for_who_reads_of_them() {
        let settings = RefreshSettings::default();
        let mut guard = Guard::default();
        let token = Secret::from("token");
        guard.granted(noon(), &token, Question::Refused(&token), price());
        guard.granted(noon(), &token, Question::Renewal, price());
        guard.begin_forced(noon(), &settings).map_err(drop).unwrap();
        let mut read = again(&guard);
        assert_eq!(read.notes(), guard.notes());
        assert!(matches!(
            read.begin(noon(), Question::Refused(&token), price(), &settings),
            Err(Blocked::TooYoung(_))
        ));
        assert_eq!([read.refusals, read.renewals, read.forced].map(|daily| daily.count), [1; 3]);
        assert!(!read.notes().as_str().contains("token"), "{:?}", read.notes());
    }

    #[test]
    fn what_another_version_has_noted_is_read_as_far_as_it_is_known_or_forgotten() {
        let read = |text: &str| Guard::read(Some(&Notes::from(text)), &STABLE);
        assert_eq!(read(r#"{"refusals":{"day":1,"count":7},"new":[1]}"#).refusals.count, 7);
        let paused = r#"{"cool_downs":[{"failures":0,"began":1795233600000,"pause_millis":9,"error":{"kind":"new"}}]}"#;
        assert!(matches!(read(paused).cool_down(noon(), Price::default()), Err(Blocked::CoolDown(_))));
        for text in ["", "{", "[]", r#"{"refusals":7}"#] {
            assert!(read(text).knows_nothing());
        }
        assert!(Guard::read(None, &STABLE).knows_nothing());
    }

    #[test]
    fn an_endless_pause_stays_one() {
        let mut guard = Guard::default();
        let refused = Error::answered(61006, String::new(), Origin::Grant);
        guard.failed(noon(), refused, &Credential::ComponentToken, price(), &RefreshSettings::default());
        let mut read = Guard::read(Some(&guard.notes()), &Credential::ComponentToken);
        let much_later = noon().after(Duration::from_secs(10 * 365 * 24 * 3600));
        assert!(read.cool_down(much_later, price()).is_err());
        let another = Price { proof: Some(Mark::of(&Secret::from("another ticket"))), ..price() };
        assert!(read.cool_down(noon(), another).is_ok());
    }
}
