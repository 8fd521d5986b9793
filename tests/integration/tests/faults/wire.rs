//! Rows 6 and 14: a platform that says nothing, and answers that are lost.

use std::time::Duration;

use serde_json::json;
use wechat_integration_tests::PATH;
use wechat_integration_tests::orders::{Does, Tally};
use wechat_simulator::Fault;

use crate::stage::{AT_ONCE, HUBS, LONG, Setting, Stage, answers, assert_all_succeeded, eventually};
use crate::{if_there, row};

const SEND: &str = "/cgi-bin/message/template/send";

#[tokio::test(flavor = "multi_thread")]
async fn fault_06_who_waits_for_a_platform_that_hangs_is_answered_within_its_own_deadline() {
    let did = "every call to WeChat hangs: callers with 0.3 s, 1 s and 2 s, and some by HTTP; a token of before is there, or none";
    row(6, did, "each has its answer within its own deadline", if_there, async |row, redis| {
        let mut stage = Stage::set(Setting::on(redis)).await;
        let [cold, warm] = [0, 1].map(|index| stage.appids[index].clone());
        assert_all_succeeded(&stage.all(&Stage::work(&warm, Does::Call, 1, LONG)).await, HUBS, "before");
        let before = stage.issued(&warm);
        stage.sim.fault("*", Fault::hang());

        let questions = (0..HUBS).map(|hub| stage.ask(hub, &cold)).collect();
        // A client of a hub's waits for 7 s, unless it says otherwise.
        let by_http = tokio::spawn(answers(questions, Duration::from_secs(7)));
        let (mut told, mut served) = (Tally::default(), Tally::default());
        for within in [300, 1000, 2000].map(Duration::from_millis) {
            for does in [Does::Token, Does::Call] {
                let tally = stage.all(&Stage::work(&cold, does, 5, within)).await;
                assert!(tally.longest < within + AT_ONCE, "{within:?}: {tally:?}");
                told = told.and(tally);
            }
            let tally = stage.all(&Stage::work(&warm, Does::Call, 5, within)).await;
            assert!(tally.longest < within + AT_ONCE, "{within:?}: {tally:?}");
            told = told.and(tally);
            served = served.and(stage.all(&Stage::work(&warm, Does::Token, 5, within)).await);
        }
        let by_http = by_http.await.unwrap();
        row.count(&told);
        row.count(&served);
        row.count(&by_http);
        assert_eq!(told.failed.keys().collect::<Vec<_>>(), ["Timeout"], "{told:?}");
        assert_eq!((told.succeeded, told.failures()), (0, 3 * 3 * 5 * HUBS), "{told:?}");
        assert_all_succeeded(&served, 3 * 5 * HUBS, "a token that lives is served");
        assert!(served.longest < AT_ONCE, "{served:?}");
        assert!(!by_http.failed.contains_key("no answer in time"), "{by_http:?}");
        assert_eq!(by_http.failures(), HUBS, "{by_http:?}");
        assert_eq!(
            (stage.issued(&cold), stage.issued(&warm)),
            (0, before),
            "nothing is issued while it hangs"
        );

        // By itself it is all right again.
        stage.sim.clear_faults();
        let calls = Stage::work(&cold, Does::Call, 5, LONG);
        eventually(Duration::from_secs(30), "all is right again", async || {
            // The pause after the last failure goes by Redis's clock, or by the processes' own.
            stage.pass(1).await;
            stage.all(&calls).await.failures() == 0
        })
        .await;
        row.issued(stage.issued(&cold), "when it is over");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_14_a_post_of_which_the_answer_is_lost_is_seen_once() {
    let did = "WeChat processes a POST of each of 4 hub processes, and the connection breaks before the answer; then GETs";
    row(
        14,
        did,
        "WeChat sees each POST once, who sent it is told; a GET is repeated",
        if_there,
        async |row, redis| {
            let mut stage = Stage::set(Setting::on(redis)).await;
            let appid = stage.appid().to_owned();
            assert_all_succeeded(&stage.all(&Stage::work(&appid, Does::Call, 1, LONG)).await, HUBS, "before");
            let issued = stage.issued(&appid);

            let account = stage.account(&appid);
            let follower = account.followers().into_iter().find(|follower| follower.following);
            let message = json!({
                "touser": follower.expect("a bare account has some").openid,
                "template_id": account.templates()[0],
                "data": { "first": { "value": "1" } },
            });
            stage.hubs.iter().for_each(|hub| hub.wechat.drop_answers(1));
            let tally = stage.all(&Stage::work(&appid, Does::Post(SEND.to_owned(), message), 1, LONG)).await;
            row.count(&tally);
            assert_eq!(tally.failures(), HUBS, "each is told that it has no answer: {tally:?}");
            assert_eq!(tally.failed.get("Transport"), Some(&HUBS), "{tally:?}");
            for hub in &stage.hubs {
                hub.wechat.dropped(1).await;
            }
            assert_eq!((stage.calls(SEND), stage.sim.ledger().messages().len()), ((HUBS, 0), HUBS));

            let before = stage.calls(PATH).0;
            stage.hubs.iter().for_each(|hub| hub.wechat.drop_answers(1));
            let tally = stage.all(&Stage::work(&appid, Does::Call, 1, LONG)).await;
            row.count(&tally);
            assert_all_succeeded(&tally, HUBS, "what may be sent twice is");
            assert_eq!(stage.calls(PATH).0 - before, 2 * HUBS);
            assert_eq!((stage.calls(SEND).0, stage.issued(&appid)), (HUBS, issued), "and nothing else");
            row.issued(issued, "before, none since");
        },
    )
    .await;
}
