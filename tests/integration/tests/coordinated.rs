//! Several processes that agree by a coordinator: what one knows of refreshing is known to all.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use wechat_integration_tests::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, Agency, SECRET, Shared, World, call, call_for, calls_at_once,
    exchange, new_appid,
};
use wechat_runtime::storage::{ComponentHub as _, Record, Slot};
use wechat_runtime::{
    AuthorizerToken, Bound, Client, Common, Component, Error, ErrorKind, RefreshSettings, TicketType, Token,
    TokenKind, VerifyTicket,
};
use wechat_simulator::{Authorizer, Fault, Line, RefreshTokens};

const TOKEN: &str = "/cgi-bin/token";

/// Longer than the lease.
const PAST_THE_LEASE: Duration = Duration::from_secs(16);

/// One account, and a storage that processes share which all go by the platform's clock.
struct Hubs {
    world: World,
    shared: Shared<0>,
}

impl Hubs {
    async fn new() -> Self {
        let world = World::new().await;
        let clock = world.sim.clock();
        let shared = Shared::by_clock(move || clock.now());
        shared.set_secret(&world.appid, SECRET);
        Self { world, shared }
    }

    /// A client in a process of its own, of classic tokens: each fetch takes the one before from all others.
    fn process<const PROCESS: usize>(&self) -> Client<Common> {
        self.with_settings::<PROCESS>(RefreshSettings::default())
    }

    fn with_settings<const PROCESS: usize>(&self, settings: RefreshSettings) -> Client<Common> {
        let storage = Bound::new(self.shared.as_process::<PROCESS>(), ());
        let client = self.world.builder_on(storage).token(TokenKind::Classic).refresh(settings);
        client.build().expect("the settings are right")
    }

    fn issued(&self) -> usize {
        self.world.sim.ledger().issued(&self.world.appid, Line::Classic)
    }

    fn slot(&self) -> Slot {
        Slot::AccessToken { appid: self.world.appid.clone() }
    }

    fn stored(&self) -> Option<String> {
        match self.shared.row(&self.slot()).record {
            Some(Record::Token(token)) => Some(token.access_token().expose().to_owned()),
            _ => None,
        }
    }

    /// Whether the platform takes what is stored, also when what is merely not dead yet is.
    fn stored_is_current(&self) -> bool {
        self.stored() == self.world.account().current_token(Line::Classic)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_callers_in_four_processes_cost_one_fetch_cold_and_one_for_a_refused_token() {
    let hubs = Hubs::new().await;
    let clients = [hubs.process::<1>(), hubs.process::<2>(), hubs.process::<3>(), hubs.process::<4>()];
    for issued in [1, 2] {
        let failed = join_all(clients.iter().map(|client| calls_at_once(50, client))).await.concat();
        assert!(failed.is_empty(), "{failed:?}");
        assert_eq!(hubs.issued(), issued);
        assert!(hubs.stored_is_current());
        hubs.world.pass(60);
        hubs.world.account().revoke(Line::Classic);
    }
}

#[tokio::test]
async fn what_another_process_has_stored_answers_a_refusal_without_a_fetch() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    call(&one).await.unwrap();
    call(&other).await.unwrap();
    hubs.world.pass(60);
    hubs.world.account().revoke(Line::Classic);
    call(&one).await.unwrap();
    call(&other).await.unwrap();
    assert_eq!((hubs.issued(), hubs.world.asked()), (2, 2));
}

#[tokio::test]
async fn the_gap_between_two_refusals_is_that_of_all_processes() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    call(&one).await.unwrap();
    hubs.world.pass(60);
    hubs.world.sim.fault("/cgi-bin/getcallbackip", Fault::errcode(40001).times(3));
    call(&one).await.unwrap_err();
    assert_eq!(hubs.issued(), 2);
    let error = call(&other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRejected, "{error}");
    let wait = error.retry_after().expect("it is known");
    assert!(wait > Duration::from_secs(20) && wait <= Duration::from_secs(30), "{error}");
    assert_eq!(hubs.issued(), 2, "another process has replaced one a moment ago");
    hubs.world.pass(30);
    call(&other).await.unwrap();
    assert_eq!(hubs.issued(), 2);
}

#[tokio::test]
async fn the_days_budget_of_refusals_is_that_of_all_processes() {
    let hubs = Hubs::new().await;
    let settings = || {
        let mut settings = RefreshSettings::default();
        settings.refusals_per_day = 2;
        settings
    };
    let (one, other) = (hubs.with_settings::<1>(settings()), hubs.with_settings::<2>(settings()));
    call(&one).await.unwrap();
    for client in [&one, &other] {
        hubs.world.pass(60);
        hubs.world.account().revoke(Line::Classic);
        call(client).await.unwrap();
    }
    hubs.world.pass(60);
    hubs.world.account().revoke(Line::Classic);
    let error = call(&other).await.unwrap_err();
    assert_eq!((error.kind(), hubs.issued()), (ErrorKind::TokenRejected, 3), "{error}");
    assert!(error.retry_after() > Some(Duration::from_secs(60)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cool_down_costs_one_call_over_all_processes_and_all_are_told_the_same() {
    let hubs = Hubs::new().await;
    let clients = [hubs.process::<1>(), hubs.process::<2>(), hubs.process::<3>(), hubs.process::<4>()];
    hubs.world.sim.fault(TOKEN, Fault::errcode(45009));
    let failed = join_all(clients.iter().map(|client| calls_at_once(10, client))).await.concat();
    assert_eq!((failed.len(), hubs.world.asked()), (40, 1));
    for error in &failed {
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::Quota, Some(45009)), "{error}");
        assert_eq!(error.endpoint(), Some(TOKEN));
        let wait = error.retry_after().expect("it is known");
        assert!(wait > Duration::from_secs(3500) && wait <= Duration::from_secs(3600), "{error}");
    }
    // One probe in an hour, whoever makes it.
    hubs.world.pass(3600);
    join_all(clients.iter().map(call)).await;
    assert_eq!(hubs.world.asked(), 2);

    // Who clears the quota ends the pause of all.
    hubs.world.sim.clear_faults();
    let clear = clients[2].post("/cgi-bin/clear_quota/v2").json(&json!({}));
    clear.send().await.unwrap().error_for_errcode().unwrap();
    join_all(clients.iter().map(call)).await.into_iter().for_each(|called| drop(called.unwrap()));
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test]
async fn another_secret_ends_a_pause_in_the_process_that_has_it_and_in_no_other() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    hubs.shared.set_secret(&hubs.world.appid, "a wrong one");
    for client in [&one, &other] {
        assert_eq!(call(client).await.unwrap_err().errcode(), Some(40125));
    }
    assert_eq!(hubs.world.asked(), 1);
    hubs.shared.set_secret(&hubs.world.appid, SECRET);
    call(&other).await.unwrap();
    assert_eq!(hubs.world.asked(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_result_never_overwrites_a_newer_one() {
    let hubs = Hubs::new().await;
    let (slow, quick) = (hubs.process::<1>(), hubs.process::<2>());
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let waits = tokio::spawn(async move { call(&slow).await });
    leader.is_committing(1).await;
    hubs.shared.pass(PAST_THE_LEASE);
    call(&quick).await.unwrap();
    let newest = hubs.stored();
    assert_eq!(hubs.issued(), 2, "the lease was over, and another has taken over");

    leader.hold_commits(false);
    waits.await.unwrap().expect("its caller gets what is stored");
    assert_eq!(hubs.stored(), newest);
    assert_eq!(hubs.issued(), 2, "WeChat granted the newer one later: there is no doubt");
    hubs.world.pass(360);
    call(&quick).await.unwrap();
    assert!(hubs.stored_is_current());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_over_is_stored_also_after_the_lease() {
    let hubs = Hubs::new().await;
    let client = hubs.process::<1>();
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let waits = tokio::spawn(async move { call(&client).await });
    leader.is_committing(1).await;
    hubs.shared.pass(PAST_THE_LEASE);
    leader.hold_commits(false);
    waits.await.unwrap().unwrap();
    assert!(hubs.stored_is_current());
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_a_turn_waits_for_the_leader_and_costs_nothing() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = tokio::spawn(async move { call(&one).await });
    leader.is_committing(1).await;
    let waits = tokio::spawn(async move { call(&other).await });
    // It has asked more than once: so it waits.
    hubs.shared.as_process::<2>().has_begun(2).await;
    leader.hold_commits(false);
    leads.await.unwrap().unwrap();
    waits.await.unwrap().unwrap();
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_goes_away_is_taken_over_by_one_when_its_lease_is_over() {
    let hubs = Hubs::new().await;
    let doomed = tokio::runtime::Runtime::new().unwrap();
    let (one, leader) = (hubs.process::<1>(), hubs.shared.as_process::<1>());
    leader.hold_commits(true);
    doomed.spawn(async move { call(&one).await });
    leader.is_committing(1).await;
    doomed.shutdown_background();

    let clients = [hubs.process::<2>(), hubs.process::<3>(), hubs.process::<4>()];
    let wait = tokio::spawn(async move {
        join_all(clients.iter().map(|client| calls_at_once(20, client))).await.concat()
    });
    hubs.shared.as_process::<3>().has_begun(2).await;
    assert_eq!(hubs.issued(), 1);
    hubs.shared.pass(PAST_THE_LEASE);
    let failed: Vec<Error> = wait.await.unwrap();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(hubs.issued(), 2);
    assert!(hubs.stored_is_current());
}

#[tokio::test]
async fn a_coordinator_that_is_down_costs_no_fetch_and_no_token_that_lives() {
    let hubs = Hubs::new().await;
    let (client, storage) = (hubs.process::<1>(), hubs.shared.as_process::<1>());
    call(&client).await.unwrap();
    storage.fail_begins(true);
    hubs.world.pass(7000);
    call(&client).await.expect("it ages, and is served");
    hubs.world.pass(201);
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert_eq!(hubs.world.asked(), 1);
    storage.fail_begins(false);
    call(&client).await.unwrap();
    assert_eq!(hubs.issued(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_stored_is_used_and_stored_as_soon_as_it_can_be() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    let storage = hubs.shared.as_process::<1>();
    storage.fail_commits(true);
    call(&one).await.expect("the token is good");
    assert_eq!(hubs.stored(), None);
    let waits = tokio::spawn(async move { call(&other).await });
    storage.is_committing(2).await;
    storage.fail_commits(false);
    waits.await.unwrap().expect("another process gets the same one");
    assert!(hubs.stored_is_current());
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test]
async fn what_the_storage_has_lost_a_moment_ago_is_put_there_once_more() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    call(&one).await.unwrap();
    hubs.world.pass(60);
    hubs.world.account().revoke(Line::Classic);
    let first = hubs.stored().unwrap();
    call(&one).await.unwrap();
    // Who has no copy, and reports the one before, sees in a turn that the newest is stored.
    hubs.process::<1>().refresh_access_token(&first.into()).await.unwrap();
    hubs.shared.flush();
    // What has no copy of its own finds none stored.
    let client = hubs.process::<1>();
    call(&client).await.unwrap();
    assert!(hubs.stored_is_current());
    call(&other).await.unwrap();
    assert_eq!(hubs.issued(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_the_commit_that_is_lost_costs_nothing() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    hubs.shared.as_process::<1>().lose_commits_answers(true);
    call(&one).await.unwrap();
    call(&other).await.unwrap();
    hubs.world.pass(60);
    hubs.world.account().revoke(Line::Classic);
    call(&other).await.unwrap();
    call(&one).await.unwrap();
    assert_eq!(hubs.issued(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leads_and_is_cancelled_brings_the_others_their_token() {
    let hubs = Hubs::new().await;
    let (one, other) = (hubs.process::<1>(), hubs.process::<2>());
    let leader = hubs.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = tokio::spawn({
        let one = one.clone();
        async move { call(&one).await }
    });
    leader.is_committing(1).await;
    leads.abort();
    leads.await.unwrap_err();
    leader.hold_commits(false);
    call(&other).await.unwrap();
    call(&one).await.unwrap();
    assert_eq!(hubs.issued(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_bought_once_for_all_processes() {
    let hubs = Hubs::new().await;
    let clients = [hubs.process::<1>(), hubs.process::<2>(), hubs.process::<3>()];
    let tickets =
        join_all(clients.iter().map(|client| async { client.fetch_ticket(TicketType::JSAPI).await }));
    let tickets: Vec<_> = tickets.await.into_iter().map(Result::unwrap).collect();
    assert!(tickets.iter().all(|ticket| ticket.ticket() == tickets[0].ticket()));
    assert_eq!((hubs.issued(), hubs.world.calls("/cgi-bin/ticket/getticket")), (1, 1));
}

/// A component whose storage several processes share, and an account of it whose access token has expired.
struct Platforms {
    agency: Agency,
    shared: Shared<0>,
    shop: Authorizer,
}

impl Platforms {
    async fn new() -> Self {
        let agency = Agency::new().await;
        let clock = agency.sim.clock();
        let shared = Shared::by_clock(move || clock.now());
        shared.set_secret(&agency.appid, SECRET);
        let authorizer = new_appid();
        agency.component().authorize(&authorizer);
        let shop = agency.component().authorizer(&authorizer).unwrap();
        let this = Self { agency, shared, shop };
        this.push_ticket().await;
        let access = Token::new(TokenKind::Classic, "expired", this.agency.now() - 7200, 7200);
        let record = AuthorizerToken::new().with_access(access).with_refresh_token(this.shop.refresh_token());
        this.shared.save_access_token(&this.agency.appid, this.shop.appid(), record, &()).await.unwrap();
        this
    }

    async fn push_ticket(&self) {
        let ticket = VerifyTicket::new(self.agency.component().verify_ticket(), self.agency.now());
        self.shared.save_component_verify_ticket(&self.agency.appid, ticket, &()).await.unwrap();
    }

    fn process<const PROCESS: usize>(&self) -> Client<Component> {
        let storage = Bound::new(self.shared.as_process::<PROCESS>(), ());
        self.agency.builder_on(storage).build().expect("the settings are right")
    }

    fn record(&self) -> AuthorizerToken {
        let slot = Slot::AuthorizerToken {
            component_appid: self.agency.appid.clone(),
            authorizer_appid: self.shop.appid().to_owned(),
        };
        match self.shared.row(&slot).record {
            Some(Record::Authorizer(record)) => record,
            other => panic!("{other:?} is no authorizer's record"),
        }
    }

    fn stored(&self) -> [Option<String>; 3] {
        let record = self.record();
        let access = record.access().map(|access| access.access_token().clone());
        [access, record.refresh_token().cloned(), record.previous_refresh_token().cloned()]
            .map(|secret| secret.map(|secret| secret.expose().to_owned()))
    }

    fn bought(&self) -> usize {
        self.agency.calls(AUTHORIZER_TOKEN)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorizers_rotated_refresh_token_is_stored_with_its_access_token_once_for_all() {
    let platforms = Platforms::new().await;
    platforms.shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    let first = platforms.shop.refresh_token();
    let clients = [platforms.process::<1>(), platforms.process::<2>(), platforms.process::<3>()];
    let calls = join_all(clients.iter().map(|client| call_for(client, platforms.shop.appid()))).await;
    calls.into_iter().for_each(|called| drop(called.unwrap()));
    let current = platforms.shop.current_token();
    assert_eq!(platforms.stored(), [current, Some(platforms.shop.refresh_token()), Some(first)]);
    assert_eq!((platforms.bought(), platforms.agency.component_issued()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_success_before_a_rotated_refresh_token_is_stored() {
    let platforms = Platforms::new().await;
    platforms.shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    let (one, other) = (platforms.process::<1>(), platforms.process::<2>());
    // The component's own token is there already.
    one.fetch_component_access_token().await.unwrap();
    let storage = platforms.shared.as_process::<1>();
    storage.fail_commits(true);
    let error = call_for(&one, platforms.shop.appid()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    storage.fail_commits(false);
    call_for(&other, platforms.shop.appid()).await.unwrap();
    call_for(&one, platforms.shop.appid()).await.unwrap();
    assert_eq!(platforms.stored()[1], Some(platforms.shop.refresh_token()));
    assert_eq!((platforms.bought(), platforms.agency.calls(AUTHORIZER_LIST)), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_during_a_refresh_in_another_process_is_what_stays() {
    let platforms = Platforms::new().await;
    platforms.shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    let (one, other) = (platforms.process::<1>(), platforms.process::<2>());
    one.fetch_component_access_token().await.unwrap();
    let leader = platforms.shared.as_process::<1>();
    leader.hold_commits(true);
    let authorizer = platforms.shop.appid().to_owned();
    let leads = tokio::spawn(async move { call_for(&one, &authorizer).await });
    leader.is_committing(2).await;

    let code = platforms.agency.component().authorize(platforms.shop.appid()).authorization_code().to_owned();
    exchange(&other, &code).await.unwrap();
    let given = platforms.stored();
    leader.hold_commits(false);
    leads.await.unwrap().expect("it is called with the new authorization's token");
    assert_eq!(platforms.stored(), given);
    assert_eq!(given[1], Some(platforms.shop.refresh_token()));
    assert_eq!(platforms.bought(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_bought_is_stored_also_where_something_else_of_the_record_was_meanwhile() {
    let platforms = Platforms::new().await;
    platforms.shop.set_refresh_tokens(Some(RefreshTokens::Rotated));
    let one = platforms.process::<1>();
    one.fetch_component_access_token().await.unwrap();
    let leader = platforms.shared.as_process::<1>();
    leader.hold_commits(true);
    let authorizer = platforms.shop.appid().to_owned();
    let leads = tokio::spawn(async move { call_for(&one, &authorizer).await });
    leader.is_committing(2).await;

    let told = AuthorizerToken::new().with_authorized_at(platforms.agency.now());
    let (component, authorizer) = (&platforms.agency.appid, platforms.shop.appid());
    platforms.shared.save_access_token(component, authorizer, told, &()).await.unwrap();
    leader.hold_commits(false);
    leads.await.unwrap().unwrap();
    assert_eq!(
        platforms.stored()[..2],
        [platforms.shop.current_token(), Some(platforms.shop.refresh_token())]
    );
    assert_eq!(platforms.record().authorized_at(), Some(platforms.agency.now()));
    assert_eq!((platforms.bought(), platforms.agency.calls(AUTHORIZER_LIST)), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verify_ticket_that_is_refused_is_shown_by_no_process_again() {
    let platforms = Platforms::new().await;
    let clients = [platforms.process::<1>(), platforms.process::<2>()];
    platforms.agency.sim.fault("/cgi-bin/component/api_component_token", Fault::errcode(61006));
    for client in &clients {
        let error = client.fetch_component_access_token().await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::VerifyTicket, Some(61006)), "{error}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
    }
    assert_eq!(platforms.agency.calls("/cgi-bin/component/api_component_token"), 1);
    platforms.agency.sim.clear_faults();
    platforms.agency.component().issue_verify_ticket();
    platforms.push_ticket().await;
    clients[1].fetch_component_access_token().await.unwrap();
    clients[0].fetch_component_access_token().await.unwrap();
    assert_eq!(platforms.agency.component_issued(), 1);
}
