//! What a client costs to build: from nothing beside plain reqwest, and one declaration more in a crate.

mod declarations;
mod package;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use self::package::{Package, Took};
use crate::report::{Must, Report, Table, whole};
use crate::rounds::{ROUNDS, median, spread};

/// How often each side is built from nothing: it takes most of a minute each time.
const COLD_ROUNDS: usize = 10;

/// The declared clients in the two crates that are checked.
const CLIENTS: (usize, usize) = (1, 100);

pub(crate) async fn run() -> Report {
    tokio::task::spawn_blocking(measure).await.expect("what is measured does not panic")
}

fn measure() -> Report {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let mut report = Report::default();
    hello(directory.path(), &mut report);
    declarations(directory.path(), &mut report);
    report
}

const TOKIO: &str = r#"tokio = { version = "1", features = ["macros", "rt-multi-thread"] }"#;

fn wechat_runtime() -> String {
    format!("wechat-runtime = {{ path = '{}' }}", package::repository().join("wechat-runtime").display())
}

/// Hello world by a declared client and by plain reqwest: what it takes to build them, and of what they are built.
fn hello(directory: &Path, report: &mut Report) {
    let package = |name, source, client: &str| {
        Package::new(directory.join(name), "src/main.rs", source, &format!("{client}\n{TOKIO}\n"))
    };
    let ours = package("client", include_str!("build/hello_client.rs.txt"), &wechat_runtime());
    let raw = package("reqwest", include_str!("build/hello_reqwest.rs.txt"), r#"reqwest = "0.13""#);
    cold_builds(&ours, &raw, report);
    trees(&ours.crates(), &raw.crates(), report);
}

fn cold_builds(ours: &Package, raw: &Package, report: &mut Report) {
    let rounds: Vec<_> = (0..COLD_ROUNDS).map(|_| (ours.build_cold(), raw.build_cold())).collect();
    let mut table = Table::new(
        &format!("A cold build of hello world: `cargo build`, {COLD_ROUNDS} rounds"),
        &["side", "seconds", "spread", "CPU seconds", "spread "],
    );
    let ours = rounds.iter().map(|(ours, _)| *ours).collect::<Vec<_>>();
    let raw = rounds.iter().map(|(_, raw)| *raw).collect::<Vec<_>>();
    for (side, builds) in [("declared client", &ours), ("reqwest", &raw)] {
        let times = || builds.iter().map(|took| took.time.as_secs_f64());
        let cpus = || builds.iter().map(|took| took.cpu.as_secs_f64());
        table.row([
            side.to_owned(),
            format!("{:.1}", median(times())),
            spread(times(), 1),
            format!("{:.1}", median(cpus())),
            spread(cpus(), 1),
        ]);
    }
    let ratios =
        |of: fn(&Took) -> Duration| rounds.iter().map(move |(ours, raw)| of(ours).div_duration_f64(of(raw)));
    let (times, cpus) = (|| ratios(|took| took.time), || ratios(|took| took.cpu));
    table.row([
        "ratio".to_owned(),
        format!("{:.3}", median(times())),
        spread(times(), 3),
        format!("{:.3}", median(cpus())),
        spread(cpus(), 3),
    ]);
    report.table(table);
    report.timed("cold_ratio", median(times()), Must::StayWithin(1.15));
}

fn trees(ours: &BTreeSet<String>, raw: &BTreeSet<String>, report: &mut Report) {
    let mut table =
        Table::new("Crates in the tree", &["side", "crates", "of them only here", "copies of syn"]);
    for (side, these, others) in [("declared client", ours, raw), ("reqwest", raw, ours)] {
        let counts = [these.len(), these.difference(others).count(), copies_of_syn(these)];
        table.row([side.to_owned()].into_iter().chain(counts.map(|count| count.to_string())));
    }
    report.table(table);
    report.figure("crates_extra", whole(ours.len()) - whole(raw.len()), Must::Tell);
    report.count("syn_copies", copies_of_syn(ours), Must::Be(1.0));
}

fn copies_of_syn(crates: &BTreeSet<String>) -> usize {
    crates.iter().filter(|name_and_version| name_and_version.starts_with("syn ")).count()
}

/// Crates that declare a client and many of them: what the compiler takes for each.
fn declarations(directory: &Path, report: &mut Report) {
    let package = |clients| {
        let directory = directory.join(format!("clients_{clients}"));
        let package = Package::new(
            directory,
            "src/lib.rs",
            &declarations::source(clients),
            &format!("{}\n", wechat_runtime()),
        );
        // Its dependencies, which are not measured.
        package.check_again();
        package
    };
    let (one, many) = (package(CLIENTS.0), package(CLIENTS.1));
    let (mut times_of_one, mut times_of_many) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        times_of_one.push(one.check_again().as_secs_f64() * 1e3);
        times_of_many.push(many.check_again().as_secs_f64() * 1e3);
    }
    let mut table = Table::new(
        &format!("`cargo check` of a crate of declared clients alone, {ROUNDS} rounds"),
        &["clients", "ms", "spread"],
    );
    for (clients, times) in [(CLIENTS.0, &times_of_one), (CLIENTS.1, &times_of_many)] {
        let times = || times.iter().copied();
        table.row([clients.to_string(), format!("{:.0}", median(times())), spread(times(), 0)]);
    }
    report.table(table);
    let more = median(times_of_many) - median(times_of_one);
    report.timed("check_ms_per_client", more / whole(CLIENTS.1 - CLIENTS.0), Must::StayWithin(10.0));
}
