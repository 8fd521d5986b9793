//! What a call, a storm and a hub cost, measured beside the raw parts: see `BENCHMARKS.md`.

/// Another allocator, to see how much of what `accounts` finds is the system's.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod asking;
mod ceiling;
mod counting;
mod report;
mod roles;
mod rounds;
mod scenarios;
mod sides;
mod usage;

use crate::scenarios::{PartOf, SCENARIOS, Scenario};

/// The word before the name of a role: then this process is one of those that a scenario starts.
const ROLE: &str = "role";

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [ROLE, role, ref told @ ..] => roles::play(role, told),
        [name] => {
            if let Some(scenario) = SCENARIOS.iter().find(|scenario| scenario.name == name) {
                run(scenario);
            } else {
                eprintln!("there is no scenario `{name}`");
                usage();
            }
        }
        _ => usage(),
    }
}

/// Runs a scenario, and prints its table and its figures. It ends with 1 where it is to check them, and one is missed.
fn run(scenario: &Scenario) {
    let missing = scenario.missing();
    if !missing.is_empty() {
        eprintln!("`{}` needs what is not on PATH: install {}", scenario.name, missing.join(" and "));
        std::process::exit(2);
    }
    let runtime = tokio::runtime::Runtime::new().expect("the async runtime starts");
    let report = runtime.block_on((scenario.run)());
    report.print();
    if scenario.is_part_of == PartOf::Checks && report.misses_something() {
        std::process::exit(1);
    }
}

fn usage() -> ! {
    eprintln!("usage: cargo run --release -p wechat-bench -- SCENARIO");
    for scenario in SCENARIOS {
        eprintln!("  {:<9} {}", scenario.name, scenario.about);
    }
    std::process::exit(2);
}
