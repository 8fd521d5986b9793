//! Redis that is down, frozen, restarted, or refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wechat_integration_tests::redis_server::{self, RedisServer};
use wechat_runtime::Token;
use wechat_runtime::adapters::Redis;
use wechat_runtime::storage::{self, Coordinator as _, Notes, Record, Turn};

use super::{ENOUGH, TOKEN_KEY, access_token, fetch_token, nowhere, save_token, token};

/// How long a command may take in these tests, unless it has to succeed.
const SHORT: Duration = Duration::from_millis(300);

/// What no error may show: the URL's password, and what is saved.
const CANARY: &str = "canary";

fn hasty(url: &str) -> Redis {
    Redis::builder(url).command_timeout(SHORT).build().unwrap()
}

/// Asks until there is an answer: on a slow machine, connecting may take longer than a hasty one allows.
async fn fetched(storage: &Redis) -> Option<Token> {
    let fetched = async {
        loop {
            if let Ok(token) = fetch_token(storage).await {
                break token;
            }
        }
    };
    tokio::time::timeout(ENOUGH, fetched).await.unwrap()
}

fn patient(url: &str) -> Redis {
    Redis::builder(url).command_timeout(ENOUGH).build().unwrap()
}

/// Each callback of a kind once; answers with their errors.
async fn errors_of_all(storage: &Redis) -> Vec<storage::Error> {
    let slot = access_token();
    let (fetched, saved, begun, committed, aborted) = tokio::join!(
        fetch_token(storage),
        save_token(storage, token(CANARY)),
        storage.begin(&slot, ENOUGH),
        storage.commit(&slot, 1, Record::Token(token(CANARY)), CANARY.into()),
        storage.abort(&slot, 1, CANARY.into()),
    );
    let errors = [
        fetched.map(drop).err(),
        saved.map(drop).err(),
        begun.map(drop).err(),
        committed.map(drop).err(),
        aborted.map(drop).err(),
    ];
    errors.into_iter().flatten().collect()
}

#[track_caller]
fn assert_says(error: &storage::Error, words: &str) {
    let shown = format!("{error} {error:?} {error:#?}");
    assert!(shown.contains(words) && !shown.contains(CANARY), "no {words:?} in {shown}");
}

#[tokio::test]
async fn a_frozen_server_costs_each_command_its_time_and_then_the_next_one_works() {
    let Some(server) = redis_server::start() else { return };
    let (hasty, fresh) = (hasty(&server.url()), hasty(&server.url()));
    fetched(&hasty).await;
    server.freeze();
    // With a connection, and without one.
    for storage in [&hasty, &fresh, &hasty] {
        let began = Instant::now();
        let errors = errors_of_all(storage).await;
        assert!((SHORT..ENOUGH).contains(&began.elapsed()), "{:?}", began.elapsed());
        assert_eq!(errors.len(), 5);
        for error in &errors {
            assert_says(error, "did not answer within 300ms");
        }
    }
    server.resume();
    assert_eq!(fetch_token(&patient(&server.url())).await.unwrap(), None);
    assert_eq!(fetched(&hasty).await, None);
}

#[tokio::test]
async fn a_server_that_is_down_is_an_error_at_once_and_when_it_is_back_the_first_command_works() {
    let Some(mut server) = redis_server::start() else { return };
    let storage = patient(&server.url());
    let idle = patient(&server.url());
    for _ in 0..3 {
        save_token(&storage, token("t")).await.unwrap();
        fetch_token(&idle).await.unwrap();
        server.kill();
        let errors = errors_of_all(&storage).await;
        assert_eq!(errors.len(), 5);
        for error in &errors {
            assert_says(error, "see that it runs");
        }
        server.restart();
        // One that has seen it go, and one that has not.
        for storage in [&storage, &idle] {
            assert_eq!(fetch_token(storage).await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn what_leads_to_nobody_is_an_error_that_shows_nothing_of_the_url_but_the_host() {
    let storage = hasty(&nowhere().replace("url-password", CANARY));
    let errors = errors_of_all(&storage).await;
    assert_eq!(errors.len(), 5);
    for error in &errors {
        assert_says(error, "no connection to Redis at 127.0.0.1:");
    }
}

#[tokio::test]
async fn a_crowd_knocks_once_where_nobody_opens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // It is asked for its password first, so nobody is through before it has answered.
    let url = format!("redis://:{CANARY}@{}", listener.local_addr().unwrap());
    let knocks = Arc::new(AtomicUsize::new(0));
    let count = knocks.clone();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            open.push(stream);
        }
    });
    let storage = hasty(&url);
    let fetched = join_all((0..500).map(|_| fetch_token(&storage))).await;
    for fetched in &fetched {
        assert_says(fetched.as_ref().unwrap_err(), "did not answer");
    }
    // The next one may have come before the first attempt was over.
    let knocks = knocks.load(Ordering::SeqCst);
    assert!((1..=2).contains(&knocks), "{knocks}");
}

#[tokio::test]
async fn who_goes_away_while_connecting_leaves_the_others_connected() {
    let Some(server) = redis_server::with().password("p").start() else { return };
    let storage = patient(&server.url());
    server.freeze();
    let mut gone = Box::pin(fetch_token(&storage));
    assert!(gone.as_mut().now_or_never().is_none());
    let mut waits = Box::pin(fetch_token(&storage));
    assert!(waits.as_mut().now_or_never().is_none());
    drop(gone);
    server.resume();
    assert_eq!(waits.await.unwrap(), None);
    let connections: String = server.tell(&["CLIENT", "LIST", "TYPE", "normal"]);
    assert_eq!(connections.lines().filter(|line| line.contains("user=default")).count(), 1, "{connections}");
}

#[test]
fn each_async_runtime_has_a_connection_that_it_drives_itself() {
    let Some(server) = redis_server::start() else { return };
    let storage = patient(&server.url());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    // While one is not running, the other does not wait for it.
    for runtime in [&first, &second, &first] {
        runtime.block_on(save_token(&storage, token("t"))).unwrap();
    }
    drop(first);
    for runtime in [second, runtime()] {
        assert_eq!(runtime.block_on(fetch_token(&storage)).unwrap(), Some(token("t")));
    }
}

/// Between a storage and its server.
struct Between {
    url: String,
    /// The next answer is dropped, with its connection.
    cuts: Arc<AtomicBool>,
    /// The connections before this one lead nowhere.
    open_from: Arc<AtomicUsize>,
    accepted: Arc<AtomicUsize>,
}

impl Between {
    async fn new(server: &RedisServer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self {
            url: format!("redis://{}", listener.local_addr().unwrap()),
            cuts: Arc::default(),
            open_from: Arc::default(),
            accepted: Arc::default(),
        };
        let (cuts, open_from, accepted) = (this.cuts.clone(), this.open_from.clone(), this.accepted.clone());
        let port = server.port();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = accepted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(lead(client, port, cuts.clone(), number, open_from.clone()));
            }
        });
        this
    }

    fn cut_the_next_answer(&self) {
        self.cuts.store(true, Ordering::SeqCst);
    }

    fn swallow_what_is_open(&self) {
        self.open_from.store(self.accepted.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

/// Leads one connection to the server.
async fn lead(
    mut client: TcpStream,
    port: u16,
    cuts: Arc<AtomicBool>,
    number: usize,
    open_from: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut question, mut answer) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            read = client.read(&mut question) => match read? {
                0 => return Ok(()),
                length if number >= open_from.load(Ordering::SeqCst) => {
                    server.write_all(&question[..length]).await?;
                }
                _ => {}
            },
            read = server.read(&mut answer) => match read? {
                0 => return Ok(()),
                _ if cuts.swap(false, Ordering::SeqCst) => return Ok(()),
                length => client.write_all(&answer[..length]).await?,
            },
        }
    }
}

#[tokio::test]
async fn a_connection_that_leads_nowhere_costs_one_command() {
    let Some(server) = redis_server::start() else { return };
    let between = Between::new(&server).await;
    let storage = hasty(&between.url);
    save_token(&patient(&server.url()), token("t")).await.unwrap();
    assert_eq!(fetched(&storage).await, Some(token("t")));
    between.swallow_what_is_open();
    assert_says(&fetch_token(&storage).await.unwrap_err(), "did not answer");
    assert_eq!(fetched(&storage).await, Some(token("t")));
}

#[tokio::test]
async fn where_an_answer_is_lost_the_question_is_asked_again_and_means_the_same() {
    let Some(server) = redis_server::start() else { return };
    let between = Between::new(&server).await;
    let storage = patient(&between.url);
    // So that Redis knows the scripts, and each question has one answer.
    save_token(&storage, token("before")).await.unwrap();
    let slot = access_token();
    let lead = async || match storage.begin(&slot, ENOUGH).await.unwrap().turn {
        Turn::Lead { fence } => fence,
        Turn::Wait { .. } => panic!("it waits for itself"),
    };
    let fence = lead().await;
    assert!(storage.commit(&slot, fence, Record::Token(token("t")), Notes::default()).await.unwrap());
    let fence = lead().await;
    assert!(storage.abort(&slot, fence, Notes::default()).await.unwrap());

    between.cut_the_next_answer();
    let fence = lead().await;
    between.cut_the_next_answer();
    assert!(storage.commit(&slot, fence, Record::Token(token("t2")), Notes::default()).await.unwrap());
    let fence = lead().await;
    between.cut_the_next_answer();
    assert!(storage.abort(&slot, fence, Notes::default()).await.unwrap());
    between.cut_the_next_answer();
    assert_eq!(fetch_token(&storage).await.unwrap(), Some(token("t2")));
    between.cut_the_next_answer();
    save_token(&storage, token("t3")).await.unwrap();
    assert_eq!(fetch_token(&storage).await.unwrap(), Some(token("t3")));
    assert!(!between.cuts.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_lease_that_a_frozen_server_grants_too_late_goes_to_the_next_who_asks_there() {
    let Some(server) = redis_server::start() else { return };
    let (hasty, other) = (hasty(&server.url()), patient(&server.url()));
    let slot = access_token();
    let begin = async |storage: &Redis| storage.begin(&slot, ENOUGH).await.map(|begun| begun.turn);
    fetched(&hasty).await;
    // So that the script is known, and is not told again.
    let Turn::Lead { fence } = begin(&other).await.unwrap() else { panic!("somebody leads") };
    assert!(other.abort(&slot, fence, Notes::default()).await.unwrap());
    server.freeze();
    assert_says(&begin(&hasty).await.unwrap_err(), "did not answer");
    server.resume();
    let resumed = Instant::now();
    while !server.tell::<bool>(&["HEXISTS", TOKEN_KEY, "lease_end"]) {
        assert!(resumed.elapsed() < ENOUGH);
    }
    assert!(matches!(begin(&other).await.unwrap(), Turn::Wait { .. }));
    fetched(&hasty).await;
    let turn = async {
        loop {
            if let Ok(turn) = begin(&hasty).await {
                break turn;
            }
        }
    };
    let turn = tokio::time::timeout(ENOUGH, turn).await.unwrap();
    assert!(matches!(turn, Turn::Lead { .. }));
    // It goes to one.
    assert!(matches!(begin(&other).await.unwrap(), Turn::Wait { .. }));
}

#[tokio::test]
async fn scripts_that_redis_has_forgotten_are_told_again() {
    let Some(server) = redis_server::start() else { return };
    let storage = patient(&server.url());
    for value in ["one", "two"] {
        save_token(&storage, token(value)).await.unwrap();
        assert_eq!(fetch_token(&storage).await.unwrap(), Some(token(value)));
        let _: () = server.tell(&["SCRIPT", "FLUSH"]);
    }
}

#[tokio::test]
async fn a_replica_is_told_from_a_primary_and_another_connection_is_made() {
    let Some(server) = redis_server::start() else { return };
    let between = Between::new(&server).await;
    let storage = patient(&between.url);
    save_token(&storage, token("t")).await.unwrap();
    // Of a primary that is not there: what it has, it keeps.
    let _: () = server.tell(&["REPLICAOF", "127.0.0.1", "1"]);
    for error in [
        save_token(&storage, token(CANARY)).await.unwrap_err(),
        storage.begin(&access_token(), ENOUGH).await.unwrap_err(),
    ] {
        assert_says(&error, "READONLY");
        assert_says(&error, "lead the URL to the primary");
    }
    // What has the name now may be another server.
    assert_eq!(between.accepted.load(Ordering::SeqCst), 2);
    let _: () = server.tell(&["REPLICAOF", "NO", "ONE"]);
    save_token(&storage, token("t")).await.unwrap();
}

#[tokio::test]
async fn a_server_without_memory_refuses_whole_transactions() {
    let Some(server) = redis_server::start() else { return };
    let storage = patient(&server.url());
    save_token(&storage, token("t")).await.unwrap();
    let _: () = server.tell(&["CONFIG", "SET", "maxmemory", "1"]);
    let errors = errors_of_all(&storage).await;
    let full = errors.iter().filter(|error| error.to_string().contains("OOM"));
    assert_eq!(full.count(), 2, "{errors:?}");
    for error in &errors {
        assert_says(error, "raise maxmemory");
    }
    assert_eq!(fetch_token(&storage).await.unwrap(), Some(token("t")));
    let _: () = server.tell(&["CONFIG", "SET", "maxmemory", "0"]);
    assert!(matches!(storage.begin(&access_token(), ENOUGH).await.unwrap().turn, Turn::Lead { .. }));
}

#[tokio::test]
async fn what_is_none_of_its_own_is_an_error_and_stays() {
    let Some(server) = redis_server::start() else { return };
    let storage = patient(&server.url());
    let _: () = server.tell(&["SET", TOKEN_KEY, "somebody's"]);
    let errors = errors_of_all(&storage).await;
    assert_eq!(errors.len(), 5);
    for error in &errors {
        assert_says(error, "choose another prefix");
    }
    assert_eq!(server.tell::<String>(&["GET", TOKEN_KEY]), "somebody's");
}

/// A server that says one thing to everybody.
async fn saying(line: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut question = [0; 4096];
                while stream.read(&mut question).await.is_ok_and(|length| length > 0) {
                    let _ = stream.write_all(line.as_bytes()).await;
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn leases_go_by_the_clock_of_redis_whatever_this_machines_says() {
    let answer = "*5\r\n$4\r\nlead\r\n$1\r\n7\r\n$7\r\n1500000\r\n$-1\r\n$-1\r\n";
    let begun = patient(&saying(answer).await).begin(&access_token(), ENOUGH).await.unwrap();
    assert_eq!(begun.turn, Turn::Lead { fence: 7 });
    assert_eq!(begun.now, UNIX_EPOCH + Duration::from_millis(1500));
}

#[tokio::test]
async fn each_refusal_says_what_to_do_and_repeats_nothing_that_was_sent() {
    for (line, words) in [
        ("-LOADING Redis is loading canary\r\n", "try again"),
        ("-MOVED 3999 canary:6381\r\n", "Redis Cluster"),
        ("-ASK 3999 canary:6381\r\n", "Redis Cluster"),
        ("-CLUSTERDOWN Hash slot not served canary\r\n", "Redis Cluster"),
        ("-NOAUTH Authentication required. canary\r\n", "check the user and the password"),
        ("-NOPERM User canary has no permissions\r\n", "adapters::Redis documents"),
        ("-MISCONF canary\r\n", "cannot write to its disk"),
        ("-NOREPLICAS canary\r\n", "see to them"),
        ("-MASTERDOWN canary\r\n", "lead the URL to the primary"),
        ("-BUSY canary\r\n", "takes too long"),
        ("-NOSCRIPT canary\r\n", "NOSCRIPT"),
        ("-ERR unknown command 'EVALSHA', with args beginning with: 'canary'\r\n", "ERR"),
        ("-ERR Error running script: @user_script:1: -OOM command canary\r\n", "raise maxmemory"),
        ("-ERR Error running script: @user_script:1: -READONLY canary\r\n", "primary"),
        ("+canary\r\n", "check the URL"),
        ("$-1000000000canary\r\n", "check the URL"),
        ("HTTP/1.1 400 canary\r\n\r\n", "check the URL"),
    ] {
        let storage = patient(&saying(line).await);
        let error = storage.begin(&access_token(), ENOUGH).await.unwrap_err();
        assert_says(&error, words);
    }
}

#[tokio::test]
async fn a_caller_is_told_by_the_error_of_its_call() {
    use wechat_integration_tests::{call, http};
    use wechat_runtime::{Bound, Client, Common, ErrorKind, adapters::RedisError};

    let storage = Bound::<Common>::new(patient(&nowhere()), ());
    let client = Client::builder(storage).appid(super::APPID).base_url("http://127.0.0.1:9");
    let error = call(&client.http(http()).build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<RedisError>());
    assert!(matches!(source, Some(RedisError::Unreachable { .. })), "{error:?}");
}
