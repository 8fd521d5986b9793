//! An authorizer's refresh token, which several processes keep: WeChat grants it once, and none of them may lose it.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use wechat_integration_tests::assembly::Rows;
use wechat_integration_tests::processes::Platforms;
use wechat_integration_tests::{AUTHORIZER_LIST, AUTHORIZER_TOKEN, QUERY_AUTH, call_for, custom, exchange};
use wechat_runtime::storage::{self, Coordinator as _, Notes, Record, Slot, Turn};
use wechat_runtime::{
    AuthorizerToken, Client, Component, Error, ErrorKind, RefreshSettings, Response, Token, TokenKind,
};
use wechat_simulator::Fault;

/// Lets a save begin, and go on when it is let.
struct Gate {
    begun: Semaphore,
    go: Semaphore,
}

impl Gate {
    const fn new() -> Self {
        Self { begun: Semaphore::const_new(0), go: Semaphore::const_new(0) }
    }

    async fn pass(&self) {
        self.begun.add_permits(1);
        self.go.acquire().await.unwrap().forget();
    }

    async fn has_begun(&self) {
        self.begun.acquire().await.unwrap().forget();
    }

    fn open(&self) {
        self.go.add_permits(1);
    }
}

macro_rules! slow_to_save {
    ($name:ident: $gate:ident) => {
        static $gate: LazyLock<Gate> = LazyLock::new(Gate::new);

        custom!($name {
            async fn save(&self, rows: &Rows, slot: &Slot, record: Record) -> storage::Result<Record> {
                $gate.pass().await;
                Ok(rows.change(&slot.name(), |row, _| row.save(record)))
            }
        });
    };
}

slow_to_save!(NotesCancellation: CANCELLATION);
slow_to_save!(ExchangesCode: EXCHANGE);
slow_to_save!(FindsCodeUsed: USED);

/// A call for the account, in a task of its own.
fn calls(
    client: &Client<Component>,
    platforms: &Platforms,
) -> tokio::task::JoinHandle<Result<Response, Error>> {
    let (client, authorizer) = (client.clone(), platforms.shop.appid().to_owned());
    tokio::spawn(async move { call_for(&client, &authorizer).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorizers_rotated_refresh_token_is_stored_with_its_access_token_once_for_all() {
    let platforms = Platforms::cold().await;
    let first = platforms.shop.refresh_token();
    let clients = [platforms.process::<1>(), platforms.process::<2>(), platforms.process::<3>()];
    let calls = join_all(clients.iter().map(|client| call_for(client, platforms.shop.appid()))).await;
    for called in calls {
        called.unwrap();
    }
    let current = platforms.shop.current_token();
    assert_eq!(platforms.stored(), [current, Some(platforms.shop.refresh_token()), Some(first)]);
    assert_eq!((platforms.agency.calls(AUTHORIZER_TOKEN), platforms.agency.component_issued()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_success_before_a_rotated_refresh_token_is_stored() {
    let platforms = Platforms::new().await;
    let (one, other) = (platforms.process::<1>(), platforms.process::<2>());
    let storage = platforms.shared.as_process::<1>();
    storage.fail_commits(true);
    let error = call_for(&one, platforms.shop.appid()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    storage.fail_commits(false);
    call_for(&other, platforms.shop.appid()).await.unwrap();
    call_for(&one, platforms.shop.appid()).await.unwrap();
    assert_eq!(platforms.stored()[1], Some(platforms.shop.refresh_token()));
    assert_eq!((platforms.agency.calls(AUTHORIZER_TOKEN), platforms.agency.calls(AUTHORIZER_LIST)), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_during_a_refresh_in_another_process_is_what_stays() {
    let platforms = Platforms::new().await;
    let (one, other) = (platforms.process::<1>(), platforms.process::<2>());
    let leader = platforms.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = calls(&one, &platforms);
    leader.is_committing(1).await;

    let code = platforms.agency.component().authorize(platforms.shop.appid()).authorization_code().to_owned();
    exchange(&other, &code).await.unwrap();
    let given = platforms.stored();
    leader.hold_commits(false);
    leads.await.unwrap().expect("it is called with the new authorization's token");
    assert_eq!(platforms.stored(), given);
    assert_eq!(given[1], Some(platforms.shop.refresh_token()));
    assert_eq!(platforms.agency.calls(AUTHORIZER_TOKEN), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_bought_is_stored_also_where_something_else_of_the_record_was_meanwhile() {
    let platforms = Platforms::new().await;
    let one = platforms.process::<1>();
    let leader = platforms.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = calls(&one, &platforms);
    leader.is_committing(1).await;

    platforms.note_authorization().await;
    leader.hold_commits(false);
    leads.await.unwrap().unwrap();
    assert_eq!(
        platforms.stored()[..2],
        [platforms.shop.current_token(), Some(platforms.shop.refresh_token())]
    );
    assert_eq!(platforms.record().authorized_at(), Some(platforms.agency.now()));
    assert_eq!((platforms.agency.calls(AUTHORIZER_TOKEN), platforms.agency.calls(AUTHORIZER_LIST)), (1, 0));
}

/// A late cancellation is noted in one process, while another stores a rotated refresh token.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_event_notes_takes_no_refresh_token_back() {
    let platforms = Platforms::new().await;
    let storage = platforms.shared.as_custom::<NotesCancellation>();
    let events = platforms.client(storage, RefreshSettings::default());
    let first = platforms.shop.refresh_token();
    // It is from before the account has authorized the component last.
    let event = platforms.event("unauthorized", platforms.agency.now() - 90_000, None);
    let noted = tokio::spawn(async move { events.receive_event(&event).await });
    CANCELLATION.has_begun().await;
    call_for(&platforms.process::<1>(), platforms.shop.appid()).await.unwrap();
    assert!(platforms.keeps_refresh_token(), "it is stored");
    CANCELLATION.open();
    noted.await.unwrap().unwrap();
    assert!(platforms.keeps_refresh_token(), "it stays stored");
    assert_eq!(platforms.stored()[2], Some(first), "nor is the one before lost");
}

/// WeChat pushes an authorization to two processes; the second finds the code used, and notes the authorization.
#[tokio::test(flavor = "multi_thread")]
async fn one_authorization_pushed_to_two_processes_keeps_its_refresh_token() {
    let platforms = Platforms::new().await;
    let settings = RefreshSettings::default;
    let first = platforms.client(platforms.shared.as_custom::<ExchangesCode>(), settings());
    let second = platforms.client(platforms.shared.as_custom::<FindsCodeUsed>(), settings());
    let authorized = platforms.agency.component().reauthorize(platforms.shop.appid());
    let code = authorized.authorization_code().to_owned();
    let event = platforms.event("authorized", platforms.agency.now(), Some(&code));
    let again = event.clone();
    let exchanged = tokio::spawn(async move { first.receive_event(&event).await });
    EXCHANGE.has_begun().await;
    let noted = tokio::spawn(async move { second.receive_event(&again).await });
    USED.has_begun().await;
    EXCHANGE.open();
    exchanged.await.unwrap().unwrap();
    assert!(platforms.keeps_refresh_token(), "it is stored");
    let list = platforms.agency.calls(AUTHORIZER_LIST);
    USED.open();
    noted.await.unwrap().unwrap();
    assert!(platforms.keeps_refresh_token(), "it stays stored");
    assert_eq!((platforms.agency.calls(AUTHORIZER_LIST), platforms.agency.calls(QUERY_AUTH)), (list, 2));
}

/// A leader's lead is ended by a note, and another process leads already when it commits.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_refresh_token_is_not_dropped_because_another_leads() {
    let platforms = Platforms::new().await;
    let (one, other) = (platforms.process::<1>(), platforms.process::<2>());
    let leader = platforms.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = calls(&one, &platforms);
    leader.is_committing(1).await;
    // The list is not to be had for now.
    platforms.agency.sim.fault(AUTHORIZER_LIST, Fault::hang());
    platforms.note_authorization().await;
    let waits = calls(&other, &platforms);
    // It shows the old refresh token, which is refused, and asks for the list.
    platforms.agency.sim.arrived(AUTHORIZER_LIST, 1).await;
    let begins = leader.begins();
    leader.hold_commits(false);
    // It asks for another turn, and once more: so it waits until the other has had its own.
    leader.has_begun(begins + 2).await;
    platforms.agency.sim.clear_faults();
    leads.await.unwrap().expect("its refresh token is stored");
    drop(waits.await.unwrap());
    assert!(platforms.keeps_refresh_token());
}

/// The same, and the other process's refresh comes to nothing: nothing but the leader's commit brings the refresh token.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_refresh_token_is_stored_by_who_bought_it_where_the_other_fails() {
    let platforms = Platforms::new().await;
    let (one, other) = (platforms.process::<1>(), platforms.process::<2>());
    let leader = platforms.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = calls(&one, &platforms);
    leader.is_committing(1).await;
    platforms.agency.sim.fault(AUTHORIZER_LIST, Fault::hang());
    platforms.note_authorization().await;
    let waits = calls(&other, &platforms);
    platforms.agency.sim.arrived(AUTHORIZER_LIST, 1).await;
    leader.hold_commits(false);
    leads.await.unwrap().expect("its refresh token is stored");
    drop(waits.await.unwrap());
    assert!(platforms.keeps_refresh_token());
}

/// The record's fence has moved, and the coordinator is down for a moment when that is looked into.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_refresh_token_is_not_dropped_because_the_coordinator_is_down_for_a_moment() {
    let platforms = Platforms::new().await;
    let one = platforms.process::<1>();
    let leader = platforms.shared.as_process::<1>();
    leader.hold_commits(true);
    let leads = calls(&one, &platforms);
    leader.is_committing(1).await;
    platforms.note_authorization().await;
    leader.fail_begins(true);
    leader.hold_commits(false);
    leads.await.unwrap().unwrap_err();
    leader.fail_begins(false);
    call_for(&one, platforms.shop.appid()).await.unwrap();
    assert!(platforms.keeps_refresh_token());
    assert_eq!((platforms.agency.calls(AUTHORIZER_TOKEN), platforms.agency.calls(AUTHORIZER_LIST)), (1, 0));
}

/// Another process has bought an access token with the refresh token that the leader's answer replaces. Its own is older,
/// and so is its refresh token.
#[tokio::test(flavor = "multi_thread")]
async fn what_replaces_the_stored_refresh_token_is_stored_over_whatever_that_has_bought() {
    let platforms = Platforms::new().await;
    let one = platforms.process::<1>();
    let leader = platforms.shared.as_process::<1>();
    let first = platforms.shop.refresh_token();
    leader.hold_commits(true);
    let leads = calls(&one, &platforms);
    leader.is_committing(1).await;
    let (bought, now) = (platforms.shop.current_token().unwrap(), platforms.agency.now());
    // As one does whose answer had the access token and came first: it leaves the refresh token as it was.
    let access = Token::new(TokenKind::Classic, "bought before", now, 7200);
    platforms.save(AuthorizerToken::new().with_access(access)).await;
    leader.hold_commits(false);
    leads.await.unwrap().unwrap();
    assert_eq!(platforms.stored(), [Some(bought), Some(platforms.shop.refresh_token()), Some(first)]);
    assert_eq!((platforms.agency.calls(AUTHORIZER_TOKEN), platforms.agency.calls(AUTHORIZER_LIST)), (1, 0));
}

/// What an authorization has brought is as young as what a refresh has, in all processes.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_authorization_has_just_brought_is_not_replaced() {
    let platforms = Platforms::new().await;
    let (one, other) = (platforms.process::<1>(), platforms.process::<2>());
    let appid = platforms.shop.appid();
    let code = platforms.agency.component().authorize(appid).authorization_code().to_owned();
    exchange(&one, &code).await.unwrap();
    platforms.shop.revoke();
    for client in [&one, &other] {
        let error = call_for(client, appid).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenRejected, "{error}");
        assert!(error.retry_after().is_some(), "{error}");
    }
    assert_eq!(platforms.agency.calls(AUTHORIZER_TOKEN), 0);
}

/// A refresh waits for a dead leader's lease, and is then slow: its callers have gone, and new ones have come. Who leads next
/// finds what it has bought.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_slow_refresh_has_bought_is_stored_though_others_ask_in_this_process_meanwhile() {
    let platforms = Platforms::in_real_time().await;
    platforms.shared.alter(&platforms.slot(), |row| {
        row.record = Some(Record::Authorizer(AuthorizerToken::new().with_refresh_token("lost")));
    });
    let mut settings = RefreshSettings::default();
    // A caller waits as long as both together. WeChat is asked when the lease is over: for a refusal, then for the list.
    (settings.lease, settings.upstream_timeout) = (Duration::from_secs(2), Duration::from_millis(600));
    let storage = platforms.shared.as_process::<1>();
    let client = platforms.client(storage.clone(), settings.clone());
    client.fetch_component_access_token().await.unwrap();
    platforms.agency.sim.fault(AUTHORIZER_TOKEN, Fault::delay_after(Duration::from_millis(450)).times(1));
    platforms.agency.sim.fault(AUTHORIZER_LIST, Fault::hang());
    // It dies.
    platforms.shared.begin(&platforms.slot(), settings.lease).await.unwrap();
    let error = calls(&client, &platforms).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    let begins = storage.begins();
    let second = calls(&client, &platforms);
    storage.has_begun(begins + 1).await;
    platforms.agency.sim.clear_faults();
    // Another process asks far more often than those of this one, so it is the next to lead.
    let since = Instant::now();
    let fence = loop {
        let begun = platforms.shared.begin(&platforms.slot(), settings.lease).await.unwrap();
        if let Turn::Lead { fence } = begun.turn {
            break fence;
        }
        assert!(since.elapsed() < 2 * settings.lease);
        tokio::task::yield_now().await;
    };
    assert!(platforms.keeps_refresh_token());
    assert!(platforms.shared.abort(&platforms.slot(), fence, Notes::default()).await.unwrap());
    second.await.unwrap().unwrap();
    // The lost one, and the listed one, once.
    assert_eq!((platforms.agency.calls(AUTHORIZER_TOKEN), platforms.agency.calls(AUTHORIZER_LIST)), (2, 1));
}
