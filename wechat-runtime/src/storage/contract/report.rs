//! What came of the checks.

use std::fmt;

/// What came of the checks, in the order they were made. Its `Display` has a line for each, and one for all those that do
/// not apply.
#[derive(Clone, Debug)]
#[must_use = "a report fails no test by itself: see `assert`"]
pub struct Report(pub(super) Vec<Checked>);

/// One check and what came of it.
#[derive(Clone, Debug)]
pub struct Checked {
    pub(super) name: &'static str,
    pub(super) rule: &'static str,
    pub(super) verdict: Verdict,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The adapter does what is asked of it.
    Held,
    /// It does not: what was expected, and what was found instead. No token, ticket or secret is in it.
    Failed(String),
    /// Not run, because it needs something that was not given: what to call.
    NotGiven(&'static str),
    /// Not run, because it builds on another check, which did not hold: that one's name.
    NotReached(&'static str),
    /// Not run, because it is about something that this storage does not have: what that is.
    NotApplicable(&'static str),
}

impl Report {
    /// Every check.
    #[must_use]
    pub fn checks(&self) -> &[Checked] {
        &self.0
    }

    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Checked> {
        self.0.iter().filter(|checked| matches!(checked.verdict, Verdict::Failed(_)))
    }

    /// Fails the test unless every check that was run holds.
    ///
    /// # Panics
    ///
    /// With the whole report, if a check has failed.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.failed().next().is_none(), "{self}");
    }
}

impl Checked {
    /// The check's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What must hold.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// What came of it.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let applies = |it: &&Checked| !matches!(it.verdict, Verdict::NotApplicable(_));
        let (failed, all) = (self.failed().count(), self.0.iter().filter(applies).count());
        write!(f, "the storage contract: {failed} of {all} checks failed")?;
        self.0.iter().filter(applies).try_for_each(|checked| write!(f, "\n{checked}"))?;
        // They all lack the same.
        match self.0.iter().find(|it| !applies(it)).map(Checked::verdict) {
            Some(Verdict::NotApplicable(what)) => {
                write!(f, "\nno need  {} checks more: the storage has no {what}", self.0.len() - all)
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, rule, verdict } = self;
        match verdict {
            Verdict::Held => write!(f, "ok       {name}: {rule}"),
            Verdict::Failed(how) => write!(f, "FAILED   {name}: {rule}: {how}"),
            Verdict::NotGiven(call) => write!(f, "not run  {name}: {rule}: give `.{call}`"),
            Verdict::NotReached(other) => write!(f, "not run  {name}: {rule}: `{other}` has to hold first"),
            Verdict::NotApplicable(what) => write!(f, "no need  {name}: {rule}: the storage has no {what}"),
        }
    }
}
