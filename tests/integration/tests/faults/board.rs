//! The table that the tests end with: one row a fault.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use wechat_integration_tests::orders::Tally;

/// How many faults there are.
const ROWS: usize = 15;

/// What a reader of the table has to know.
const LEGEND: &str = "Each row: four hub processes on one Redis, but for what it says. Issues, n: the tokens that WeChat has \
                      issued for what was done, by the simulator's ledger, account by account where there are several. \
                      Leases are 2 s here where processes are lost (15 s by default), and pauses and gaps are short. \
                      A caller that failed got the error named; where no caller may fail, the row says so.\n\n";

const HEAD: &str = "| # | what was done | issues | callers failed | longest wait | what had to hold | verdict |\n\
                    |---|---|---|---|---|---|---|\n";

/// The rows that have ended.
static ENDED: Mutex<BTreeMap<usize, String>> = Mutex::new(BTreeMap::new());

/// One row while it is tried. Where it is dropped before [`held`](Self::held), it has failed.
pub(crate) struct Row {
    number: usize,
    did: &'static str,
    had_to_hold: &'static str,
    began: Instant,
    issues: Vec<String>,
    callers: usize,
    failed: BTreeMap<String, usize>,
    longest: Duration,
    verdict: Option<&'static str>,
}

impl Row {
    pub(crate) fn begin(number: usize, did: &'static str, had_to_hold: &'static str) -> Self {
        Self {
            number,
            did,
            had_to_hold,
            began: Instant::now(),
            issues: Vec::new(),
            callers: 0,
            failed: BTreeMap::new(),
            longest: Duration::ZERO,
            verdict: None,
        }
    }

    /// Writes down how many were issued, and of what where that has to be said.
    pub(crate) fn issued(&mut self, count: usize, of_what: &str) {
        self.issues.push(format!("{count} {of_what}").trim_end().to_owned());
    }

    /// Writes down what became of callers.
    pub(crate) fn count(&mut self, tally: &Tally) {
        self.callers += tally.succeeded + tally.failures();
        for (kind, count) in &tally.failed {
            *self.failed.entry(kind.clone()).or_default() += count;
        }
        self.longest = self.longest.max(tally.longest);
    }

    /// Everything has held.
    pub(crate) fn held(mut self) {
        self.verdict = Some("held");
    }

    /// Nothing was tried.
    pub(crate) fn skipped(mut self) {
        self.verdict = Some("skipped");
    }

    fn line(&self) -> String {
        let Self { number, did, had_to_hold, callers, longest, .. } = self;
        let verdict = self.verdict.unwrap_or("FAILED");
        let (issues, seconds) = (self.issues.join(", "), self.began.elapsed().as_secs_f64());
        let failures: usize = self.failed.values().sum();
        let kinds: Vec<_> = self.failed.keys().map(String::as_str).collect();
        let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
        let longest = longest.as_millis();
        format!(
            "| {number} | {did} | {issues} | {failures} of {callers}{kinds} | {longest} ms | {had_to_hold} | {verdict} in {seconds:.1} s |\n"
        )
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        let line = self.line();
        let mut ended = ENDED.lock().unwrap_or_else(PoisonError::into_inner);
        ended.insert(self.number, line.clone());
        if are_some() {
            println!("\n{line}");
        } else if ended.len() == ROWS {
            let rows = ended.values().fold(format!("{LEGEND}{HEAD}"), |mut rows, row| {
                // Writing to a string does not fail.
                let _ = write!(rows, "{row}");
                rows
            });
            println!("\n{rows}");
        }
    }
}

/// Whether only some of the rows are tried in this process, so that none of them is known to be the last.
fn are_some() -> bool {
    let mut arguments = std::env::args().skip(1);
    let mut values = 0_u8;
    arguments.any(|argument| {
        if values > 0 {
            values -= 1;
            return false;
        }
        match argument.as_str() {
            "--skip" | "--ignored" | "--exact" => true,
            "--test-threads" | "--color" | "--format" | "--logfile" | "-Z" => {
                values = 1;
                false
            }
            other => !other.starts_with('-'),
        }
    })
}
