//! Rows 1, 2 and 15: many who want one token at once.

use wechat_integration_tests::fault_proxy::Way;
use wechat_integration_tests::hub_work::CANCELLED;
use wechat_integration_tests::orders::{Does, HubOrder};
use wechat_integration_tests::redis_server;
use wechat_simulator::{Account, Line};

use crate::board::Row;
use crate::row;
use crate::stage::{CLASSIC, HUBS, LONG, Setting, Stage, answers, assert_all_succeeded};

#[tokio::test(flavor = "multi_thread")]
async fn fault_01_two_hundred_reports_of_one_stale_token_cost_one_refresh() {
    let did = "120 tasks in 4 hub processes and 80 callers of theirs by HTTP report one stale token, a classic one; then a \
               stable one";
    row(1, did, "n = 1 each, no caller fails", redis_server::start, async |row, redis| {
        let mut stage = Stage::set(Setting::on(redis)).await;
        let classic = stage.appid().to_owned();
        report_at_once(&mut stage, row, &classic, |account| account.revoke(Line::Classic)).await;

        stage.restart_as(|setting| setting.line = Line::Stable).await;
        let stable = stage.appids[1].clone();
        // WeChat gives it out again, unless it is told to make another one.
        report_at_once(&mut stage, row, &stable, |account| account.refuse_current(Line::Stable)).await;
    })
    .await;
}

/// Many report one token at once, which is stale by then.
async fn report_at_once(stage: &mut Stage, row: &mut Row, appid: &str, spoil: impl FnOnce(&Account)) {
    let refused = stage.seed(appid).await;
    let seen = stage.all(&Stage::work(appid, Does::Token, 1, LONG)).await;
    assert_eq!(seen.tokens.iter().collect::<Vec<_>>(), [&refused], "all have it");
    stage.pass(60).await;
    spoil(&stage.account(appid));

    let reports = (0..80).map(|caller| stage.report(caller % HUBS, appid, &refused)).collect();
    let work = Stage::work(appid, Does::Report(refused.clone()), 30, LONG);
    let (by_http, in_process) = tokio::join!(answers(reports, LONG), stage.all(&work));
    let tally = by_http.and(in_process);
    row.count(&tally);
    row.issued(stage.issued(appid), "");
    assert_all_succeeded(&tally, 200, "reports");
    let new = stage.current(appid).unwrap();
    assert_eq!(tally.tokens.iter().collect::<Vec<_>>(), [&new], "all have the one in its place");
    assert_eq!(stage.issued(appid), 1);

    let calls = stage.all(&Stage::work(appid, Does::Call, 5, LONG)).await;
    row.count(&calls);
    assert_all_succeeded(&calls, 20, "calls");
    assert_eq!((stage.issued(appid), stage.stored(appid).await), (1, Some(new)));
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_02_a_cold_start_of_five_hundred_callers_costs_one_fetch() {
    let did = "400 tasks in 4 hub processes and 100 callers of theirs by HTTP, with nothing stored";
    row(2, did, "n = 1, no caller fails", redis_server::start, async |row, redis| {
        let mut stage = Stage::set(Setting::on(redis)).await;
        let appid = stage.appid().to_owned();
        let questions = (0..100).map(|caller| stage.ask(caller % HUBS, &appid)).collect();
        let work = Stage::work(&appid, Does::Token, 100, LONG);
        let (by_http, in_process) = tokio::join!(answers(questions, LONG), stage.all(&work));
        let tally = by_http.and(in_process);
        row.count(&tally);
        row.issued(stage.issued(&appid), "");
        assert_all_succeeded(&tally, 500, "a cold start");
        assert_eq!((stage.issued(&appid), stage.calls(CLASSIC)), (1, (1, 0)));
        assert_eq!(tally.tokens.into_iter().collect::<Vec<_>>(), [stage.current(&appid).unwrap()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_15_a_caller_that_is_cancelled_while_it_leads_leaves_the_token_to_the_others() {
    let did =
        "the caller that leads is dropped in mid-call; then one whose HTTP connection closes in mid-call";
    row(15, did, "the others get the token, n = 1 each", redis_server::start, async |row, redis| {
        let mut stage = Stage::set(Setting::on(redis)).await;
        let [in_process, by_http] = [0, 1].map(|index| stage.appids[index].clone());

        stage.hubs[0].wechat.hold(Way::Back);
        stage.begin(0, &Stage::work(&in_process, Does::Token, 1, LONG)).await;
        stage.hubs[0].wechat.held(Way::Back).await;
        let others = Stage::work(&in_process, Does::Token, 10, LONG);
        for hub in 0..HUBS {
            stage.begin(hub, &others).await;
        }
        let () = stage.hubs[0].process.ask(&HubOrder::Cancel(1)).await;
        stage.hubs[0].wechat.release(Way::Back);
        let mut first = stage.rest(0).await;
        assert_eq!(first.failed.remove(CANCELLED), Some(1), "{first:?}");
        let mut tally = first;
        for hub in 1..HUBS {
            tally = tally.and(stage.rest(hub).await);
        }
        row.count(&tally);
        row.issued(stage.issued(&in_process), "");
        assert_all_succeeded(&tally, 10 * HUBS, "the others");
        assert_eq!(tally.tokens.len(), 1);
        assert_eq!(stage.issued(&in_process), 1);

        stage.hubs[0].wechat.hold(Way::Back);
        let leading = tokio::spawn(stage.ask(0, &by_http).send());
        stage.hubs[0].wechat.held(Way::Back).await;
        leading.abort();
        assert!(leading.await.unwrap_err().is_cancelled());
        let questions = (0..40).map(|caller| stage.ask(caller % HUBS, &by_http)).collect();
        let waiting = tokio::spawn(answers(questions, LONG));
        // Who asks here waits as those do who ask by HTTP: the answer is not let go before they are there.
        stage.begin(0, &Stage::work(&by_http, Does::Token, 1, LONG)).await;
        stage.hubs[0].wechat.release(Way::Back);
        let tally = waiting.await.unwrap().and(stage.rest(0).await);
        row.count(&tally);
        row.issued(stage.issued(&by_http), "");
        assert_all_succeeded(&tally, 41, "the others, by HTTP");
        assert_eq!(stage.issued(&by_http), 1);
    })
    .await;
}
