//! What a process has used, CPU time and memory; and what it may use.

use std::time::Duration;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::time::TimeValLike as _;

/// The CPU time of this process until now, its own and the system's on its behalf.
pub(crate) fn cpu() -> Duration {
    cpu_of(UsageWho::RUSAGE_SELF)
}

/// The CPU time of the processes that this one has started and waited for, and of those that they have.
pub(crate) fn cpu_of_children() -> Duration {
    cpu_of(UsageWho::RUSAGE_CHILDREN)
}

fn cpu_of(whom: UsageWho) -> Duration {
    let usage = getrusage(whom).expect("a process may ask for its own usage");
    let micros = (usage.user_time() + usage.system_time()).num_microseconds();
    Duration::from_micros(micros.unsigned_abs())
}

/// The bytes of memory that this process has at the moment.
pub(crate) fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("this measures on Linux");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = resident.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    kilobytes.expect("the status has a line for it") * 1024
}

/// Lets this process, and those that it starts, have so many files and connections open, where the system allows it.
pub(crate) fn may_open_files(count: usize) {
    let (now, most) = getrlimit(Resource::RLIMIT_NOFILE).expect("a process may ask for its own limits");
    let wanted = u64::try_from(count).expect("a count is a number").min(most);
    if now < wanted {
        setrlimit(Resource::RLIMIT_NOFILE, wanted, most).expect("it is within what the system allows");
    }
}
