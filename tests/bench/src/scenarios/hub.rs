//! A warm hub with 64 questions in flight, against a bare axum handler that gives the same answers.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use wechat_integration_tests::process::Process;

use super::call::upstream;
use crate::asking::Asking;
use crate::report::{Must, Report, Table};
use crate::roles::{self, HubSettings, ServerOrder};
use crate::rounds::{COLUMNS, ROUNDS, Turn, ratio, row};
use crate::sides::APPID;

const IN_FLIGHT: usize = 64;
/// How many questions a turn has.
const QUESTIONS: usize = 32_000;

pub(crate) async fn run() -> Report {
    let (upstream, base_url) = upstream().await;
    let settings =
        HubSettings { base_url, appid: APPID.to_owned(), unix: None, redis: None, one_thread: false };
    let mut hub = Server::start(roles::start(roles::HUB, &settings)).await;
    let answer = hub.asking[0].ask().await.expect("the hub has the token");
    let answer = String::from_utf8(answer.to_vec()).expect("it is JSON");
    let mut bare = Server::start(roles::start(roles::BARE, &answer)).await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    hub.turn(QUESTIONS / 4, &answer).await;
    bare.turn(QUESTIONS / 4, &answer).await;
    for _ in 0..ROUNDS {
        ours.push(hub.turn(QUESTIONS, &answer).await);
        theirs.push(bare.turn(QUESTIONS, &answer).await);
    }
    for process in [hub.process, bare.process, upstream] {
        assert!(process.end().await.success(), "a server ends well");
    }
    let mut report = Report::default();
    let mut table = Table::new("A warm hub: answers, and the server's CPU time", COLUMNS);
    row(&mut table, &format!("{IN_FLIGHT} in flight, hub"), &ours);
    row(&mut table, &format!("{IN_FLIGHT} in flight, bare axum handler"), &theirs);
    report.table(table);
    report.timed("rps_ratio", ratio(&ours, &theirs, |turn| turn.rate), Must::Reach(0.9));
    report.timed("cpu_ratio", ratio(&ours, &theirs, |turn| turn.cpu), Must::StayWithin(1.15));
    report
}

/// A server, and those who ask it.
struct Server {
    process: Process,
    asking: Vec<Asking>,
}

impl Server {
    async fn start(mut process: Process) -> Self {
        let url: String = process.says().await;
        let asking = join_all((0..IN_FLIGHT).map(|_| Asking::at(&url, APPID))).await;
        Self { process, asking }
    }

    /// Everybody asks, one question after the other.
    async fn turn(&mut self, questions: usize, expected: &str) -> Turn {
        let cpu: Duration = self.process.ask(&ServerOrder::Cpu).await;
        let began = Instant::now();
        let tasks: Vec<_> = (self.asking.drain(..))
            .map(|mut asking| {
                let expected = expected.to_owned();
                tokio::spawn(async move {
                    for _ in 0..questions / IN_FLIGHT {
                        let answer = asking.ask().await.expect("the server answers");
                        assert_eq!(answer, expected, "the answer is the same");
                    }
                    asking
                })
            })
            .collect();
        for task in tasks {
            self.asking.push(task.await.expect("nobody who asks panics"));
        }
        let took = began.elapsed();
        let used: Duration = self.process.ask(&ServerOrder::Cpu).await;
        Turn::of(questions, took, used.saturating_sub(cpu))
    }
}
