//! What is old: pushes of the past and the future, pushed again, signed anew, encrypted anew.

use std::time::Duration;

use axum::Router;
use wechat_integration_tests::callbacks::{
    Inbox, KEY, TOKEN, Wechat, a_text, at, nowhere, said, signed_anew, words,
};
use wechat_runtime::callback::{self, Keys};
use wechat_simulator::{Callback, Push, Pusher};

fn service(wechat: &Wechat) -> (Router, Inbox) {
    let inbox = Inbox::default();
    (at(callback::service(wechat.settings(), inbox.noting())), inbox)
}

/// The time of the platform, and of a service whose clock stands still.
fn still(wechat: &Wechat, keys: Keys) -> (Router, Inbox) {
    let (inbox, now) = (Inbox::default(), wechat.sim.clock().now());
    let settings = wechat.settings_of(keys).clock(move || now);
    (at(callback::service(settings, inbox.noting())), inbox)
}

#[tokio::test]
async fn a_push_is_taken_within_the_window_and_refused_beyond_it() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat);
    for (later, status) in [(0, 200), (299, 200), (300, 200), (301, 403), (86_400, 403)] {
        let signed = wechat.signed(&a_text());
        wechat.pass(later);
        assert_eq!(said(&router, &signed).await, words(status), "{later} s later");
        assert_eq!(inbox.take().len(), usize::from(status == 200), "{later} s later");
    }
}

#[tokio::test]
async fn a_push_of_the_future_is_taken_within_the_window_and_refused_beyond_it() {
    let wechat = Wechat::new().await;
    let plain = wechat.pusher(Callback::plain(nowhere(), TOKEN));
    for (keys, pusher) in [(wechat.keys(), wechat.safe(nowhere())), (Keys::plain(TOKEN).unwrap(), plain)] {
        let (router, inbox) = still(&wechat, keys);
        let before = wechat.sim.clock().now();
        for (ahead, status) in [(300, 200), (301, 403)] {
            wechat.sim.clock().set(before + Duration::from_secs(ahead));
            assert_eq!(said(&router, &pusher.sign(&a_text())).await, words(status), "{ahead} s ahead");
            assert_eq!(inbox.take().len(), usize::from(status == 200), "{ahead} s ahead");
        }
        wechat.sim.clock().set(before);
    }
}

/// The query may be fresh, and what was said old, and the other way round.
#[tokio::test]
async fn both_when_it_was_signed_and_when_it_was_made_have_to_be_fresh() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat);
    let now = wechat.sim.clock().unix();
    for (made, status) in [(now - 300, 200), (now + 300, 200), (now - 301, 403), (now + 301, 403), (0, 403)] {
        let signed = wechat.signed(&a_text().create_time(made));
        assert_eq!(said(&router, &signed).await, words(status), "made at {made}, {now}");
        assert_eq!(inbox.take().len(), usize::from(status == 200));
    }
    for (signed_at, status) in
        [(now - 300, 200), (now + 300, 200), (now - 301, 403), (now + 301, 403), (0, 403), (u64::MAX, 403)]
    {
        let signed = signed_anew(&wechat.signed(&a_text()), signed_at);
        assert_eq!(said(&router, &signed).await, words(status), "signed at {signed_at}, {now}");
        assert_eq!(inbox.take().len(), usize::from(status == 200));
    }
}

#[tokio::test]
async fn the_window_is_that_of_the_settings() {
    let (wechat, inbox) = (Wechat::new().await, Inbox::default());
    let settings = wechat.settings().freshness(Duration::from_secs(5));
    let router = at(callback::service(settings, inbox.noting()));
    for (later, status) in [(5, 200), (6, 403)] {
        let signed = wechat.signed(&a_text());
        wechat.pass(later);
        assert_eq!(said(&router, &signed).await, words(status), "{later} s later");
    }
}

#[tokio::test]
async fn a_replay_within_the_window_is_success_and_not_handled_and_refused_after_it() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat);
    let signed = wechat.signed(&a_text());
    for later in [0, 0, 100, 200] {
        wechat.pass(later);
        assert_eq!(said(&router, &signed).await, words(200));
        assert_eq!(inbox.count(), 1, "handled once");
    }
    wechat.pass(1);
    assert_eq!(said(&router, &signed).await, words(403));
    assert_eq!(inbox.count(), 1);
}

/// What a captured push says is old, whoever signs or encrypts it again.
#[tokio::test]
async fn an_old_push_signed_anew_is_a_duplicate_within_the_window_and_refused_after_it() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat);
    let captured = wechat.signed(&a_text());
    assert_eq!(said(&router, &captured).await, words(200));
    let encrypted_anew = Push::raw(&captured.plaintext);
    for (later, status) in [(1, 200), (299, 200), (1, 403), (86_400, 403)] {
        wechat.pass(later);
        let anew = signed_anew(&captured, wechat.sim.clock().unix());
        assert_eq!(anew.body, captured.body);
        assert_eq!(said(&router, &anew).await, words(status), "signed anew");
        let anew = wechat.signed(&encrypted_anew);
        assert_ne!(anew.body, captured.body);
        assert_eq!(said(&router, &anew).await, words(status), "encrypted anew");
        assert_eq!(inbox.count(), 1, "handled once");
    }
}

/// One that was never handled is no duplicate: it is refused by its own time.
#[tokio::test]
async fn an_old_push_that_never_came_is_refused_when_it_is_signed_anew() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat);
    let captured = wechat.signed(&a_text());
    wechat.pass(301);
    assert_eq!(said(&router, &signed_anew(&captured, wechat.sim.clock().unix())).await, words(403));
    assert_eq!(inbox.count(), 0);
}

#[tokio::test]
async fn the_same_words_said_twice_are_two_messages() {
    let wechat = Wechat::new().await;
    let (router, inbox) = service(&wechat);
    let said_once: [Push; 2] = [a_text(), a_text()];
    for push in &said_once {
        assert_eq!(said(&router, &wechat.signed(push)).await, words(200));
    }
    assert_eq!(inbox.count(), 2, "each has a number of its own");
}

/// A push comes in one mode the first time and in another the next, on the way to the safe mode.
#[tokio::test]
async fn a_push_is_the_same_in_every_mode_and_under_either_key() {
    let (wechat, inbox) = (Wechat::new().await, Inbox::default());
    let old = wechat_integration_tests::callbacks::OLD_KEY;
    let keys = wechat.keys().compat().previous_key(old).unwrap();
    let router = at(callback::service(wechat.settings_of(keys), inbox.noting()));
    let pushers: [Pusher; 3] = [
        Callback::plain(nowhere(), TOKEN),
        Callback::encrypted(nowhere(), TOKEN, KEY),
        Callback::encrypted(nowhere(), TOKEN, old),
    ]
    .map(|callback| wechat.pusher(callback));
    let push = a_text();
    for pusher in &pushers {
        assert_eq!(said(&router, &pusher.sign(&push)).await, words(200));
    }
    assert_eq!(inbox.count(), 1);
}
