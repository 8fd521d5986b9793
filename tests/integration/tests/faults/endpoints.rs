//! Rows 9 to 12: what the platform says of tokens, and what the clocks say.

use std::time::{Duration, Instant};

use wechat_integration_tests::PATH;
use wechat_integration_tests::orders::{Does, Refresh, Tally};
use wechat_integration_tests::redis_server;
use wechat_simulator::{Fault, Line};

use crate::row;
use crate::stage::{CLASSIC, HUBS, LONG, Setting, Stage, assert_all_succeeded, eventually};

/// How often something can have happened in this time that happens at its beginning, and then once in each period.
fn at_most(began: Instant, period: Duration) -> usize {
    let periods = began.elapsed().as_nanos() / period.as_nanos();
    usize::try_from(periods).expect("it is a small number") + 1
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_09_a_good_token_that_is_refused_for_ever_costs_one_refresh_in_each_gap() {
    let did = "every business call is answered 40001, for some gaps (of 1.5 s) on end, in 4 hub processes";
    let holds = "≤ 1 refresh per gap over all processes, the caller gets the refusal, no loop";
    row(9, did, holds, redis_server::start, async |row, redis| {
        const GAP: Duration = Duration::from_millis(1500);
        let mut stage =
            Stage::set(Setting::on(redis).refresh(Refresh { gap: Some(GAP), ..Refresh::default() })).await;
        let appid = stage.appid().to_owned();
        stage.seed(&appid).await;
        stage.sim.fault(PATH, Fault::errcode(40001));

        let work = Stage::work(&appid, Does::Call, 5, LONG);
        let began = Instant::now();
        let mut tally = Tally::default();
        eventually(LONG, "some gaps pass", async || {
            tally = std::mem::take(&mut tally).and(stage.all(&work).await);
            let (issued, most) = (stage.issued(&appid), at_most(began, GAP));
            assert!(issued <= most, "{issued} issued, at most {most}");
            issued >= 3
        })
        .await;
        let issued = stage.issued(&appid);
        row.count(&tally);
        row.issued(issued, &format!("in {:.1} s", began.elapsed().as_secs_f64()));
        assert_eq!(tally.succeeded, 0);
        assert_eq!(tally.failed.keys().collect::<Vec<_>>(), ["TokenRejected"], "{tally:?}");
        let (calls, callers) = (stage.calls(PATH).0, tally.failures());
        assert!(calls <= 2 * callers, "{calls} calls of {callers} callers: each once more at most");
        assert_eq!(stage.calls(CLASSIC), (issued, 0), "nothing is asked for in vain");

        stage.sim.clear_faults();
        assert_all_succeeded(&stage.all(&work).await, 5 * HUBS, "when it is over");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_10_an_endpoint_that_refuses_is_called_once_in_each_cool_down() {
    let did = "the token endpoint answers 45009 to one account and 40164 to another: 100 callers each in 4 hub processes, \
               again and again";
    let holds =
        "1 call per cool-down (of 3 s) over all processes, everybody is told why and when to ask again";
    row(10, did, holds, redis_server::start, async |row, redis| {
        const COOL_DOWN: Duration = Duration::from_secs(3);
        let refresh =
            Refresh { quota_probe: Some(COOL_DOWN), address: Some(COOL_DOWN), ..Refresh::default() };
        let mut stage = Stage::set(Setting::on(redis).refresh(refresh)).await;
        let [quota, address] = [0, 1].map(|index| stage.appids[index].clone());
        stage.account(&quota).set_daily_limit(CLASSIC, 0);
        stage.account(&address).set_address_allowed(false);
        let asked = |stage: &Stage, appid: &str| stage.sim.ledger().token_calls(appid);

        let began = Instant::now();
        for (appid, kind) in [(&quota, "Quota"), (&address, "AddressNotAllowed")] {
            let tally = stage.all(&Stage::work(appid, Does::Token, 25, LONG)).await;
            row.count(&tally);
            assert_eq!(tally.failed.get(kind), Some(&(25 * HUBS)), "{tally:?}");
            assert_eq!(tally.told_when, 25 * HUBS, "{tally:?}");
            assert!(tally.retry_after.is_some_and(|after| after <= COOL_DOWN), "{tally:?}");
        }
        // Until each has been asked three times.
        eventually(LONG, "some cool-downs pass", async || {
            for appid in [&quota, &address] {
                let tally = stage.all(&Stage::work(appid, Does::Token, 5, LONG)).await;
                row.count(&tally);
                assert_eq!(tally.failures(), 5 * HUBS, "{tally:?}");
                let (asked, most) = (asked(&stage, appid), at_most(began, COOL_DOWN));
                assert!(asked <= most, "{asked} calls, at most {most}");
            }
            asked(&stage, &quota).min(asked(&stage, &address)) >= 3
        })
        .await;

        stage.account(&quota).set_daily_limit(CLASSIC, 100);
        stage.account(&address).set_address_allowed(true);
        for appid in [&quota, &address] {
            let before = asked(&stage, appid);
            eventually(LONG, "the cool-down ends", async || {
                let tally = stage.all(&Stage::work(appid, Does::Token, 1, LONG)).await;
                row.count(&tally);
                tally.failures() == 0
            })
            .await;
            assert_eq!(
                (asked(&stage, appid) - before, stage.issued(appid)),
                (1, 1),
                "the first call of those is granted"
            );
        }
        let seconds = began.elapsed().as_secs_f64();
        row.issued(
            2,
            &format!("by {} and {} calls in {seconds:.1} s", asked(&stage, &quota), asked(&stage, &address)),
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_11_a_token_that_something_else_rotates_is_replaced_once_and_that_is_said() {
    let did =
        "something else fetches a token, and the one that 4 hub processes share dies of it: 100 callers";
    row(11, did, "n = 1, no caller fails, a warning names it", redis_server::start, async |row, redis| {
        let mut stage = Stage::set(Setting::on(redis)).await;
        let appid = stage.appid().to_owned();
        stage.seed(&appid).await;
        let work = Stage::work(&appid, Does::Call, 25, LONG);
        assert_all_succeeded(&stage.all(&work).await, 25 * HUBS, "before");
        let said = async |stage: &mut Stage| {
            let warnings = stage.warnings().await;
            warnings.iter().filter(|line| line.contains("something else")).count()
        };
        assert_eq!(said(&mut stage).await, 0);

        stage.account(&appid).rotate_elsewhere(Line::Classic);
        stage.pass(301).await;
        let tally = stage.all(&work).await;
        row.count(&tally);
        row.issued(stage.issued(&appid), "");
        assert_all_succeeded(&tally, 25 * HUBS, "when it is rotated");
        assert_all_succeeded(&stage.all(&work).await, 25 * HUBS, "after that");
        assert_eq!(stage.issued(&appid), 1);
        assert_eq!(stage.stored(&appid).await, stage.current(&appid));
        assert!(said(&mut stage).await >= 1, "{:?}", stage.warnings().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_12_clocks_that_are_off_and_grants_of_no_time_cause_no_storm() {
    let did = "4 hub processes with clocks off by -10, -5, 5 and 10 min, for 6 h; then tokens granted for 300 s, and for 0 s";
    let holds = "no refresh storm, no caller is served a dead token for longer than one refused call";
    row(12, did, holds, redis_server::start, async |row, redis| {
        const OFF_BY: [i64; HUBS] = [-600, -300, 300, 600];
        // Six hours pass here in a moment of Redis's clock, by which the gap goes.
        let no_gap = Refresh { gap: Some(Duration::ZERO), ..Refresh::default() };
        let mut stage = Stage::set(Setting::on(redis).refresh(no_gap).off_by(OFF_BY)).await;
        let [usual, short, none] = [0, 1, 2].map(|index| stage.appids[index].clone());
        let call = Stage::work(&usual, Does::Call, 1, LONG);
        let mut tally = Tally::default();
        for _ in 0..6 * 3600 / 300 {
            tally = tally.and(stage.all(&call).await);
            stage.pass(300).await;
        }
        row.count(&tally);
        let (issued, refused) = (stage.issued(&usual), stage.calls(PATH).1);
        row.issued(issued, "in 6 h");
        assert_eq!(
            tally.failures(),
            0,
            "each is served a token that works, or another after the refusal: {tally:?}"
        );
        // By the fastest clock, a token of two hours is refreshed 15 minutes before its end.
        assert!((3..=5).contains(&issued), "{issued} issued in three times two hours");
        // Whose clock is slow has the one before still, and is refused once with each.
        assert!(refused <= issued * HUBS, "{refused} calls were refused");

        // By a clock that is ahead, what one whose clock is behind has fetched is dead: it is fetched once more, in that order.
        stage.account(&short).set_expires_in(300);
        let (call, mut tally) = (Stage::work(&short, Does::Call, 5, LONG), Tally::default());
        for _ in 0..20 {
            tally = tally.and(stage.all(&call).await);
            stage.pass(60).await;
        }
        row.count(&tally);
        let issued = stage.issued(&short);
        row.issued(issued, "for 300 s in 20 min");
        assert_all_succeeded(&tally, 20 * 5 * HUBS, "granted for 300 s");
        assert!((4..=4 * HUBS).contains(&issued), "{issued} issued in four times 300 s");

        stage.restart_as(|setting| setting.refresh = Refresh::default()).await;
        stage.account(&none).set_expires_in(0);
        let (ask, mut tally) = (Stage::work(&none, Does::Token, 25, LONG), Tally::default());
        let mut issued = Vec::new();
        for _ in 0..3 {
            tally = tally.and(stage.all(&ask).await);
            issued.push(stage.issued(&none));
        }
        row.count(&tally);
        row.issued(issued[0], "for 0 s");
        assert_all_succeeded(&tally, 3 * 25 * HUBS, "granted for 0 s");
        assert!(issued[0] <= HUBS && issued[2] == issued[0], "{issued:?} issued at one time");
        assert_eq!(stage.sim.ledger().token_calls(&none), issued[0]);
        // What is dead on arrival is refused: none is fetched for that within the gap, whatever the processes' clocks say.
        let calls = stage.calls(CLASSIC).0;
        let tally = stage.all(&Stage::work(&none, Does::Call, 5, LONG)).await;
        row.count(&tally);
        assert_eq!(tally.failed.get("TokenRejected"), Some(&(5 * HUBS)), "{tally:?}");
        assert_eq!(stage.calls(CLASSIC).0, calls, "by the clock of all, it was granted a moment ago");
    })
    .await;
}
