//! Rows 3, 4 and 5: a leader who is late, dead, or stands still.

use std::time::Instant;

use wechat_integration_tests::fault_proxy::Way;
use wechat_integration_tests::orders::{Does, Tally};
use wechat_integration_tests::redis_server;
use wechat_simulator::Line;

use crate::board::Row;
use crate::row;
use crate::stage::{
    AT_ONCE, HUBS, LEASE_AND_CALL, LONG, SLACK, Setting, Stage, assert_all_succeeded, eventually,
};

/// How long a replaced token works still, in seconds.
const OVERLAP: u64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn fault_03_an_older_answer_that_arrives_last_overwrites_nothing() {
    let did = "the leader's commit is held on its way to Redis past its lease, and arrives after another leader's; then a \
               request that was given up arrives after another leader's";
    let holds = "stored is what WeChat accepts, also after the overlap; n ≤ 3 each";
    row(3, did, holds, redis_server::start, async |row, redis| {
        let mut stage = Stage::set(Setting::on(redis).brisk()).await;
        let [commit, request] = [0, 1].map(|index| stage.appids[index].clone());
        commit_held(&mut stage, &commit).await;
        let older = stage.current(&commit).unwrap();
        let newer = taken_over(&mut stage, row, &commit).await;
        assert_ne!(newer, older);
        arrives(&stage).await;
        ended(&mut stage, row, 1).await;
        settled(&mut stage, row, &[commit], 2).await;

        // Nobody can know of it that it comes still: it is as if something else had fetched a token.
        stage.hubs[0].wechat.hold(Way::There);
        lead(&mut stage, &request).await;
        stage.hubs[0].wechat.held(Way::There).await;
        ended(&mut stage, row, 1).await;
        let others = Stage::work(&request, Does::Token, 5, LONG);
        eventually(SLACK, "another leads", async || stage.all_of(&[1, 2, 3], &others).await.failures() == 0)
            .await;
        stage.hubs[0].wechat.release(Way::There);
        stage.until_issued(&request, 2).await;
        assert_ne!(stage.current(&request), stage.stored(&request).await);
        stage.pass(OVERLAP + 1).await;
        let calls = Stage::work(&request, Does::Call, 5, LONG);
        let tally = stage.all(&calls).await;
        row.count(&tally);
        row.issued(stage.issued(&request), "");
        assert_all_succeeded(&tally, 5 * HUBS, "after the overlap");
        assert_eq!((stage.issued(&request), stage.stored(&request).await), (3, stage.current(&request)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_05_a_leader_that_stood_still_past_its_lease_commits_nothing() {
    let did = "SIGSTOP of the leader (of 4 accounts) in mid-call, SIGCONT after others have led: its requests, its answers or \
               a commit are on the way meanwhile";
    let holds = "its commit is refused, stored is what WeChat accepts at the end; n ≤ 3 each";
    row(5, did, holds, redis_server::start, async |row, redis| {
        let mut stage = Stage::set(Setting::on(redis).brisk()).await;
        for (way, appids) in [(Way::There, 0..4), (Way::Back, 4..8)] {
            // Of several, some are answered before their time is noticed to be over, and some after.
            let appids = stage.appids[appids].to_vec();
            stage.hubs[0].wechat.hold(way);
            for appid in &appids {
                lead(&mut stage, appid).await;
            }
            stage.hubs[0].wechat.held_of(way, appids.len()).await;
            stage.hubs[0].process.freeze();
            let mut newer = Vec::new();
            for appid in &appids {
                newer.push(taken_over(&mut stage, row, appid).await);
            }
            stage.hubs[0].wechat.release(way);
            for (appid, newer) in appids.iter().zip(newer) {
                // What arrives last is a request of before: then what those have bought who led since is the older token.
                stage.until_issued(appid, 2).await;
                assert_eq!(stage.current(appid) == Some(newer), way == Way::Back);
            }
            stage.hubs[0].process.resume();
            ended(&mut stage, row, appids.len()).await;
            // Which of two that were issued is the newer one, the process cannot tell that stood still: so there is a third.
            settled(&mut stage, row, &appids, 3).await;
        }

        let commit = stage.appids[8].clone();
        commit_held(&mut stage, &commit).await;
        stage.hubs[0].process.freeze();
        taken_over(&mut stage, row, &commit).await;
        arrives(&stage).await;
        stage.hubs[0].process.resume();
        ended(&mut stage, row, 1).await;
        settled(&mut stage, row, &[commit], 2).await;
    })
    .await;
}

/// Has one caller of the first hub lead.
async fn lead(stage: &mut Stage, appid: &str) {
    stage.begin(0, &Stage::work(appid, Does::Token, 1, LONG)).await;
}

/// Waits for the first hub's callers, who have led. Each has an answer; that it may be an error is no matter, where its
/// process stood still, or had no answer itself.
async fn ended(stage: &mut Stage, row: &mut Row, callers: usize) {
    let tally = stage.rest(0).await;
    row.count(&tally);
    assert_eq!(tally.succeeded + tally.failures(), callers, "{tally:?}");
    assert!(tally.longest < LONG, "{tally:?}");
}

/// Has the first hub lead, and holds its commit on the way to Redis.
async fn commit_held(stage: &mut Stage, appid: &str) {
    stage.hubs[0].wechat.hold(Way::Back);
    lead(stage, appid).await;
    stage.hubs[0].wechat.held(Way::Back).await;
    stage.hubs[0].redis.hold(Way::There);
    stage.hubs[0].wechat.release(Way::Back);
    stage.hubs[0].redis.held(Way::There).await;
}

/// Lets the first hub's commit go on to Redis, and waits until it is there.
async fn arrives(stage: &Stage) {
    let redis = &stage.hubs[0].redis;
    let passed = redis.passed(Way::There);
    redis.release(Way::There);
    eventually(SLACK, "the commit arrives", async || redis.passed(Way::There) > passed).await;
}

/// Callers of the other hubs wait for the lease to run out, and one of these leads: answers with what is stored then.
async fn taken_over(stage: &mut Stage, row: &mut Row, appid: &str) -> String {
    let tally = stage.all_of(&[1, 2, 3], &Stage::work(appid, Does::Token, 5, LONG)).await;
    row.count(&tally);
    assert_all_succeeded(&tally, 15, "who waits for a leader that is gone");
    assert!(tally.longest < LEASE_AND_CALL + SLACK, "{tally:?}");
    assert_eq!(tally.tokens.len(), 1, "they have the same");
    let stored = stage.stored(appid).await;
    assert_eq!(tally.tokens.into_iter().next(), stored, "it is the one that is stored");
    stored.unwrap()
}

/// The stored tokens are the current ones in the end, when so many are issued; and stay it, when those before are dead.
async fn settled(stage: &mut Stage, row: &mut Row, appids: &[String], issued: usize) {
    let work = |appid: &str, does: Does| Stage::work(appid, does, 1, LONG);
    for appid in appids {
        eventually(LEASE_AND_CALL + SLACK, "the stored token is the current one", async || {
            assert_all_succeeded(&stage.all(&work(appid, Does::Token)).await, HUBS, "while it settles");
            stage.issued(appid) >= issued && stage.stored(appid).await == stage.current(appid)
        })
        .await;
    }
    stage.pass(OVERLAP + 1).await;
    for appid in appids {
        assert_eq!(stage.stored(appid).await, stage.current(appid), "after the overlap");
        let tally = stage.all(&work(appid, Does::Call)).await;
        row.count(&tally);
        row.issued(stage.issued(appid), "");
        assert_all_succeeded(&tally, HUBS, "after the overlap");
        assert_eq!(stage.issued(appid), issued);
        assert_eq!(stage.stored(appid).await, stage.current(appid));

        // What the one had that was late is not taken for good later on, either.
        stage.account(appid).revoke(Line::Classic);
        let tally = stage.all_of(&[0], &work(appid, Does::Call)).await;
        let tally = tally.and(stage.all(&work(appid, Does::Call)).await);
        row.count(&tally);
        assert_all_succeeded(&tally, 1 + HUBS, "with the next one");
        assert_eq!(stage.issued(appid), issued + 1, "the next one");
        assert_eq!(stage.stored(appid).await, stage.current(appid));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_04_a_leader_that_is_killed_in_mid_call_is_followed_within_its_lease() {
    let did = "SIGKILL of the leader while WeChat's answer is on its way to it: with a live old token, then with none";
    let holds = "taken over within the lease, the live old token is served meanwhile, n ≤ 2 each";
    row(4, did, holds, redis_server::start, async |row, redis| {
        let mut stage = Stage::set(Setting::on(redis).brisk()).await;
        let appid = stage.appid().to_owned();
        let old = stage.seed(&appid).await;
        let token = |callers| Stage::work(&appid, Does::Token, callers, LONG);
        assert_all_succeeded(&stage.all(&token(1)).await, HUBS, "all have it");

        // In its last minutes it is served, and refreshed behind the callers' backs.
        stage.pass(7000).await;
        stage.hubs[0].wechat.hold(Way::Back);
        let tally = stage.all_of(&[0], &token(1)).await;
        assert_eq!(tally.tokens.first(), Some(&old));
        stage.hubs[0].wechat.held(Way::Back).await;
        stage.hubs[0].process.kill();
        stage.hubs.remove(0);
        let killed_at = Instant::now();
        let mut meanwhile = Tally::default();
        eventually(LEASE_AND_CALL + SLACK, "another leads", async || {
            meanwhile = std::mem::take(&mut meanwhile).and(stage.all(&token(5)).await);
            stage.stored(&appid).await != Some(old.clone())
        })
        .await;
        row.count(&meanwhile);
        assert_eq!(meanwhile.failures(), 0, "{meanwhile:?}");
        assert!(meanwhile.longest < AT_ONCE, "nobody waits: {meanwhile:?}");
        assert!(meanwhile.tokens.contains(&old) && meanwhile.tokens.len() <= 2, "{meanwhile:?}");
        assert!(killed_at.elapsed() < LEASE_AND_CALL + SLACK);
        row.issued(stage.issued(&appid), "with an old one");
        assert_eq!(stage.issued(&appid), 2, "one of the dead leader's, and one");
        let new = stage.stored(&appid).await;
        assert_eq!(new, stage.current(&appid));
        eventually(SLACK, "all have the new one", async || {
            stage.all(&token(1)).await.tokens.into_iter().eq(new.clone())
        })
        .await;
        assert_eq!(stage.issued(&appid), 2);

        // With none that lives, whoever asks waits for the dead one's lease at most, and a call.
        stage.pass(7201).await;
        stage.hubs[0].wechat.hold(Way::Back);
        stage.begin(0, &token(1)).await;
        stage.hubs[0].wechat.held(Way::Back).await;
        stage.begin(1, &token(10)).await;
        stage.begin(2, &token(10)).await;
        stage.hubs[0].process.kill();
        let tally = stage.rest(1).await.and(stage.rest(2).await);
        row.count(&tally);
        let issued = stage.issued(&appid) - 2;
        row.issued(issued, "with none");
        assert_all_succeeded(&tally, 20, "who waits for the dead one");
        assert!(tally.longest < LEASE_AND_CALL + SLACK, "{tally:?}");
        assert!(issued <= 2, "{issued}");
        assert_eq!(tally.tokens.into_iter().next(), stage.current(&appid));
        assert_eq!(stage.stored(&appid).await, stage.current(&appid));
    })
    .await;
}
