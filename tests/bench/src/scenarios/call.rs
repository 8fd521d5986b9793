//! A warm GET and POST through a declared client, against hand-written reqwest.

use wechat_integration_tests::process::Process;

use crate::counting::{self, Counts};
use crate::report::{Must, Report, Table};
use crate::roles;
use crate::rounds::{COLUMNS, Turn, ratio, row};
use crate::sides::{Caller, Side, What};

/// How many of the calls are in flight, how many a turn has, and how many rounds there are: turns are short and many, since
/// what else the machine does comes and goes.
const CALLS: [(usize, usize, usize); 2] = [(1, 400, 204), (64, 3_200, 102)];

pub(crate) async fn run() -> Report {
    let (upstream, base_url) = upstream().await;
    let mut report = count(&base_url).await;
    let caller = |side| Caller::new(side, &base_url);
    let sides = [
        ("declared client", caller(Side::Declared), false),
        ("reqwest", caller(Side::Reqwest), false),
        ("reqwest with a time limit", caller(Side::Reqwest), true),
    ];
    let mut table = Table::new("A warm GET: requests and CPU time", COLUMNS);
    let mut ratios = Vec::new();
    for (in_flight, calls, rounds) in CALLS {
        let [ours, raw, limited] = take_turns(&sides, in_flight, calls, rounds).await;
        for ((name, ..), turns) in sides.iter().zip([&ours, &raw, &limited]) {
            row(&mut table, &format!("{in_flight} in flight, {name}"), turns);
        }
        ratios.push([
            ratio(&ours, &raw, |turn| turn.rate),
            ratio(&ours, &raw, |turn| turn.cpu),
            ratio(&limited, &raw, |turn| turn.rate),
        ]);
    }
    report.table(table);
    report.timed("rps_ratio_1", ratios[0][0], Must::Reach(0.97));
    report.timed("rps_ratio_64", ratios[1][0], Must::Reach(0.97));
    report.timed("cpu_ratio_64", ratios[1][1], Must::Tell);
    report.timed("limited_reqwest_rps_ratio_1", ratios[0][2], Must::Tell);
    report.timed("limited_reqwest_rps_ratio_64", ratios[1][2], Must::Tell);
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

/// In which order the sides have their turns, round by round: none is always behind the same one.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// The turns of each side, whose calls may have a time limit.
async fn take_turns(
    sides: &[(&str, Caller, bool); 3],
    in_flight: usize,
    calls: usize,
    rounds: usize,
) -> [Vec<Turn>; 3] {
    let mut turns = [const { Vec::new() }; 3];
    for (_, caller, timed) in sides {
        caller.calls_at_once(What::Get, in_flight * 10, in_flight, *timed).await;
    }
    for order in ORDERS.iter().cycle().take(rounds) {
        for &side in order {
            let (_, caller, timed) = &sides[side];
            let work = caller.calls_at_once(What::Get, calls, in_flight, *timed);
            turns[side].push(Turn::measured(calls, work).await);
        }
    }
    turns
}
