//! Whatever a hub is asked, it answers: a credential to who may have it, or four keys under a status that says what is
//! wrong; and nothing secret is in any answer.

#[path = "hub_properties/cases.rs"]
mod cases;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use quickcheck::{QuickCheck, TestResult};
use tokio::runtime::Runtime;
use wechat_integration_tests::asking::{Answer, LONG, Served, ask, get, with};
use wechat_integration_tests::{SECRET, World, http};
use wechat_runtime::adapters::Memory;
use wechat_runtime::hub::{self, Access, Operation, Peer, Settings};
use wechat_runtime::storage::ComponentHub as _;
use wechat_runtime::{Bound, Client, VerifyTicket};
use wechat_simulator::{App, Component};

use self::cases::{APPIDS, BEARERS, COMPONENT, Case, Framing};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static HUB: LazyLock<Hub> = LazyLock::new(|| RUNTIME.block_on(Hub::new()));

/// A hub of two peers, each with an account of its own: the first may do all, the other only fetch. The accounts are common
/// applications, and have authorized a component besides.
struct Hub {
    world: World,
    router: Router,
    served: Served,
}

impl Hub {
    async fn new() -> Self {
        let world = World::new().await;
        for appid in &*APPIDS {
            world.sim.add_app(App::new(appid, SECRET)).unwrap();
            world.shelf.set_secret(appid, SECRET);
        }
        let peer = |which: usize| {
            let peer = Peer::by_bearer("one of two", BEARERS[which]).unwrap();
            peer.appids([&APPIDS[which]]).refreshes_per_minute(u32::MAX)
        };
        let access = Access::new().peer(peer(0)).peer(peer(1).operations([Operation::Fetch]));
        let component = Component::new(&*COMPONENT, SECRET).authorizers(&*APPIDS);
        let component = world.sim.add_component(component).unwrap();
        let storage = Memory::new().with_secret(&*COMPONENT, SECRET);
        let ticket = VerifyTicket::new(component.verify_ticket(), world.sim.clock().unix());
        storage.save_component_verify_ticket(&COMPONENT, ticket, &()).await.unwrap();
        let clock = world.sim.clock();
        let client = Client::<wechat_runtime::Component>::builder(Bound::new(storage, ()))
            .base_url(world.sim.base_url())
            .clock(move || clock.now())
            .http(http());
        let client = client.build().unwrap();
        let settings = Settings::new(access).common(&world.client()).component(&client);
        let hub = Self {
            router: hub::router(settings.clone()),
            served: Served::new(settings.timeout(Duration::from_secs(2))).await,
            world,
        };
        for which in 0..2 {
            let own = &APPIDS[which];
            let through_component = format!("{}&authorizer_appid={own}", *COMPONENT);
            for whose in [own, &through_component] {
                let request = get(&format!("/client/access_token?appid={whose}"));
                let bearer = format!("Bearer {}", BEARERS[which]);
                ask(&hub.router, with(request, "authorization", &bearer)).await.value();
            }
        }
        hub
    }

    /// What must be in no answer but the one to who may have it.
    fn secrets(&self) -> Vec<String> {
        let ledger = self.world.sim.ledger();
        let tokens = ledger.issues().iter().map(|issue| issue.value.clone());
        let tickets = ledger.ticket_issues().iter().map(|issue| issue.value.clone());
        let of_component = ledger.component_issues().iter().map(|issue| issue.value.clone());
        let of_authorizers = ledger.authorizer_issues().iter().map(|issue| issue.value.clone());
        let tokens = tokens.chain(tickets).chain(of_component).chain(of_authorizers);
        // What refresh tokens and verify tickets begin with, and the rest.
        let others = [SECRET, "refreshtoken@@@", "ticket@@@", BEARERS[0], BEARERS[1]];
        tokens.chain(others.map(str::to_owned)).collect()
    }

    fn check(&self, case: &Case, answer: &Answer) {
        let head = format!("{:?}", answer.headers);
        let body = String::from_utf8_lossy(&answer.body);
        let mut secrets = self.secrets();
        if answer.status == 200 {
            answer.check_headers();
            let who = case.bearer.expect("a stranger gets nothing");
            if case.method != "HEAD" {
                let value = answer.value();
                check_success(&body);
                // The first peer's own, or the other's own token.
                let (own, ticket) = (&APPIDS[who], body.contains("ticket"));
                let of = |issued: &str, to: &str| issued == value && to == *own;
                let ledger = self.world.sim.ledger();
                let is_own = ledger.issues().iter().any(|issue| of(&issue.value, &issue.appid))
                    || ledger
                        .authorizer_issues()
                        .iter()
                        .any(|issue| of(&issue.value, &issue.authorizer_appid))
                    || ledger.ticket_issues().iter().any(|issue| of(&issue.value, &issue.appid));
                assert!(is_own && (who == 0 || !ticket), "this is not the asker's: {answer:?}");
                secrets.retain(|secret| *secret != value);
            }
        } else {
            assert!(answer.status >= 400 && answer.status != 500, "{answer:?}");
            if case.method == "HEAD" {
                answer.check_headers();
            } else {
                answer.trouble();
            }
        }
        for secret in secrets {
            assert!(!head.contains(&secret) && !body.contains(&secret), "{secret} is in {answer:?}");
        }
    }
}

/// The two successes there are, byte for byte but for their values.
fn check_success(body: &str) {
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    let (life, since) = (&value["expires_in"], &value["timestamp"]);
    assert!(life.is_u64() && since.is_u64(), "{body}");
    let written = match value.get("ticket") {
        None => {
            format!(r#"{{"access_token":{},"expires_in":{life},"timestamp":{since}}}"#, value["access_token"])
        }
        Some(ticket) => format!(
            r#"{{"expires_in":{life},"ticket":{ticket},"timestamp":{since},"type":{}}}"#,
            value["type"]
        ),
    };
    assert_eq!(body, written);
}

/// How many cases came how far.
#[derive(Default)]
struct Tally {
    all: AtomicUsize,
    known: AtomicUsize,
    read: AtomicUsize,
    granted: AtomicUsize,
}

impl Tally {
    fn note(&self, answer: &Answer) {
        let count = |of: &AtomicUsize, yes: bool| of.fetch_add(usize::from(yes), Ordering::Relaxed);
        count(&self.all, true);
        count(&self.known, ![401, 404, 405].contains(&answer.status) || answer.text().contains("40013"));
        count(&self.read, [200, 403, 501, 502].contains(&answer.status) || answer.text().contains("40013"));
        count(&self.granted, answer.status == 200);
    }

    /// A test of nothing but refusals would prove little.
    fn check(&self, least: usize) {
        let [all, known, read, granted] =
            [&self.all, &self.known, &self.read, &self.granted].map(|count| count.load(Ordering::Relaxed));
        let shown = format!("of {all}: {known} known, {read} read, {granted} granted");
        assert!(all >= least && known * 2 > all && read * 4 > all && granted * 8 > all, "{shown}");
        assert!(granted * 10 < all * 9, "and one of nothing but successes as little: {shown}");
    }
}

#[test]
fn the_router_answers_whatever_it_is_asked() {
    static TALLY: LazyLock<Tally> = LazyLock::new(Tally::default);
    #[allow(clippy::needless_pass_by_value, reason = "what a property is given is its own")]
    fn holds(case: Case) -> TestResult {
        let Some(request) = case.request() else { return TestResult::discard() };
        let answer = RUNTIME.block_on(ask(&HUB.router, request));
        HUB.check(&case, &answer);
        TALLY.note(&answer);
        TestResult::passed()
    }
    QuickCheck::new().tests(1500).max_tests(4000).quickcheck(holds as fn(Case) -> TestResult);
    TALLY.check(1500);
}

#[test]
fn the_server_answers_whatever_is_written_to_it() {
    static TALLY: LazyLock<Tally> = LazyLock::new(Tally::default);
    async fn written(hub: &Hub, case: &Case) -> Option<Answer> {
        let mut line = hub.served.connect().await;
        line.write(case.bytes()).await;
        if matches!(case.framing, Framing::BreaksOff(_) | Framing::BrokenChunk) || !case.garbled.is_empty() {
            line.finish().await;
        }
        if case.method == "HEAD" { line.head().await } else { line.answer().await }
    }
    #[allow(clippy::needless_pass_by_value, reason = "what a property is given is its own")]
    fn holds(case: Case) -> TestResult {
        // It is made before anything waits for it: making it waits, too.
        let hub = &*HUB;
        let answer = RUNTIME.block_on(async { tokio::time::timeout(LONG, written(hub, &case)).await });
        let answer = answer.expect("it is answered, or the connection ends");
        let is_http = case.request().is_some() && case.garbled.is_empty();
        let is_whole = matches!(case.framing, Framing::Whole | Framing::Chunked | Framing::Overlong(_));
        let Some(answer) = answer else {
            assert!(!(is_http && is_whole), "no answer to {case:?}");
            return TestResult::discard();
        };
        if answer.body.is_empty() && !is_http {
            // What is no HTTP is told so before the hub gets to see it.
            assert!([400, 414, 431].contains(&answer.status), "{answer:?}");
            return TestResult::passed();
        }
        if case.garbled.is_empty() {
            hub.check(&case, &answer);
        }
        for secret in [SECRET, BEARERS[0], BEARERS[1]] {
            assert!(!format!("{answer:?}").contains(secret), "{secret}");
        }
        TALLY.note(&answer);
        TestResult::passed()
    }
    QuickCheck::new().tests(800).max_tests(3000).quickcheck(holds as fn(Case) -> TestResult);
    TALLY.check(500);
}
