//! Row 7: a store that is down, frozen, slow, or comes and goes.

use std::time::Duration;

use wechat_integration_tests::fault_proxy::Way;
use wechat_integration_tests::orders::{Does, Tally, Work};
use wechat_simulator::Line;

use crate::board::Row;
use crate::stage::{AT_ONCE, HUBS, LONG, SLACK, Setting, Stage, assert_all_succeeded, eventually};
use crate::{durable, row};

/// How long one waits at most who needs the store, which does not answer: its time-out, some times.
const STORE: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn fault_07_a_store_that_is_down_frozen_slow_or_flapping_causes_no_fetch_while_a_copy_lives() {
    let did = "Redis is frozen (SIGSTOP), slow, too slow, loses answers, comes and goes, and is killed and started again, \
               under 4 hub processes";
    let holds = "n = 0 while a live local copy exists, a typed error otherwise, recovers by itself";
    row(7, did, holds, durable, async |row, redis| {
        let mut stage = Stage::set(Setting::on(redis).brisk()).await;
        let appid = |index: usize| stage.appids[index].clone();
        let [kept, ageing, stored, slow, cold] = [appid(0), appid(1), appid(2), appid(3), appid(4)];
        let [unread, begun, bought, midway] = [appid(5), appid(6), appid(7), appid(8)];
        let token = |appid: &str| Stage::work(appid, Does::Token, 10, LONG);
        stage.seed(&ageing).await;
        assert_all_succeeded(&stage.all(&token(&ageing)).await, 10 * HUBS, "all have the one that will age");
        stage.pass(3000).await;
        let live = stage.seed(&kept).await;
        let unseen = stage.seed(&stored).await;
        assert_all_succeeded(&stage.all(&token(&kept)).await, 10 * HUBS, "all have one");

        stage.redis().freeze();
        is_down(&mut stage, row, &token(&kept), &token(&stored)).await;
        stage.redis().resume();
        eventually(LONG, "what is stored is read again", async || {
            let tally = stage.all(&token(&stored)).await;
            tally.failures() == 0 && tally.tokens.into_iter().eq([unseen.clone()])
        })
        .await;
        assert_eq!((stage.issued(&kept), stage.issued(&stored)), (0, 0), "frozen");

        // Each way takes its time, and less than a command may take.
        let delay = |stage: &Stage, milliseconds: u64| {
            for way in [Way::There, Way::Back] {
                stage.hubs.iter().for_each(|hub| hub.redis.delay(way, Duration::from_millis(milliseconds)));
            }
        };
        delay(&stage, 100);
        let tally = stage.all(&token(&slow)).await;
        row.count(&tally);
        assert_all_succeeded(&tally, 10 * HUBS, "slow");
        assert_eq!(stage.issued(&slow), 1, "slow");
        // More than a command may take.
        let known = stage.seed(&unread).await;
        delay(&stage, 1200);
        is_down(&mut stage, row, &token(&kept), &token(&unread)).await;
        delay(&stage, 0);
        eventually(LONG, "it is read again", async || {
            let tally = stage.all(&token(&unread)).await;
            tally.failures() == 0 && tally.tokens.into_iter().eq([known.clone()])
        })
        .await;
        assert_eq!((stage.issued(&kept), stage.issued(&unread)), (0, 0), "too slow");

        // What Redis says to who begins, and to who commits, is lost with the connection: it is asked again, and knows them.
        let refused = stage.seed(&begun).await;
        assert_all_succeeded(
            &stage.all(&token(&begun)).await,
            10 * HUBS,
            "all have one that is refused then",
        );
        stage.account(&begun).revoke(Line::Classic);
        stage.hubs[0].redis.drop_answers(1);
        let report = Stage::work(&begun, Does::Report(refused), 10, LONG);
        let mut tally = stage.all_of(&[0], &report).await;
        stage.hubs[0].redis.dropped(1).await;
        assert!(
            tally.longest < AT_ONCE,
            "nobody waits for the lease of one who does not know that it leads: {tally:?}"
        );
        tally = tally.and(stage.all(&report).await);
        row.count(&tally);
        assert_all_succeeded(&tally, 10 + 10 * HUBS, "who was not told that it leads");
        assert_eq!(stage.issued(&begun), 1);
        stage.hubs[0].wechat.hold(Way::Back);
        stage.begin(0, &token(&bought)).await;
        stage.hubs[0].wechat.held(Way::Back).await;
        stage.hubs[0].redis.drop_answers(1);
        stage.hubs[0].wechat.release(Way::Back);
        let tally = stage.rest(0).await.and(stage.all(&token(&bought)).await);
        row.count(&tally);
        assert_all_succeeded(&tally, 10 + 10 * HUBS, "whose commit was not answered");
        stage.hubs[0].redis.dropped(2).await;
        assert_eq!((stage.issued(&bought), stage.stored(&bought).await), (1, stage.current(&bought)));

        // What is bought while Redis stands still is used where it was bought, and stored when Redis goes on.
        stage.hubs[0].wechat.hold(Way::Back);
        stage.begin(0, &token(&midway)).await;
        stage.hubs[0].wechat.held(Way::Back).await;
        stage.redis().freeze();
        stage.hubs[0].wechat.release(Way::Back);
        let tally = stage.rest(0).await;
        stage.redis().resume();
        let tally = tally.and(stage.all(&token(&midway)).await);
        row.count(&tally);
        assert_all_succeeded(&tally, 10 + 10 * HUBS, "frozen in mid-refresh");
        assert_eq!((stage.issued(&midway), stage.stored(&midway).await), (1, stage.current(&midway)));

        let mut tally = Tally::default();
        for _ in 0..5 {
            stage.hubs.iter().for_each(|hub| hub.redis.refuse(true));
            stage.hubs.iter().for_each(|hub| hub.redis.cut());
            tally = tally.and(stage.all(&token(&kept)).await);
            stage.hubs.iter().for_each(|hub| hub.redis.refuse(false));
            tally = tally.and(stage.all(&token(&kept)).await);
        }
        row.count(&tally);
        assert_all_succeeded(&tally, 100 * HUBS, "flapping");
        assert_eq!(tally.tokens.into_iter().collect::<Vec<_>>(), [live]);
        assert_eq!(stage.issued(&kept), 0, "flapping");

        // In its last minutes, a token is to be refreshed behind the callers' backs, and is not.
        stage.redis().kill();
        stage.pass(4000).await;
        is_down(&mut stage, row, &token(&kept), &token(&cold)).await;
        is_down(&mut stage, row, &token(&ageing), &token(&cold)).await;
        let issued = [&kept, &ageing, &cold].map(|appid| stage.issued(appid));
        assert_eq!(issued, [0; 3], "killed");
        row.issued(0, "while it is down");

        stage.redis().restart();
        for appid in [&cold, &ageing, &kept] {
            eventually(LONG, "all have what they need again", async || {
                stage.all(&token(appid)).await.failures() == 0
            })
            .await;
        }
        let crowd = stage.all(&token(&cold)).await;
        row.count(&crowd);
        assert_all_succeeded(&crowd, 10 * HUBS, "again");
        eventually(LONG, "the one that has aged is refreshed", async || {
            // How often that is tried goes by the hubs' clocks.
            stage.pass(1).await;
            stage.all(&token(&ageing)).await.failures() == 0 && stage.issued(&ageing) > 0
        })
        .await;
        stage.until_stored_is_current(&ageing, SLACK).await;
        let issued = [&kept, &ageing, &cold].map(|appid| stage.issued(appid));
        row.issued(issued.into_iter().sum(), "when it is back");
        assert_eq!(issued, [0, 1, 1], "when it is back");
    })
    .await;
}

/// Who has a copy that lives is served at once; who has none is told that the store is to blame, and WeChat is not asked.
async fn is_down(stage: &mut Stage, row: &mut Row, have: &Work, have_none: &Work) {
    let served = stage.all(have).await;
    row.count(&served);
    assert_all_succeeded(&served, have.callers * HUBS, "with a copy");
    assert!(served.longest < AT_ONCE, "nobody waits: {served:?}");
    let told = stage.all(have_none).await;
    row.count(&told);
    assert_eq!(told.failed.get("Storage"), Some(&(have_none.callers * HUBS)), "without a copy: {told:?}");
    assert!(told.longest < STORE + SLACK, "{told:?}");
}
