//! A component's ticket is kept before WeChat is told so: slow stores, failing ones, and a process that is killed.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use wechat_integration_tests::callbacks::{Count, Desk, Noted, Server, Wechat, at, pushed, said, words};
use wechat_integration_tests::orders::KeeperSettings;
use wechat_integration_tests::process::Process;
use wechat_integration_tests::tickets::{Record, TicketFile};
use wechat_integration_tests::{everybody_waits, in_time};
use wechat_runtime::callback::{ComponentEvent, ComponentEvents, component_service};
use wechat_runtime::{async_trait, storage};
use wechat_simulator::{Answer, Delivery, Push};

const TICKET: &str = "ticket@@@canary";

fn ticket() -> Push {
    Push::component_verify_ticket(TICKET)
}

fn statuses(delivery: &Delivery) -> Vec<Option<u16>> {
    delivery.attempts.iter().map(|attempt| attempt.status).collect()
}

/// A store that is as slow as the test wants.
#[derive(Clone, Default)]
struct Gated {
    desk: Desk,
    record: Record,
}

#[async_trait]
impl ComponentEvents for Gated {
    async fn receive(&self, event: ComponentEvent) -> storage::Result<()> {
        self.desk.wait().await;
        self.record.put(event);
        Ok(())
    }
}

#[tokio::test]
async fn success_is_answered_when_the_ticket_is_kept_and_not_before() {
    let (wechat, store) = (Wechat::new().await, Gated::default());
    let router = at(component_service(wechat.settings(), store.clone()));
    let signed = wechat.signed(&ticket());
    let ask = || {
        let (router, signed) = (router.clone(), signed.clone());
        tokio::spawn(async move { said(&router, &signed).await })
    };
    let asking = ask();
    store.desk.begun.reached(1).await;
    everybody_waits().await;
    assert!(!asking.is_finished(), "no answer before it is kept");
    assert!(store.record.take().is_empty());
    // Nor is one that comes meanwhile told that it is: it waits.
    let meanwhile = ask();
    everybody_waits().await;
    assert!(!asking.is_finished() && !meanwhile.is_finished());
    store.desk.let_go();
    assert_eq!(in_time(asking).await.unwrap(), words(200));
    assert_eq!(in_time(meanwhile).await.unwrap(), words(200));
    assert_eq!(store.record.tickets(), [TICKET]);
    assert_eq!(said(&router, &signed).await, words(200), "it is kept already");
    assert_eq!(store.desk.begun.get(), 1);
}

/// A store that goes wrong the first time.
struct OnceWrong {
    runs: Count,
    record: Record,
    how: Wrong,
    /// Held as long as the first time goes on.
    held: Arc<()>,
}

#[derive(Clone, Copy, Debug)]
enum Wrong {
    Fails,
    Panics,
    Hangs,
}

#[async_trait]
impl ComponentEvents for OnceWrong {
    async fn receive(&self, event: ComponentEvent) -> storage::Result<()> {
        self.runs.add();
        if self.runs.get() == 1 {
            let _held = self.held.clone();
            match self.how {
                Wrong::Fails => return Err(storage::Error::msg("the store is down")),
                Wrong::Panics => panic!("the store fell down"),
                Wrong::Hangs => pending::<()>().await,
            }
        }
        self.record.put(event);
        Ok(())
    }
}

#[tokio::test]
async fn a_ticket_that_could_not_be_kept_is_pushed_again_and_kept_then() {
    let wechat = Wechat::new().await;
    for (how, status, body) in [
        (Wrong::Fails, 500, "not handled"),
        (Wrong::Panics, 500, "not handled"),
        (Wrong::Hangs, 503, "not now"),
    ] {
        let (runs, record, held) = (Count::default(), Record::default(), Arc::new(()));
        let store = OnceWrong { runs: runs.clone(), record: record.clone(), how, held: held.clone() };
        let mut settings = wechat.settings();
        if matches!(how, Wrong::Hangs) {
            settings = settings.reply_within(Duration::from_millis(500));
        }
        let server = Server::start(at(component_service(settings, store))).await;
        let delivery = in_time(wechat.safe(server.at()).push(ticket())).await;
        let statuses = statuses(&delivery);
        assert_eq!((statuses[0], statuses.last()), (Some(status), Some(&Some(200))), "{how:?}");
        // The second try of one that hangs waits for it in vain.
        assert!(statuses.len() <= if matches!(how, Wrong::Hangs) { 3 } else { 2 }, "{statuses:?}");
        assert_eq!(delivery.attempts[0].answer, Answer::Refused { status, body: body.to_owned() });
        assert_eq!(delivery.answer(), &Answer::Success, "{how:?}");
        assert_eq!((record.tickets(), runs.get()), (vec![TICKET.to_owned()], 2), "{how:?}");
        // The store's own, and this one.
        assert_eq!(Arc::strong_count(&held), 2, "{how:?}: what was late was cancelled");
    }
}

/// The time of this runtime passes only when everybody waits.
#[tokio::test(start_paused = true)]
async fn a_store_has_as_long_again_as_the_limit_and_what_is_late_is_not_success() {
    let (wechat, store, seen) = (Wechat::new().await, Gated::default(), Noted::default());
    let limit = Duration::from_millis(4500);
    let settings = wechat.settings().reply_within(limit).seen(seen.clone());
    let router = at(component_service(settings, store.clone()));
    let signed = wechat.signed(&ticket());
    let began = tokio::time::Instant::now();
    assert_eq!(said(&router, &signed).await, words(503));
    let took = began.elapsed();
    assert!((limit..limit + Duration::from_millis(10)).contains(&took), "{took:?}");
    // Its claim ends with it: whoever waits for nothing does not wait for the next one.
    let claimed = seen.times.lock().unwrap()[0];
    assert!(claimed <= 2 * limit + Duration::from_secs(5), "{claimed:?}");
    assert_eq!((store.desk.begun.get(), store.desk.ended.get(), seen.done.get()), (1, 0, 0));
    // What is kept late is kept, and the same again is told so.
    store.desk.let_go();
    assert_eq!(said(&router, &signed).await, words(200));
    assert_eq!((store.desk.begun.get(), seen.done.get()), (1, 1));
}

#[tokio::test]
async fn tickets_are_kept_in_their_order_and_an_old_one_does_not_come_back() {
    let (wechat, record) = (Wechat::new().await, Record::default());
    let router = at(component_service(wechat.settings(), record.clone()));
    let older = wechat.signed(&Push::component_verify_ticket("ticket@@@older"));
    wechat.pass(10);
    let newer = wechat.signed(&Push::component_verify_ticket("ticket@@@newer"));
    for signed in [&older, &newer, &older, &newer, &older] {
        assert_eq!(said(&router, signed).await, words(200));
    }
    assert_eq!(record.tickets(), ["ticket@@@older", "ticket@@@newer"]);
    wechat.pass(291);
    assert_eq!(said(&router, &older).await, words(403));
    assert!(record.take().is_empty());
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_keep_a_ticket_from_being_kept() {
    let (wechat, store, seen) = (Wechat::new().await, Gated::default(), Noted::default());
    let router = at(component_service(wechat.settings().seen(seen.clone()), store.clone()));
    let signed = wechat.signed(&ticket());
    let asking = tokio::spawn({
        let (router, signed) = (router.clone(), signed.clone());
        async move { pushed(&router, &signed).await }
    });
    store.desk.begun.reached(1).await;
    asking.abort();
    assert!(asking.await.is_err());
    store.desk.let_go();
    seen.done.reached(1).await;
    assert_eq!(store.record.tickets(), [TICKET]);
    assert_eq!(said(&router, &signed).await, words(200));
}

/// Looks into the file at the moment when the answer is known.
#[tokio::test]
async fn a_ticket_is_in_its_file_when_success_is_answered() {
    let (wechat, directory) = (Wechat::new().await, tempfile::tempdir().unwrap());
    let file = directory.path().join("ticket");
    let server = Server::start(at(component_service(wechat.settings(), TicketFile::new(&file)))).await;
    let pusher = wechat.safe(server.at());
    for n in 0..10 {
        let ticket = format!("ticket@@@{n}");
        let delivery = pusher.push(Push::component_verify_ticket(&*ticket)).await;
        assert_eq!((delivery.answer(), delivery.tries()), (&Answer::Success, 1));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), ticket);
    }
    // A store that cannot write says so.
    let nowhere = directory.path().join("missing").join("ticket");
    let server = Server::start(at(component_service(wechat.settings(), TicketFile::new(nowhere)))).await;
    assert_eq!(statuses(&wechat.safe(server.at()).push(ticket()).await), [Some(500); 3]);
}

#[tokio::test]
async fn a_process_that_is_killed_after_success_has_kept_the_ticket() {
    let (wechat, directory) = (Wechat::new().await, tempfile::tempdir().unwrap());
    let file = directory.path().join("ticket");
    for n in 0..3 {
        let settings = KeeperSettings {
            appid: wechat.appid.clone(),
            file: file.clone(),
            unix: wechat.sim.clock().unix(),
        };
        let mut keeper = Process::start(env!("CARGO_BIN_EXE_ticket_keeper"), &settings);
        let url: String = keeper.says().await;
        let ticket = format!("ticket@@@{n}");
        let delivery = wechat.safe(url).push(Push::component_verify_ticket(&*ticket)).await;
        keeper.kill();
        assert_eq!((delivery.answer(), delivery.tries()), (&Answer::Success, 1));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), ticket);
    }
}
