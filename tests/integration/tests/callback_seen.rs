//! What is remembered of pushes: shared by processes, failing, hanging, falling down.

use std::future::pending;
use std::time::Duration;

use wechat_integration_tests::callbacks::{
    Desk, Inbox, Noted, Server, Wechat, a_text, at, pushed, said, words,
};
use wechat_integration_tests::in_time;
use wechat_runtime::callback::{self, Begun, Fingerprint, Reply, Seen, SeenInMemory};
use wechat_runtime::{async_trait, storage};
use wechat_simulator::{Answer, Push};

/// A limit that is to strike.
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn processes_that_share_a_memory_handle_a_push_once() {
    let (wechat, seen) = (Wechat::new().await, Noted::default());
    let desk = Desk::default();
    let process = || {
        let settings = wechat.settings().seen(seen.clone());
        at(callback::service(settings, desk.handler(Reply::text("handled"))))
    };
    let (first, second) = (process(), process());
    let signed = wechat.signed(&a_text());
    let asking = tokio::spawn({
        let (first, signed) = (first.clone(), signed.clone());
        async move { pushed(&first, &signed).await }
    });
    desk.begun.reached(1).await;
    assert_eq!(said(&second, &signed).await, words(200), "while it is handled in another process");
    desk.let_go();
    assert!(in_time(asking).await.unwrap().text().contains("Encrypt"));
    for process in [&first, &second] {
        assert_eq!(said(process, &signed).await, words(200), "after it was handled");
    }
    assert_eq!((desk.begun.get(), seen.done.get()), (1, 1));
    // Without a memory in common each has its own.
    let settings = wechat.settings().seen(SeenInMemory::default());
    let alone = at(callback::service(settings, desk.handler(Reply::text("again"))));
    desk.let_go();
    assert!(pushed(&alone, &signed).await.text().contains("Encrypt"));
}

#[tokio::test]
async fn what_failed_in_one_process_is_handled_in_another() {
    let (wechat, seen, inbox) = (Wechat::new().await, Noted::default(), Inbox::default());
    let settings = || wechat.settings().seen(seen.clone());
    let failing = at(callback::service(settings(), || async { Err::<(), _>("it failed") }));
    let working = at(callback::service(settings(), inbox.noting()));
    let signed = wechat.signed(&a_text());
    assert_eq!(said(&failing, &signed).await, words(500));
    assert_eq!(said(&working, &signed).await, words(200));
    assert_eq!((inbox.count(), seen.failed.get(), seen.done.get()), (1, 1, 1));
}

/// What is fresh is remembered: a push that was made a window ahead is fresh for two.
#[tokio::test]
async fn pushes_are_claimed_and_remembered_for_as_long_as_they_are_fresh() {
    let (wechat, seen) = (Wechat::new().await, Noted::default());
    let settings = wechat.settings().seen(seen.clone()).freshness(Duration::from_secs(40));
    let router = at(callback::service(settings, || async {}));
    assert_eq!(said(&router, &wechat.signed(&a_text())).await, words(200));
    let times = seen.times.lock().unwrap().clone();
    assert_eq!(times.len(), 2);
    assert!(times.iter().all(|time| *time > Duration::from_secs(80)), "{times:?}");
}

/// What a memory does when it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Trouble {
    #[default]
    None,
    Fails,
    Panics,
    Hangs,
}

impl Trouble {
    async fn strike(self) -> storage::Result<()> {
        match self {
            Self::None => Ok(()),
            Self::Fails => Err(storage::Error::msg("the memory is down")),
            Self::Panics => panic!("the memory fell down"),
            Self::Hangs => pending().await,
        }
    }
}

#[derive(Default)]
struct Troubled {
    memory: SeenInMemory,
    begin: Trouble,
    end: Trouble,
}

#[async_trait]
impl Seen for Troubled {
    async fn begin(&self, push: &Fingerprint, lease: Duration) -> storage::Result<Begun> {
        self.begin.strike().await?;
        self.memory.begin(push, lease).await
    }

    async fn done(&self, push: &Fingerprint, keep: Duration) -> storage::Result<()> {
        self.end.strike().await?;
        self.memory.done(push, keep).await
    }

    async fn failed(&self, push: &Fingerprint) -> storage::Result<()> {
        self.end.strike().await?;
        self.memory.failed(push).await
    }
}

#[tokio::test]
async fn a_memory_that_cannot_tell_whether_a_push_came_before_lets_nothing_be_handled() {
    let wechat = Wechat::new().await;
    for (trouble, reply_within) in [
        (Trouble::Fails, Duration::from_secs(20)),
        (Trouble::Panics, Duration::from_secs(20)),
        (Trouble::Hangs, SHORT),
    ] {
        let inbox = Inbox::default();
        let seen = Troubled { begin: trouble, ..Troubled::default() };
        let settings = wechat.settings().seen(seen).reply_within(reply_within);
        let server = Server::start(at(callback::service(settings, inbox.noting()))).await;
        let delivery = in_time(wechat.safe(server.at()).push(a_text())).await;
        let not_now = Answer::Refused { status: 503, body: "not now".to_owned() };
        assert_eq!((delivery.answer(), delivery.tries()), (&not_now, 3), "{trouble:?}: it is pushed again");
        assert_eq!(inbox.count(), 0, "{trouble:?}");
    }
}

/// The time of this runtime passes only when everybody waits.
#[tokio::test(start_paused = true)]
async fn a_memory_that_cannot_note_what_was_done_holds_up_nobody() {
    let wechat = Wechat::new().await;
    for trouble in [Trouble::Fails, Trouble::Panics, Trouble::Hangs] {
        let inbox = Inbox::default();
        let seen = Troubled { end: trouble, ..Troubled::default() };
        let limit = if trouble == Trouble::Hangs { SHORT } else { Duration::from_secs(20) };
        let settings = wechat.settings().seen(seen).reply_within(limit);
        let router = at(callback::service(settings, inbox.replying(Reply::text("handled"))));
        let signed = wechat.signed(&a_text());
        let answer = in_time(pushed(&router, &signed)).await;
        match trouble {
            Trouble::Fails => assert!(answer.text().contains("Encrypt"), "the reply is sent all the same"),
            _ => assert!(matches!(answer.status, 200 | 503), "{trouble:?}: {answer:?}"),
        }
        // It is claimed still, so that it is not handled again.
        assert_eq!(in_time(said(&router, &signed)).await, words(200), "{trouble:?}");
        assert_eq!(inbox.count(), 1, "{trouble:?}");
    }
}

#[tokio::test]
async fn fingerprints_tell_pushes_apart_and_nothing_of_what_is_in_them() {
    #[derive(Clone, Default)]
    struct Names(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

    #[async_trait]
    impl Seen for Names {
        async fn begin(&self, push: &Fingerprint, _: Duration) -> storage::Result<Begun> {
            self.0.lock().unwrap().extend([push.to_string(), format!("{push:?}")]);
            Ok(Begun::Now)
        }
        async fn done(&self, _: &Fingerprint, _: Duration) -> storage::Result<()> {
            Ok(())
        }
        async fn failed(&self, _: &Fingerprint) -> storage::Result<()> {
            Ok(())
        }
    }

    let (wechat, names) = (Wechat::new().await, Names::default());
    let router = at(callback::service(wechat.settings().seen(names.clone()), || async {}));
    let first = a_text();
    for push in [&first, &first, &a_text(), &Push::text("o-another", "a")] {
        assert_eq!(said(&router, &wechat.signed(push)).await, words(200));
    }
    let names = names.0.lock().unwrap().clone();
    let names: Vec<_> =
        names.chunks(2).inspect(|pair| assert_eq!(pair[0], pair[1])).map(|pair| &pair[0]).collect();
    assert!(names.iter().all(|name| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())));
    assert_eq!(names[0], names[1], "signed and encrypted anew, it is the same");
    assert!(names[1] != names[2] && names[2] != names[3]);
}
