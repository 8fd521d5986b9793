//! What a process has used, CPU time and memory; and what it may use.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// The CPU time of this process until now, its own and the system's on its behalf: the sum that `getrusage` tells, to the
/// nanosecond.
pub(crate) fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("a process has used no less than nothing")
}

/// The CPU time of the processes that this one has started and waited for, and of those that they have.
pub(crate) fn cpu_of_children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this measures on Linux");
    // Behind the program's name, which is in brackets; the own and the system's are the 16th and the 17th field of all.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(13).take(2);
    let ticks: u64 = fields.map(|ticks| ticks.parse::<u64>().expect("it is a count")).sum();
    let milliseconds = ticks * 1000 / rustix::param::clock_ticks_per_second();
    Duration::from_millis(milliseconds)
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
    let limits = getrlimit(Resource::Nofile);
    let wanted = u64::try_from(count).expect("a count is a number");
    let wanted = limits.maximum.map_or(wanted, |most| wanted.min(most));
    if limits.current.is_some_and(|now| now < wanted) {
        let raised = Rlimit { current: Some(wanted), ..limits };
        setrlimit(Resource::Nofile, raised).expect("it is within what the system allows");
    }
}
