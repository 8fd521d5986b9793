//! The processes that a scenario starts: this program again, in a role that it is told.

mod counted;
mod upstream;

use serde::Serialize;
use wechat_integration_tests::process::Process;

pub(crate) use self::counted::CountedWork;
use crate::ROLE;

/// A platform that does nothing but answer.
pub(crate) const UPSTREAM: &str = "upstream";
/// Makes calls while valgrind counts what they take.
pub(crate) const COUNTED: &str = "counted";

/// Plays a role, until it is over.
pub(crate) fn play(role: &str, told: &[&str]) {
    match (role, told) {
        (UPSTREAM, []) => upstream::serve(),
        (COUNTED, [work]) => counted::work(serde_json::from_str(work).expect("it is told what to do")),
        _ => panic!("there is no role {role}"),
    }
}

/// Starts a process in this role, and tells it the first thing.
pub(crate) fn start(role: &str, settings: &impl Serialize) -> Process {
    let program = program();
    let mut command = std::process::Command::new(&program);
    command.args(arguments(role));
    Process::start_by(command, &program, settings)
}

/// This program.
pub(crate) fn program() -> String {
    let program = std::env::current_exe().expect("a program knows where it is");
    program.to_str().expect("its path is text").to_owned()
}

/// What it is called with to play a role.
pub(crate) fn arguments(role: &str) -> [&str; 2] {
    [ROLE, role]
}
