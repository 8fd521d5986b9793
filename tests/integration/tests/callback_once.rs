//! Every push is handled once: retries, slow handlers, failures, panics, callers that hang up, crowds.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use wechat_integration_tests::asking::{LONG, Line};
use wechat_integration_tests::callbacks::{
    Count, Desk, KEY, Noted, Server, TOKEN, Wechat, a_text, at, pushed, said, words,
};
use wechat_integration_tests::in_time;
use wechat_runtime::callback::{self, Incoming, Reply, Settings};
use wechat_simulator::{Answer, Callback, Delivery};

/// A limit that is to strike in real time, when everything but the handler is done long since.
const SHORT: Duration = Duration::from_millis(500);

fn statuses(delivery: &Delivery) -> Vec<Option<u16>> {
    delivery.attempts.iter().map(|attempt| attempt.status).collect()
}

#[tokio::test]
async fn a_slow_handler_is_answered_for_at_the_limit_and_goes_on_to_its_end() {
    let (wechat, desk, seen) = (Wechat::new().await, Desk::default(), Noted::default());
    let settings = wechat.settings().reply_within(SHORT).seen(seen.clone());
    let server = Server::start(at(callback::service(settings, desk.handler(Reply::text("late"))))).await;
    let (pusher, push) = (wechat.safe(server.at()), a_text());
    let delivery = pusher.push(push.clone()).await;
    assert_eq!((delivery.answer(), delivery.tries()), (&Answer::Success, 1), "in the first try");
    assert_eq!((desk.begun.get(), desk.ended.get()), (1, 0), "and before the handler ends");
    assert_eq!(pusher.push(push.clone()).await.answer(), &Answer::Success, "as long as it runs");
    desk.let_go();
    seen.done.reached(1).await;
    assert_eq!((desk.begun.get(), desk.ended.get()), (1, 1));
    assert_eq!(pusher.push(push).await.answer(), &Answer::Success, "and after that; the reply is lost");
    assert_eq!((desk.begun.get(), seen.failed.get()), (1, 0));
}

/// WeChat hangs up after 5 s, and pushes the same again.
#[tokio::test]
async fn a_retry_while_the_handler_is_under_way_does_not_run_it_again() {
    let (wechat, desk) = (Wechat::new().await, Desk::default());
    let server =
        Server::start(at(callback::service(wechat.settings(), desk.handler(Reply::text("late"))))).await;
    let hasty = wechat.pusher(Callback::encrypted(server.at(), TOKEN, KEY).timeout(SHORT));
    let delivery = hasty.push(a_text()).await;
    assert_eq!(delivery.attempts[0].answer, Answer::NoAnswer);
    assert_eq!((delivery.answer(), delivery.tries()), (&Answer::Success, 2));
    assert_eq!((desk.begun.get(), desk.ended.get()), (1, 0));
    desk.let_go();
    desk.ended.reached(1).await;
    assert_eq!(desk.begun.get(), 1);
}

/// A handler that goes wrong so often, in this way, before it replies.
fn going_wrong(
    times: usize,
    runs: &Count,
    panics: bool,
) -> impl Fn(Incoming) -> std::future::Ready<Result<Reply, String>> + Clone + Send + Sync + use<> {
    let runs = runs.clone();
    move |_| {
        runs.add();
        let wrong = runs.get() <= times;
        assert!(!(wrong && panics), "the handler fell down");
        let outcome = if wrong { Err("the handler failed".to_owned()) } else { Ok(Reply::text("at last")) };
        std::future::ready(outcome)
    }
}

#[tokio::test]
async fn a_push_whose_handler_fails_or_panics_is_pushed_again_and_handled_then() {
    let wechat = Wechat::new().await;
    for panics in [false, true] {
        for (times, tries) in [(1, 2), (2, 3)] {
            let runs = Count::default();
            let service = callback::service(wechat.settings(), going_wrong(times, &runs, panics));
            let server = Server::start(at(service)).await;
            let delivery = wechat.safe(server.at()).push(a_text()).await;
            let reply = delivery.reply().unwrap_or_else(|| panic!("{delivery:?}"));
            assert_eq!(reply.get("Content"), Some("at last"));
            assert_eq!((delivery.tries(), runs.get()), (tries, tries));
            let failed = Answer::Refused { status: 500, body: "not handled".to_owned() };
            assert_eq!(delivery.attempts[0].answer, failed, "it is not told why");
        }
    }
}

#[tokio::test]
async fn a_handler_that_always_fails_is_asked_as_often_as_wechat_pushes_and_others_are_served() {
    let (wechat, runs) = (Wechat::new().await, Count::default());
    let service = callback::service(wechat.settings(), going_wrong(4, &runs, true));
    let server = Server::start(at(service)).await;
    let pusher = wechat.safe(server.at());
    let push = a_text();
    assert_eq!(statuses(&pusher.push(push.clone()).await), [Some(500); 3]);
    assert_eq!(runs.get(), 3);
    let delivery = pusher.push(a_text()).await;
    assert_eq!(statuses(&delivery), [Some(500), Some(200)], "the server lives");
    assert!(pusher.push(push).await.reply().is_some(), "what failed may come again");
    assert_eq!(runs.get(), 6);
}

/// The time of this runtime passes only when everybody waits.
#[tokio::test(start_paused = true)]
async fn a_push_is_answered_after_four_and_a_half_seconds_and_not_before() {
    let (wechat, desk) = (Wechat::new().await, Desk::default());
    let clock = wechat.sim.clock();
    let settings = Settings::new(wechat.keys()).clock(move || clock.now());
    let router = at(callback::service(settings, desk.handler(Reply::text("late"))));
    let began = tokio::time::Instant::now();
    assert_eq!(said(&router, &wechat.signed(&a_text())).await, words(200));
    let took = began.elapsed();
    assert!((4500..4510).contains(&took.as_millis()), "{took:?}");
    assert_eq!((desk.begun.get(), desk.ended.get()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_fails_after_success_was_answered_is_not_run_again() {
    let (wechat, desk, seen) = (Wechat::new().await, Desk::default(), Noted::default());
    let settings = wechat.settings().reply_within(SHORT).seen(seen.clone());
    let failing = desk.handler(Err::<Reply, _>("it failed in the end"));
    let router = at(callback::service(settings, failing));
    let signed = wechat.signed(&a_text());
    assert_eq!(said(&router, &signed).await, words(200));
    desk.let_go();
    seen.done.reached(1).await;
    assert_eq!(said(&router, &signed).await, words(200));
    assert_eq!((desk.begun.get(), seen.failed.get()), (1, 0), "what was answered `success` is done with");
}

#[tokio::test]
async fn a_caller_that_hangs_up_ends_nothing_and_its_retry_runs_nothing_again() {
    let (wechat, desk, seen) = (Wechat::new().await, Desk::default(), Noted::default());
    let settings = wechat.settings().seen(seen.clone());
    let router = at(callback::service(settings, desk.handler(Reply::text("nobody listens"))));
    let signed = wechat.signed(&a_text());
    let asking = tokio::spawn({
        let (router, signed) = (router.clone(), signed.clone());
        async move { pushed(&router, &signed).await }
    });
    desk.begun.reached(1).await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    assert_eq!(said(&router, &signed).await, words(200), "while it runs");
    desk.let_go();
    seen.done.reached(1).await;
    assert_eq!(said(&router, &signed).await, words(200), "after it ran");
    assert_eq!((desk.begun.get(), desk.ended.get()), (1, 1));

    // The same on the wire.
    let server = Server::start(router).await;
    let signed = wechat.safe(server.at()).sign(&a_text());
    let path = signed.url.strip_prefix(&*server.url).unwrap();
    let (body, length) = (&signed.body, signed.body.len());
    let mut line = Line::to(server.url.trim_start_matches("http://").parse().unwrap()).await;
    line.write(format!("POST {path} HTTP/1.1\r\nhost: here\r\ncontent-length: {length}\r\n\r\n{body}")).await;
    desk.begun.reached(2).await;
    drop(line);
    let retried = wechat.safe(server.at()).send(signed).await;
    assert_eq!(retried.answer, Answer::Success);
    desk.let_go();
    seen.done.reached(2).await;
    assert_eq!((desk.begun.get(), desk.ended.get()), (2, 2));
}

#[tokio::test]
async fn what_fails_after_the_caller_hung_up_is_handled_when_it_comes_again() {
    let (wechat, desk, seen) = (Wechat::new().await, Desk::default(), Noted::default());
    let settings = wechat.settings().seen(seen.clone());
    let router = at(callback::service(settings, desk.handler(Err::<Reply, _>("it failed"))));
    let signed = wechat.signed(&a_text());
    let asking = tokio::spawn({
        let (router, signed) = (router.clone(), signed.clone());
        async move { pushed(&router, &signed).await }
    });
    desk.begun.reached(1).await;
    asking.abort();
    assert!(asking.await.is_err());
    desk.let_go();
    seen.failed.reached(1).await;
    desk.let_go();
    assert_eq!(said(&router, &signed).await, words(500));
    assert_eq!(desk.begun.get(), 2);
}

const CROWD: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_of_the_same_push_at_once_are_handled_once() {
    let (wechat, desk, others) = (Wechat::new().await, Desk::default(), Count::default());
    let server =
        Server::start(at(callback::service(wechat.settings(), desk.handler(Reply::text("one"))))).await;
    let pusher = wechat.safe(server.at());
    let signed = pusher.sign(&a_text());
    let all = (0..CROWD).map(|_| {
        let (pusher, signed, others) = (pusher.clone(), signed.clone(), others.clone());
        tokio::spawn(async move {
            let answer = pusher.send(signed).await.answer;
            others.add();
            answer
        })
    });
    let all: Vec<_> = all.collect();
    // All but the one that is handled are answered before it is.
    others.reached(CROWD - 1).await;
    assert_eq!((desk.begun.get(), desk.ended.get()), (1, 0));
    desk.let_go();
    let answers: Vec<_> = in_time(join_all(all)).await.into_iter().map(Result::unwrap).collect();
    let replies = answers.iter().filter(|answer| matches!(answer, Answer::Reply(_))).count();
    let successes = answers.iter().filter(|answer| **answer == Answer::Success).count();
    assert_eq!((replies, successes, desk.begun.get()), (1, CROWD - 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_at_once_do_not_wait_for_each_other() {
    let (wechat, barrier) = (Wechat::new().await, Arc::new(tokio::sync::Barrier::new(CROWD)));
    let meeting = move |_: Incoming| {
        let barrier = barrier.clone();
        async move {
            barrier.wait().await;
            Reply::text("together")
        }
    };
    let server = Server::start(at(callback::service(wechat.settings(), meeting))).await;
    let pusher = wechat.pusher(Callback::encrypted(server.at(), TOKEN, KEY).timeout(LONG).tries(1));
    let all = (0..CROWD).map(|_| pusher.push(a_text()));
    assert!(in_time(join_all(all)).await.iter().all(|delivery| delivery.reply().is_some()));
}
