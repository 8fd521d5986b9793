//! The platform's error codes and their texts on the wire.

mod table;

use std::borrow::Cow;

pub use table::ERRCODES;

use crate::dialect::Dialect;

/// One row of the platform's error table.
///
/// Business errors come with HTTP status 200; only `errcode` tells success from failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Errcode {
    /// The number in `errcode`.
    pub code: i32,
    /// The text in `errmsg`, before the tracing id; `{}` stands for what the error is about.
    pub errmsg: &'static str,
    /// The text below `/sns/`, where it differs.
    pub sns_errmsg: Option<&'static str>,
    /// What stands for `{}` when the caller's request does not say.
    pub subject: &'static str,
    /// What the platform means by it.
    pub meaning: &'static str,
}

impl Errcode {
    const fn new(code: i32, errmsg: &'static str, meaning: &'static str) -> Self {
        Self { code, errmsg, sns_errmsg: None, subject: "", meaning }
    }

    const fn on_sns(mut self, errmsg: &'static str) -> Self {
        self.sns_errmsg = Some(errmsg);
        self
    }

    const fn about(mut self, subject: &'static str) -> Self {
        self.subject = subject;
        self
    }

    /// The row of a code, if the table has one.
    ///
    /// ```
    /// use wechat_simulator::Errcode;
    ///
    /// assert_eq!(Errcode::find(40013).unwrap().errmsg, "invalid appid");
    /// assert!(Errcode::find(1).is_none());
    /// ```
    #[must_use]
    pub fn find(code: i32) -> Option<&'static Errcode> {
        ERRCODES.binary_search_by_key(&code, |row| row.code).ok().map(|index| &ERRCODES[index])
    }
}

/// An error that the platform answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i32,
    subject: Option<String>,
    errmsg: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: i32) -> Self {
        Self { code, subject: None, errmsg: None }
    }

    /// Says what the error is about: the `{}` of its text.
    pub(crate) fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Replaces the whole text, tracing id included.
    pub(crate) fn with_errmsg(mut self, errmsg: Option<String>) -> Self {
        self.errmsg = errmsg;
        self
    }

    /// The text as it stands on the wire at the given virtual second.
    pub(crate) fn errmsg(&self, dialect: &Dialect, unix: u64) -> Cow<'_, str> {
        if let Some(errmsg) = &self.errmsg {
            return Cow::Borrowed(errmsg);
        }
        if self.code == 0 {
            return Cow::Borrowed("ok");
        }
        let row = Errcode::find(self.code);
        let text = row.map_or("unknown error", |row| match row.sns_errmsg {
            Some(text) if dialect.sns => text,
            _ => row.errmsg,
        });
        let subject = self.subject.as_deref().or(row.map(|row| row.subject)).unwrap_or_default();
        Cow::Owned(text.replace("{}", subject) + dialect.rid + &rid(unix))
    }
}

/// A tracing id: three groups of eight hexadecimal digits, the first of which is the Unix time.
fn rid(unix: u64) -> String {
    format!("{unix:08x}-{:08x}-{:08x}", fastrand::u32(..), fastrand::u32(..))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect;

    #[test]
    fn the_table_is_sorted_and_names_each_code_once() {
        assert!(ERRCODES.windows(2).all(|pair| pair[0].code < pair[1].code));
    }

    #[test]
    fn every_code_of_third_party_platforms_is_in_the_table() {
        let missing: Vec<i32> = (61_000..=61_030).filter(|code| Errcode::find(*code).is_none()).collect();
        assert_eq!(missing, [0; 0]);
    }

    #[test]
    fn a_text_with_a_gap_has_something_to_fill_it() {
        for row in ERRCODES {
            assert_eq!(row.errmsg.contains("{}"), !row.subject.is_empty(), "{}", row.code);
        }
    }

    #[test]
    fn the_tracing_id_follows_a_comma_on_sns_only() {
        let refusal = Refusal::new(40013);
        let sns = refusal.errmsg(dialect::of("/sns/jscode2session"), 0x6aac_007d).into_owned();
        assert!(sns.starts_with("invalid appid, rid: 6aac007d-"), "{sns}");
        let cgi = refusal.errmsg(dialect::of("/cgi-bin/token"), 0x6aac_0063).into_owned();
        assert!(cgi.starts_with("invalid appid rid: 6aac0063-"), "{cgi}");
    }
}
