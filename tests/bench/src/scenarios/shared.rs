//! Four hubs on one Redis that two thousand programs ask, against one hub, while the token expires again and again.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use wechat_integration_tests::process::Process;
use wechat_integration_tests::redis_server;

use crate::asking::Asking;
use crate::report::{Must, Report, Table, whole};
use crate::roles::{self, Had, HubSettings, Opened, PlatformOrder, PlatformSettings, ServerOrder};
use crate::rounds::{COLUMNS, Turn, ratio, row};
use crate::usage;

const HUBS: usize = 4;
const CLIENTS: usize = 2_000;
const EXPIRIES: usize = 20;
/// How often each client asks after an expiry. The first time, all of them want the token that is not there yet.
const READS: usize = 10;
/// How long a token of the platform's lives, in seconds.
const LIFE: u64 = 7200;

/// The accounts: one for each side, so that neither finds what the other has had.
const OF_FOUR: &str = "wx1f2e3d4c5b6a7904";
const OF_ONE: &str = "wx1f2e3d4c5b6a7901";

pub(crate) async fn run() -> Report {
    expiries(EXPIRIES).await
}

/// So many expiries of each side's token.
pub(crate) async fn expiries(count: usize) -> Report {
    usage::may_open_files(4 * CLIENTS);
    let redis = redis_server::start().expect("redis-server is on PATH");
    let appids = [OF_FOUR, OF_ONE].map(str::to_owned).to_vec();
    let settings = PlatformSettings { appids, latency: Duration::ZERO };
    let mut platform = roles::start(roles::PLATFORM, &settings);
    let opened: Opened = platform.says().await;
    let mut four = Hubs::start(HUBS, OF_FOUR, &opened, &redis.url()).await;
    let mut one = Hubs::start(1, OF_ONE, &opened, &redis.url()).await;
    // The tokens that expire first.
    for side in [&mut four, &mut one] {
        let Found { failures, token, .. } = side.turn().await;
        assert_eq!(failures, 0, "the hubs have tokens at the beginning");
        side.token = token;
    }
    let had =
        async |platform: &mut Process| -> Had { platform.ask(&PlatformOrder::Had(OF_FOUR.to_owned())).await };
    had(&mut platform).await;

    let (mut turns, mut failures, mut fetches) = ([Vec::new(), Vec::new()], [0, 0], 0);
    for _ in 0..count {
        for (number, side) in [&mut four, &mut one].into_iter().enumerate() {
            side.clock(platform.ask(&PlatformOrder::Advance(LIFE)).await).await;
            let Found { turn, failures: failed, token } = side.turn().await;
            failures[number] += failed + usize::from(side.token == token);
            side.token = token;
            turns[number].push(turn);
        }
        fetches += had(&mut platform).await.fetches;
    }
    for hub in four.processes.into_iter().chain(one.processes).chain([platform]) {
        assert!(hub.end().await.success(), "a process ends well");
    }
    let mut report = Report::default();
    let title =
        format!("{CLIENTS} clients, {count} expiries: answers, and the CPU time of the hubs together");
    let mut table = Table::new(&title, COLUMNS);
    row(&mut table, &format!("on Redis, {HUBS} hubs"), &turns[0]);
    row(&mut table, "on Redis, 1 hub", &turns[1]);
    report.table(table);
    report.count("fetches", fetches, Must::Be(whole(count)));
    report.count("failures", failures[0] + failures[1], Must::Be(0.0));
    report.timed("reads_per_cpu_ratio", ratio(&turns[0], &turns[1], |turn| 1.0 / turn.cpu), Must::Reach(0.9));
    report
}

/// The hubs of one side, and those who ask them.
struct Hubs {
    processes: Vec<Process>,
    clients: Vec<Asking>,
    /// What they answered last.
    token: Option<Bytes>,
}

/// What came of a turn.
struct Found {
    turn: Turn,
    /// Questions without an answer, or with another one than the rest of them.
    failures: usize,
    token: Option<Bytes>,
}

impl Hubs {
    async fn start(count: usize, appid: &str, platform: &Opened, redis: &str) -> Self {
        let settings = HubSettings {
            base_url: platform.base_url.clone(),
            appid: appid.to_owned(),
            unix: Some(platform.unix),
            redis: Some(redis.to_owned()),
            // As many threads as there are cores, for each of four hubs, would wait for each other.
            one_thread: true,
        };
        let (mut processes, mut clients) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let mut hub = roles::start(roles::HUB, &settings);
            let url: String = hub.says().await;
            for _ in 0..CLIENTS / count {
                clients.push(Asking::at(&url, appid).await);
            }
            processes.push(hub);
        }
        Self { processes, clients, token: None }
    }

    async fn clock(&mut self, unix: u64) {
        for hub in &mut self.processes {
            hub.ask::<()>(&ServerOrder::Clock(unix)).await;
        }
    }

    async fn cpu(&mut self) -> Duration {
        let mut sum = Duration::ZERO;
        for hub in &mut self.processes {
            sum += hub.ask::<Duration>(&ServerOrder::Cpu).await;
        }
        sum
    }

    /// All clients ask at once, each so many times.
    async fn turn(&mut self) -> Found {
        let (cpu, began) = (self.cpu().await, Instant::now());
        let tasks = self.clients.drain(..).map(|mut client| {
            tokio::spawn(async move {
                let mut answers = Vec::with_capacity(READS);
                for _ in 0..READS {
                    answers.push(client.ask().await);
                }
                (client, answers)
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let (mut failures, mut tokens) = (0, BTreeSet::new());
        for ended in join_all(tasks).await {
            let (client, answers) = ended.expect("no client panics");
            self.clients.push(client);
            failures += answers.iter().filter(|answer| answer.is_none()).count();
            tokens.extend(answers.into_iter().flatten());
        }
        let took = began.elapsed();
        let used = self.cpu().await.saturating_sub(cpu);
        let turn = Turn::of(CLIENTS * READS, took, used);
        failures += tokens.len().saturating_sub(1);
        Found { turn, failures, token: tokens.pop_first() }
    }
}
