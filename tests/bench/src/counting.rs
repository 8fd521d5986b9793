//! Counts instead of times: instructions and allocations of one call, by valgrind's callgrind.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Command;

use crate::report::whole;
use crate::roles::{self, CountedWork};
use crate::sides::{Side, What};

/// The lengths of the two runs whose difference is looked at: what comes before the first call is the same in both.
const CALLS: (usize, usize) = (100, 600);

/// What a call of one side takes.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

/// What one call takes of a process that makes it again and again on one thread.
pub(crate) async fn of_a_call(side: Side, what: What, base_url: &str) -> Counts {
    let (less, more) = (run(side, what, base_url, CALLS.0).await, run(side, what, base_url, CALLS.1).await);
    let calls = whole(CALLS.1 - CALLS.0);
    Counts {
        instructions: (more.instructions - less.instructions) / calls,
        allocations: (more.allocations - less.allocations) / calls,
    }
}

async fn run(side: Side, what: What, base_url: &str, calls: usize) -> Counts {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let profile = directory.path().join("profile");
    let work = CountedWork { side, what, base_url: base_url.to_owned(), calls };
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["-q", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(roles::program())
        .args(roles::arguments(roles::COUNTED))
        .arg(serde_json::to_string(&work).expect("it can be written as JSON"));
    let ended = tokio::task::spawn_blocking(move || valgrind.status()).await.expect("waiting does not panic");
    let ended = ended.expect("valgrind is installed");
    assert!(ended.success(), "valgrind ends with {ended}");
    read(&profile)
}

/// What allocates, by the names that the system's library has for it.
const ALLOCATORS: &[&str] = &["malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"];

/// The sum of the instructions in a profile, and how often what allocates was called.
fn read(profile: &Path) -> Counts {
    let file = std::fs::File::open(profile).expect("callgrind has written its profile");
    let (mut instructions, mut allocations) = (None, 0);
    let mut names = HashMap::new();
    let mut called = String::new();
    for line in BufReader::new(file).lines() {
        let line = line.expect("the profile is text");
        if let Some(total) = line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")) {
            instructions = total.trim().parse::<usize>().ok();
        } else if let Some(name) = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn=")) {
            // A name is written out where it comes first, and by its number from then on.
            let (number, name) = name.split_once(' ').unwrap_or((name, ""));
            if !name.is_empty() {
                names.insert(number.to_owned(), name.to_owned());
            }
            if line.starts_with('c') {
                called = names.get(number).cloned().unwrap_or_default();
            }
        } else if let Some(calls) = line.strip_prefix("calls=") {
            let count = calls.split(' ').next().and_then(|count| count.parse::<usize>().ok());
            if ALLOCATORS.contains(&called.as_str()) {
                allocations += count.expect("a count is a number");
            }
        }
    }
    let instructions = instructions.expect("the profile has a sum");
    assert!(
        allocations > 0,
        "what allocates has one of the names that are counted: leave out the feature `mimalloc`"
    );
    Counts { instructions: whole(instructions), allocations: whole(allocations) }
}
