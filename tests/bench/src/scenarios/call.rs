//! A warm GET and POST through a declared client, against hand-written reqwest.

use wechat_integration_tests::process::Process;

use crate::counting::{self, Counts};
use crate::report::{Must, Report, Table};
use crate::roles;
use crate::rounds::{COLUMNS, ROUNDS, Turn, Turns};
use crate::sides::{Caller, Side, What};

/// How many calls a turn has, by how many of them are in flight.
const CALLS: [(usize, usize); 2] = [(1, 4_000), (64, 16_000)];

pub(crate) async fn run() -> Report {
    let (upstream, base_url) = upstream().await;
    let mut report = count(&base_url).await;
    let (ours, raw) = (Caller::new(Side::Declared, &base_url), Caller::new(Side::Reqwest, &base_url));
    let mut table = Table::new("A warm GET: requests and CPU time", COLUMNS);
    let mut ratios = Vec::new();
    for (in_flight, calls) in CALLS {
        let turns = take_turns(&ours, &raw, calls, in_flight).await;
        turns.rows(&mut table, &format!("{in_flight} in flight"), "declared client", "reqwest");
        ratios.push((turns.ratio(|turn| turn.rate), turns.ratio(|turn| turn.cpu)));
    }
    report.table(table);
    report.timed("rps_ratio_1", ratios[0].0, Must::Reach(0.97));
    report.timed("rps_ratio_64", ratios[1].0, Must::Reach(0.97));
    report.timed("cpu_ratio_64", ratios[1].1, Must::Tell);
    assert!(upstream.end().await.success(), "the platform ends well");
    report
}

/// The instructions and the allocations of one call, and no times.
pub(crate) async fn count(base_url: &str) -> Report {
    let mut report = Report::default();
    let mut table = Table::new(
        "One warm call on one thread, by callgrind",
        &["side", "instructions", "of reqwest", "allocations"],
    );
    let (mut ratios, mut extra) = (Vec::new(), Vec::new());
    for what in [What::Get, What::Post] {
        let mut found: Vec<(&str, Counts)> = Vec::new();
        let sides =
            [("declared client", Side::Declared), ("reqwest", Side::Reqwest), ("hyper-util", Side::Hyper)];
        for (name, side) in sides {
            found.push((name, counting::of_a_call(side, what, base_url).await));
        }
        let (ours, raw) = (found[0].1, found[1].1);
        for (name, counts) in found {
            table.row([
                format!("{what:?}, {name}"),
                format!("{:.0}", counts.instructions),
                format!("{:.3}", counts.instructions / raw.instructions),
                format!("{:.1}", counts.allocations),
            ]);
        }
        ratios.push(ours.instructions / raw.instructions);
        extra.push(ours.allocations - raw.allocations);
    }
    report.table(table);
    report.figure("get_instructions_ratio", ratios[0], Must::StayWithin(1.0));
    report.figure("post_instructions_ratio", ratios[1], Must::StayWithin(1.0));
    report.figure("allocations_extra", extra[0].max(extra[1]), Must::StayWithin(8.0));
    report
}

/// A platform that does nothing but answer, and its URL.
pub(crate) async fn upstream() -> (Process, String) {
    let mut upstream = roles::start(roles::UPSTREAM, &());
    let base_url = upstream.says().await;
    (upstream, base_url)
}

async fn take_turns(ours: &Caller, raw: &Caller, calls: usize, in_flight: usize) -> Turns {
    let mut turns = Turns::default();
    for caller in [ours, raw] {
        caller.calls_at_once(What::Get, in_flight * 10, in_flight).await;
    }
    for _ in 0..ROUNDS {
        let turn = async |caller: &Caller| {
            Turn::measured(calls, caller.calls_at_once(What::Get, calls, in_flight)).await
        };
        turns.ours.push(turn(ours).await);
        turns.raw.push(turn(raw).await);
    }
    turns
}
