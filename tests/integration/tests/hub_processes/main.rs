//! A hub, its clients and the platform in processes of their own: crowds at expiry and at a refusal, and a hub that is
//! killed, restarted or stopped under load.

mod originals;
mod stage;

use std::io::Write as _;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use wechat_integration_tests::orders::{Act, Asked, Bindings, CallerOrder, HubOrder, Tally};
use wechat_integration_tests::process::Process;
use wechat_integration_tests::{SECRET, World, new_appid};
use wechat_simulator::{App, Component, Fault, Line};

use self::stage::Stage;

const STABLE: &str = "/cgi-bin/stable_token";

/// How long one question to a hub may take, unless a client says otherwise.
const DEADLINE: Duration = Duration::from_secs(7);

/// Tells all of them, and does not wait.
fn tell(callers: &mut [Process], order: CallerOrder) {
    for callers in callers {
        callers.tell(&order);
    }
}

/// Has every client of every process do this at once.
async fn all(callers: &mut [Process], act: Act, times: usize) -> Tally {
    tell(callers, CallerOrder::Each(act, times));
    let mut tally = Tally::default();
    for callers in callers {
        tally = tally.and(callers.says().await);
    }
    tally
}

#[track_caller]
fn assert_all_succeeded(tally: &Tally, count: usize, when: &str) {
    assert_eq!((tally.succeeded, &tally.said), (count, &None), "{when}: {tally:?}");
}

/// Says a measured number where the tests' output is shown.
fn note(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

const PROCESSES: usize = 4;

async fn independent_clients_cost_one_fetch(each: usize) {
    let mut stage = Stage::set().await;
    let appid = stage.world.appid.clone();
    let mut callers = Vec::new();
    for _ in 0..PROCESSES {
        callers.push(stage.callers(&appid, each, Bindings::Own).await);
    }
    let crowd = PROCESSES * each;
    for (fetches, when) in [(1, "cold"), (2, "at expiry")] {
        let tally = all(&mut callers, Act::Token, 1).await;
        assert_all_succeeded(&tally, crowd, when);
        assert_eq!(stage.upstream(), (fetches, fetches), "{when}");
        let asked = Asked { tokens: fetches * crowd, ..Asked::default() };
        assert_eq!(stage.asked().await, asked, "each has a copy of its own: {when}");
        note(&format!("{crowd} clients {when}: the longest waited {:?}", tally.longest));
        assert_all_succeeded(&all(&mut callers, Act::Call, 1).await, crowd, when);
        stage.pass(7201, &mut callers).await;
    }
    assert_all_succeeded(&all(&mut callers, Act::Call, 1).await, crowd, "at expiry, by calls");
    assert_eq!(stage.upstream(), (3, 3));

    let before = stage.asked().await;
    stage.pass(60, &mut callers).await;
    stage.world.account().revoke(Line::Stable);
    let tally = all(&mut callers, Act::Call, 1).await;
    assert_all_succeeded(&tally, crowd, "at a refusal");
    assert_eq!(stage.upstream(), (4, 4), "at a refusal");
    let asked = stage.asked().await;
    let reports = asked.reports - before.reports;
    assert!((1..=crowd).contains(&reports), "{reports} reports of one token");
    assert_eq!(asked.tokens - before.tokens, crowd, "each asks for what has come in its place");
    note(&format!("{crowd} clients at a refusal: {reports} reports, the longest waited {:?}", tally.longest));
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_at_expiry_and_at_a_refusal_cost_one_fetch_each() {
    independent_clients_cost_one_fetch(16).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_clients_at_expiry_and_at_a_refusal_cost_one_fetch_each() {
    independent_clients_cost_one_fetch(125).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_for_an_account_that_authorizes_a_component_cost_one_refresh_each_time() {
    let world = World::new().await;
    let (appid, shop) = (new_appid(), new_appid());
    let component = world.sim.add_component(Component::new(&appid, SECRET).authorizer(&shop)).unwrap();
    let mut stage = Stage::with_component(world, &component).await;
    let issued = |stage: &Stage| {
        let ledger = stage.world.sim.ledger();
        (ledger.component_issued(&appid), ledger.authorizer_issued(&appid, &shop))
    };
    let mut callers = Vec::new();
    for _ in 0..PROCESSES {
        callers.push(stage.callers_for(&appid, Some(&shop), 16, Bindings::Own).await);
    }
    let crowd = PROCESSES * 16;
    for (fetches, when) in [(1, "cold"), (2, "at expiry")] {
        let tally = all(&mut callers, Act::Token, 1).await;
        assert_all_succeeded(&tally, crowd, when);
        assert_eq!(issued(&stage), (fetches, fetches), "{when}");
        let asked = Asked { tokens: fetches * crowd, ..Asked::default() };
        assert_eq!(stage.asked().await, asked, "each has a copy of its own: {when}");
        note(&format!("{crowd} clients for an account {when}: the longest waited {:?}", tally.longest));
        assert_all_succeeded(&all(&mut callers, Act::Call, 1).await, crowd, when);
        stage.pass(7201, &mut callers).await;
    }
    assert_all_succeeded(&all(&mut callers, Act::Call, 1).await, crowd, "at expiry, by calls");
    assert_eq!(issued(&stage), (3, 3), "at expiry, by calls");

    // The account's token is refused, and the component's with it.
    stage.pass(60, &mut callers).await;
    component.authorizer(&shop).unwrap().revoke();
    component.revoke();
    assert_all_succeeded(&all(&mut callers, Act::Call, 1).await, crowd, "at a refusal");
    assert_eq!(issued(&stage), (4, 4), "at a refusal");
    let asked = stage.asked().await;
    assert!((1..=crowd).contains(&asked.reports), "{} reports of one token", asked.reports);
    assert_eq!((asked.component_tokens, asked.component_reports), (0, 0), "that is the hub's own affair");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_callers_whose_cache_is_empty_ask_the_hub_once() {
    let mut stage = Stage::set().await;
    let appid = stage.world.appid.clone();
    for (process, first) in [("the first process", true), ("another process", false)] {
        // Fifty clients that have one binding, by its name.
        let mut callers = [stage.callers(&appid, 50, Bindings::Shared).await];
        for (round, when) in ["its cache empty", "its copy expired"].into_iter().enumerate() {
            let before = stage.asked().await.tokens;
            let tally = all(&mut callers, Act::Token, 10).await;
            assert_all_succeeded(&tally, 500, when);
            let asked = stage.asked().await.tokens - before;
            assert_eq!(asked, 1, "{process}, {when}");
            let fetches = if first { 1 + round } else { 2 + round };
            assert_eq!(stage.upstream(), (fetches, fetches), "{process}, {when}");
            note(&format!(
                "500 callers of {process}, {when}: {asked} asked, the longest waited {:?}",
                tally.longest
            ));
            if round == 0 {
                stage.pass(7201, &mut callers).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_calls_that_bring_a_client_of_the_hub_of_their_own_ask_it_once() {
    let mut stage = Stage::set().await;
    let appid = stage.world.appid.clone();
    let mut callers = [stage.callers(&appid, 1, Bindings::Shared).await];
    for (round, when) in [(1, "its cache empty"), (2, "its copy expired")] {
        let before = stage.asked().await;
        let tally = all(&mut callers, Act::TicketWithOwnStorage, 500).await;
        assert_all_succeeded(&tally, 500, when);
        let tally = all(&mut callers, Act::CallWithOwnStorage, 500).await;
        assert_all_succeeded(&tally, 500, when);
        let asked = stage.asked().await;
        let (tickets, tokens) = (asked.tickets - before.tickets, asked.tokens - before.tokens);
        assert_eq!((tickets, tokens), (1, 1), "{when}");
        assert_eq!((asked.reports, stage.upstream()), (0, (round, round)), "{when}");
        stage.pass(7201, &mut callers).await;
    }
}

/// The hub is killed twice. While it is down the second time, the token of one account expires, and that of another
/// comes into its last minutes.
#[tokio::test(flavor = "multi_thread")]
async fn a_hub_killed_and_restarted_under_load_costs_nothing_while_a_token_lives_and_then_a_typed_error() {
    let world = World::new().await;
    let (long, short) = (world.appid.clone(), new_appid());
    let account = world.sim.add_app(App::new(&short, SECRET)).unwrap();
    account.set_expires_in(6900);
    let mut stage = Stage::with_secrets(world, [&short]).await;
    let (living, dying) = (0, 1);
    let mut callers = [
        stage.callers(&long, 4, Bindings::Shared).await,
        stage.callers(&short, 8, Bindings::OwnConnected).await,
    ];
    for callers in &mut callers {
        let () = callers.ask(&CallerOrder::Load).await;
        let _: Tally = callers.ask(&CallerOrder::Succeeded(1)).await;
    }

    stage.hub.kill();
    for callers in &mut callers {
        let tally: Tally = callers.ask(&CallerOrder::Ended(5)).await;
        assert!(tally.failed.is_empty(), "with a live token, the hub down: {tally:?}");
    }
    stage.restart_hub().await;
    for callers in &mut callers {
        let tally: Tally = callers.ask(&CallerOrder::Ended(5)).await;
        assert!(tally.failed.is_empty(), "with a live token, the hub back: {tally:?}");
    }
    assert_eq!(stage.asked().await, Asked::default(), "nobody has noticed anything");

    stage.hub.kill();
    stage.world.pass(6901);
    stage.tell_time(&mut callers).await;
    let tally: Tally = callers[dying].ask(&CallerOrder::Ended(5)).await;
    assert_eq!(tally.succeeded, 0, "the token has expired: {tally:?}");
    assert_eq!(tally.failed.keys().collect::<Vec<_>>(), ["Storage"], "{tally:?}");
    assert!(tally.said.as_ref().is_some_and(|said| said.contains(&stage.url)), "{tally:?}");
    assert!(tally.longest < DEADLINE, "{tally:?}");
    note(&format!("with an expired token, the hub down: the longest waited {:?}", tally.longest));
    let tally: Tally = callers[living].ask(&CallerOrder::Ended(5)).await;
    assert!(tally.failed.is_empty(), "with a token in its last minutes, the hub down: {tally:?}");

    stage.restart_hub().await;
    let _: Tally = callers[dying].ask(&CallerOrder::Succeeded(1)).await;
    let tally: Tally = callers[dying].ask(&CallerOrder::Ended(5)).await;
    assert!(tally.failed.is_empty(), "recovered: {tally:?}");
    // The next try behind the callers' backs is due a second after the one that found the hub down.
    stage.pass(2, &mut callers).await;
    let tally: Tally = callers[living].ask(&CallerOrder::Ended(5)).await;
    assert!(tally.failed.is_empty(), "{tally:?}");
    stage.issued(&long, 2).await;

    let living: Tally = callers[living].ask(&CallerOrder::Rest).await;
    assert!(living.failed.is_empty(), "never, from the beginning to the end: {living:?}");
    let dying: Tally = callers[dying].ask(&CallerOrder::Rest).await;
    assert_eq!(dying.failed.keys().collect::<Vec<_>>(), ["Storage"], "{dying:?}");
    assert!(dying.longest < DEADLINE, "{dying:?}");
    let asked = stage.asked().await;
    assert_eq!(asked.reports, 0, "an expired token is none to report");
    assert!(asked.tokens <= 2 * 8 + 1, "more questions than clients that had none: {asked:?}");
    let ledger = stage.world.sim.ledger();
    let issued = [&short, &long].map(|appid| ledger.issued(appid, Line::Stable));
    assert_eq!(issued, [2, 2], "one more of each, by a hub that had lost what it stored");
    note(&format!(
        "load: {} calls with a live token, none failed; {} others, of which {} failed while the hub was down",
        living.succeeded,
        dying.succeeded + dying.failed["Storage"],
        dying.failed["Storage"],
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_killed_in_the_middle_of_a_question_is_a_typed_error_within_the_deadline() {
    let mut stage = Stage::set().await;
    let appid = stage.world.appid.clone();
    let mut callers = [
        stage.callers(&appid, 1, Bindings::Shared).await,
        stage.callers(&appid, 8, Bindings::OwnConnected).await,
    ];
    // WeChat has granted a token, and the hub is killed before it is told.
    stage.world.sim.fault(STABLE, Fault::hang_after().times(1));
    tell(&mut callers, CallerOrder::Each(Act::Token, 1));
    stage.arrived(STABLE, 1).await;
    stage.hub.kill();
    for callers in &mut callers {
        let tally: Tally = callers.says().await;
        assert_eq!(tally.succeeded, 0, "{tally:?}");
        assert_eq!(tally.failed.keys().collect::<Vec<_>>(), ["Storage"], "{tally:?}");
        assert!(tally.longest < DEADLINE, "{tally:?}");
        note(&format!("killed in the middle of a question: the longest waited {:?}", tally.longest));
    }

    stage.restart_hub().await;
    let tally = all(&mut callers, Act::Call, 1).await;
    assert_all_succeeded(&tally, 9, "the hub back");
    assert_eq!(stage.upstream(), (2, 1), "asked once more, WeChat says the same token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_stopped_answers_the_question_under_way_and_no_other() {
    let mut stage = Stage::set().await;
    let appid = stage.world.appid.clone();
    let mut callers = [
        stage.callers(&appid, 1, Bindings::Shared).await,
        stage.callers(&appid, 8, Bindings::OwnConnected).await,
    ];
    stage.world.sim.fault(STABLE, Fault::hang().times(1));
    callers[0].tell(&CallerOrder::Each(Act::Token, 1));
    stage.arrived(STABLE, 1).await;
    let () = stage.hub.ask(&HubOrder::Stop).await;
    stage.refuses_connections().await;
    let late: Tally = callers[1].ask(&CallerOrder::Each(Act::Token, 1)).await;
    assert_eq!((late.succeeded, late.failed.get("Storage")), (0, Some(&8)), "{late:?}");

    stage.world.sim.clear_faults();
    assert_all_succeeded(&callers[0].says().await, 1, "it had asked before");
    assert_all_succeeded(&all(&mut callers[..1], Act::Call, 1).await, 1, "with what it was told");
    let Stage { hub, world, .. } = stage;
    assert!(hub.ended().await.success(), "a hub that is stopped ends");
    assert_eq!((world.asked(), world.issued()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_keep_a_stopped_hub_from_ending() {
    let mut stage = Stage::set().await;
    let appid = stage.world.appid.clone();
    let mut callers = [stage.callers(&appid, 32, Bindings::OwnConnected).await];
    assert_all_succeeded(&all(&mut callers, Act::Token, 1).await, 32, "each has a connection");
    let () = stage.hub.ask(&HubOrder::Stop).await;
    let began = Instant::now();
    assert!(stage.hub.ended().await.success());
    assert!(began.elapsed() < DEADLINE, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_outlives_its_test() {
    let stage = Stage::set().await;
    let address = stage.url.trim_start_matches("http://").to_owned();
    assert!(TcpStream::connect(&address).await.is_ok());
    let failing = tokio::spawn(async move {
        let _stage = stage;
        // As a panic, without what it would write.
        std::panic::resume_unwind(Box::new("a test that fails"));
    });
    assert!(failing.await.unwrap_err().is_panic());
    assert!(TcpStream::connect(&address).await.is_err(), "the hub is gone with the test that started it");

    // Nor where the test itself is killed: then all that the process sees is that its standard input ends.
    let stage = Stage::set().await;
    let appid = stage.world.appid.clone();
    let mut callers = stage.callers(&appid, 1, Bindings::Shared).await;
    let () = callers.ask(&CallerOrder::Load).await;
    assert!(callers.end().await.success());
    assert!(stage.hub.end().await.success());
}
