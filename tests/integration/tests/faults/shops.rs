//! Rows 8 and 13: what is stored is lost, and what must not be lost.

use wechat_integration_tests::fault_proxy::Way;
use wechat_integration_tests::orders::Does;
use wechat_integration_tests::redis_server;
use wechat_simulator::RefreshTokens;

use crate::stage::{HUBS, LONG, Setting, Stage, assert_all_succeeded, eventually};
use crate::{durable, row};

/// The refresh token that is stored of the account, beside the one that WeChat takes.
async fn refresh_tokens(stage: &Stage) -> (Option<String>, String) {
    let stored = stage.stored_shop().await;
    let stored = stored.as_ref().and_then(|record| record.refresh_token());
    let authorizer = stage.component().authorizer(&stage.shop).expect("it has authorized the component");
    (stored.map(|token| token.expose().to_owned()), authorizer.refresh_token())
}

#[track_caller]
fn assert_is_kept((stored, good): (Option<String>, String)) {
    assert!(stored == Some(good), "the refresh token that is stored is not the one that WeChat takes");
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_08_what_is_stored_is_lost_or_restarted_and_each_token_is_fetched_once() {
    let did = "Redis and 4 hub processes are killed and restarted; then FLUSHALL, and the processes again: 320 callers each \
               time; then FLUSHALL in mid-refresh";
    let holds = "a restart costs nothing; after FLUSHALL each token is fetched once, and the refresh token found in the list";
    row(8, did, holds, durable, async |row, redis| {
        let mut stage = Stage::set(Setting::on(redis)).await;
        let (appid, shop) = (stage.appid().to_owned(), stage.shop.clone());
        let code = stage.component().authorize(&shop).authorization_code().to_owned();
        let exchanged = stage.all_of(&[0], &stage.shop_work(Does::Exchange(code), 1)).await;
        assert_all_succeeded(&exchanged, 1, "exchanging the authorization");
        let own = Stage::work(&appid, Does::Token, 20, LONG);
        let shops = stage.shop_work(Does::Call, 20);
        let crowd = async |stage: &mut Stage| stage.all(&own).await.and(stage.all(&shops).await);
        let issued = |stage: &Stage| (stage.issued(&appid), stage.issued_to_component());

        assert_all_succeeded(&crowd(&mut stage).await, 40 * HUBS, "at first");
        assert_eq!(issued(&stage), (1, (1, 0)), "the account's came with its authorization");
        assert_is_kept(refresh_tokens(&stage).await);

        stage.hubs.iter_mut().for_each(|hub| hub.process.kill());
        stage.redis().kill();
        stage.redis().restart();
        stage.start_hubs().await;
        let tally = crowd(&mut stage).await;
        row.count(&tally);
        assert_all_succeeded(&tally, 40 * HUBS, "after a restart");
        assert_eq!(issued(&stage), (1, (1, 0)), "after a restart");
        row.issued(0, "after the restart");

        // Who has a copy that lives need not know.
        stage.redis().flush();
        let tally = crowd(&mut stage).await;
        row.count(&tally);
        assert_all_succeeded(&tally, 40 * HUBS, "with copies, after FLUSHALL");
        assert_eq!(issued(&stage), (1, (1, 0)), "with copies, after FLUSHALL");

        stage.hubs.iter_mut().for_each(|hub| hub.process.kill());
        stage.pass_without_hubs(600);
        stage.redis().flush();
        stage.without_verify_tickets = true;
        stage.start_hubs().await;
        assert_eq!(stage.stored_shop().await, None);
        // WeChat pushes it every ten minutes.
        assert!(stage.push_verify_ticket().await);
        let tally = crowd(&mut stage).await;
        row.count(&tally);
        row.issued(3, "after FLUSHALL, one of each kind");
        assert_all_succeeded(&tally, 40 * HUBS, "after FLUSHALL");
        assert_eq!(issued(&stage), (2, (2, 1)), "after FLUSHALL");
        assert_is_kept(refresh_tokens(&stage).await);
        assert_eq!(stage.stored(&appid).await, stage.current(&appid));

        // A leader's turn is forgotten, another leads, and the first one's commit comes last.
        let other = stage.appids[1].clone();
        let token = Stage::work(&other, Does::Token, 1, LONG);
        stage.hubs[0].wechat.hold(Way::Back);
        stage.begin(0, &token).await;
        stage.hubs[0].wechat.held(Way::Back).await;
        stage.hubs[0].redis.hold(Way::There);
        stage.hubs[0].wechat.release(Way::Back);
        stage.hubs[0].redis.held(Way::There).await;
        stage.redis().flush();
        let tally = stage.all_of(&[1], &token).await;
        stage.hubs[0].redis.release(Way::There);
        let tally = tally.and(stage.rest(0).await).and(stage.all_of(&[2, 3], &token).await);
        row.count(&tally);
        row.issued(stage.issued(&other), "by two leaders, of whom FLUSHALL has made one forgotten");
        assert_all_succeeded(&tally, HUBS, "FLUSHALL in mid-refresh");
        assert_eq!((stage.issued(&other), stage.stored(&other).await), (2, stage.current(&other)));
    })
    .await;
}

/// What comes last of a refresh in whose midst the account authorizes anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Request,
    Answer,
    Commit,
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_13_the_refresh_token_of_an_authorization_anew_survives_a_refresh_that_ends_later() {
    let did = "an account authorizes anew, by one hub process, while another refreshes its token, whose request, answer or \
               commit comes last";
    row(
        13,
        did,
        "the new refresh token survives, and all can call",
        redis_server::start,
        async |row, redis| {
            let mut stage = Stage::set(Setting::on(redis)).await;
            let shop = stage.shop.clone();
            let code = stage.component().authorize(&shop).authorization_code().to_owned();
            assert_all_succeeded(
                &stage.all_of(&[0], &stage.shop_work(Does::Exchange(code), 1)).await,
                1,
                "at first",
            );
            let call = stage.shop_work(Does::Call, 10);
            assert_all_succeeded(&stage.all(&call).await, 10 * HUBS, "at first");
            let refreshed = stage.issued_to_component().1;

            for last in [Last::Request, Last::Answer, Last::Commit] {
                stage.pass(7201).await;
                // The component's own token is there, so that the next call is the account's.
                let other = stage.component().authorize(&format!("{shop}{last:?}"));
                let other = Does::Exchange(other.authorization_code().to_owned());
                assert_all_succeeded(
                    &stage.all_of(&[1], &stage.shop_work(other, 1)).await,
                    1,
                    "another account",
                );

                let (held, refresh_tokens_are) = match last {
                    Last::Request => (Way::There, RefreshTokens::Rotated),
                    Last::Answer | Last::Commit => (Way::Back, RefreshTokens::Rotated),
                };
                stage.component().set_refresh_tokens(refresh_tokens_are);
                stage.hubs[1].wechat.hold(held);
                stage.begin(1, &stage.shop_work(Does::Token, 1)).await;
                stage.hubs[1].wechat.held(held).await;
                if last == Last::Commit {
                    stage.hubs[1].redis.hold(Way::There);
                    stage.hubs[1].wechat.release(held);
                    stage.hubs[1].redis.held(Way::There).await;
                }
                let code = stage.component().reauthorize(&shop).authorization_code().to_owned();
                let exchanged = stage.all_of(&[2], &stage.shop_work(Does::Exchange(code), 1)).await;
                row.count(&exchanged);
                assert_all_succeeded(&exchanged, 1, "authorizing anew");
                assert_is_kept(refresh_tokens(&stage).await);

                stage.hubs[1].wechat.thaw();
                stage.hubs[1].redis.thaw();
                let leading = stage.rest(1).await;
                row.count(&leading);
                assert_all_succeeded(&leading, 1, "who asked for the refresh");
                assert_is_kept(refresh_tokens(&stage).await);
                let tally = stage.all(&call).await;
                row.count(&tally);
                assert_all_succeeded(&tally, 10 * HUBS, "all can call");
                assert_is_kept(refresh_tokens(&stage).await);
            }
            row.issued(stage.issued_to_component().1 - refreshed, "by refresh");

            // With the new one, the next token is bought.
            stage.pass(7201).await;
            eventually(LONG, "all can call when it has expired", async || {
                stage.all(&call).await.failures() == 0
            })
            .await;
            assert_is_kept(refresh_tokens(&stage).await);
        },
    )
    .await;
}
