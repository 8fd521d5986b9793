//! One account, 10,000 and 100,000, warm in one client: the CPU time of a call, and the memory for each.

use std::time::Instant;

use wechat_integration_tests::process::Process;

use super::call::upstream;
use crate::report::{Must, Report, Table, whole};
use crate::roles::{self, AccountsSettings, Warmed};
use crate::rounds::{ROUNDS, Turn, median, spread};

const SIZES: [usize; 3] = [1, 10_000, 100_000];
/// How many calls a turn has.
const CALLS: usize = 12_000;

/// A client with so many accounts, in a process of its own.
struct Sized {
    accounts: usize,
    process: Process,
    warmed: Warmed,
    took: f64,
    turns: Vec<Turn>,
}

pub(crate) async fn run() -> Report {
    let (upstream, base_url) = upstream().await;
    let mut sizes = Vec::new();
    for accounts in SIZES {
        let began = Instant::now();
        let settings = AccountsSettings { base_url: base_url.clone(), accounts };
        let mut process = roles::start(roles::ACCOUNTS, &settings);
        let warmed = process.says().await;
        sizes.push(Sized {
            accounts,
            process,
            warmed,
            took: began.elapsed().as_secs_f64(),
            turns: Vec::new(),
        });
    }
    for _ in 0..ROUNDS {
        for size in &mut sizes {
            size.turns.push(size.process.ask(&CALLS).await);
        }
    }
    let mut table = Table::new(
        "Calls for many accounts by one client",
        &[
            "accounts",
            "CPU µs/call",
            "spread",
            "client, bytes/account",
            "storage, bytes/account",
            "warm after, s",
        ],
    );
    for Sized { accounts, warmed, took, turns, .. } in &sizes {
        let cpus = || turns.iter().map(|turn| turn.cpu);
        // Of one account, it is less than what is given out at once.
        let each =
            |bytes: usize| if *accounts == 1 { "-".to_owned() } else { (bytes / accounts).to_string() };
        table.row([
            accounts.to_string(),
            format!("{:.1}", median(cpus())),
            spread(cpus(), 1),
            each(warmed.by_client),
            each(warmed.by_storage),
            format!("{took:.1}"),
        ]);
    }
    let (one, most) = (&sizes[0], &sizes[2]);
    let ratio = median(most.turns.iter().zip(&one.turns).map(|(most, one)| most.cpu / one.cpu));
    let bytes = whole(most.warmed.by_client) / whole(most.accounts);
    let mut report = Report::default();
    report.table(table);
    report.timed("cost_ratio_100k", ratio, Must::StayWithin(1.1));
    report.figure("bytes_per_account", bytes.round(), Must::StayWithin(1024.0));
    for process in sizes.into_iter().map(|size| size.process).chain([upstream]) {
        assert!(process.end().await.success(), "a process ends well");
    }
    report
}
