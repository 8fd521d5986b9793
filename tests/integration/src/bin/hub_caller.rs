//! Callers in a process of their own, who have their tokens of a hub.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use wechat_integration_tests::orders::{
    Act, Bindings, CallerOrder, CallerSettings, Tally, Told, orders, say,
};
use wechat_integration_tests::{PATH, http};
use wechat_runtime::adapters::HubClient;
use wechat_runtime::{Adapter, Application, Authorizer, Bound, Call, Client, Common, Error, TicketType};

/// How many calls a process has on the wire to the platform at once: each is a file there.
const ON_THE_WIRE: usize = 32;

/// How long a client under load pauses between its calls.
const PACE: Duration = Duration::from_millis(5);

#[tokio::main]
async fn main() {
    let (settings, mut orders) = orders::<CallerSettings, CallerOrder>();
    let clock = Told::new(settings.unix);
    let callers = Callers::new(&settings, &clock);
    say(&());
    let mut load = None;
    while let Some(order) = orders.recv().await {
        match order {
            CallerOrder::Clock(unix) => {
                clock.set(unix);
                say(&());
            }
            CallerOrder::Each(act, times) => say(&callers.act(act, times).await),
            CallerOrder::Load => {
                load = Some(Load::begin(&callers));
                say(&());
            }
            CallerOrder::Ended(calls) => {
                let load = load.as_ref().expect("there is a load");
                say(&load.after(|client| client.ended >= calls).await);
            }
            CallerOrder::Succeeded(calls) => {
                let load = load.as_ref().expect("there is a load");
                say(&load.after(|client| client.succeeded >= calls).await);
            }
            CallerOrder::Rest => say(&load.take().expect("there is a load").rest().await),
        }
    }
}

#[derive(Clone)]
struct Callers {
    hub: String,
    clients: Vec<Caller>,
    wire: Arc<Semaphore>,
}

/// A common application, or an account that has authorized a component application.
#[derive(Clone)]
enum Caller {
    Common(Client<Common>),
    Account(Authorizer),
}

impl Callers {
    fn new(settings: &CallerSettings, clock: &Told) -> Self {
        let clients = (0..settings.clients).map(|_| Caller::new(settings, clock)).collect();
        Self { hub: settings.hub.clone(), clients, wire: Arc::new(Semaphore::new(ON_THE_WIRE)) }
    }

    async fn act(&self, act: Act, times: usize) -> Tally {
        let began = Instant::now();
        let tasks: Vec<_> = (0..times)
            .flat_map(|_| &self.clients)
            .map(|client| {
                let (this, client) = (self.clone(), client.clone());
                tokio::spawn(async move { (this.one(&client, act).await, began.elapsed()) })
            })
            .collect();
        let mut tally = Tally::default();
        for ended in join_all(tasks).await {
            let (outcome, took) = ended.expect("no call panics");
            tally.count(outcome, took);
        }
        tally
    }

    async fn one(&self, caller: &Caller, act: Act) -> Result<(), Error> {
        match (caller, act) {
            (Caller::Common(client), Act::Token) => client.fetch_access_token().await.map(drop),
            (Caller::Account(account), Act::Token) => account.fetch_access_token().await.map(drop),
            (Caller::Common(client), act) => self.call(client, act).await,
            (Caller::Account(account), act) => self.call(account, act).await,
        }
    }

    /// What any of them does in the same way.
    async fn call<App, M>(&self, wechat: &impl Call<App = App>, act: Act) -> Result<(), Error>
    where
        App: Application,
        HubClient: Adapter<App, M, Args = ()>,
    {
        let own = || HubClient::new(&self.hub);
        if act == Act::TicketWithOwnStorage {
            return wechat.fetch_ticket(TicketType::JSAPI).adapter_storage(own()).await.map(drop);
        }
        let _pass = self.wire.acquire().await;
        let call = wechat.get(PATH);
        let call = if act == Act::CallWithOwnStorage { call.adapter_storage(own()) } else { call };
        call.send().await?.error_for_errcode().map(drop)
    }
}

impl Caller {
    fn new(settings: &CallerSettings, clock: &Told) -> Self {
        match &settings.authorizer {
            None => Self::Common(client(settings, clock)),
            Some(authorizer) => Self::Account(client(settings, clock).authorizer(authorizer)),
        }
    }
}

fn client<App: Application, M>(settings: &CallerSettings, clock: &Told) -> Client<App>
where
    HubClient: Adapter<App, M, Args = ()>,
{
    let idle = if settings.bindings == Bindings::Own { 0 } else { usize::MAX };
    // All is plain HTTP here, and hundreds of clients that each read the system's roots of trust take seconds.
    let http = move || http().pool_max_idle_per_host(idle).tls_certs_only([]);
    let hub = HubClient::new(&settings.hub);
    let hub = if settings.bindings == Bindings::Shared { hub } else { hub.http(http) };
    let clock = clock.clone();
    Client::<App>::builder(Bound::new(hub, ()))
        .appid(&settings.appid)
        .base_url(&settings.base_url)
        .clock(move || clock.now())
        .http(http())
        .build()
        .expect("the settings are right")
}

/// Clients that call again and again.
struct Load {
    tasks: Vec<JoinHandle<()>>,
    watched: watch::Sender<Watched>,
}

/// What became of the calls, from the beginning and in the round that is watched.
struct Watched {
    over: bool,
    all: Tally,
    round: u64,
    of_round: Tally,
    clients: Vec<Ended>,
}

/// How many calls of one client belong to the round.
#[derive(Clone, Copy, Default)]
struct Ended {
    ended: usize,
    succeeded: usize,
}

impl Load {
    fn begin(callers: &Callers) -> Self {
        let watched = watch::Sender::new(Watched {
            over: false,
            all: Tally::default(),
            round: 0,
            of_round: Tally::default(),
            clients: vec![Ended::default(); callers.clients.len()],
        });
        let tasks = (0..callers.clients.len())
            .map(|index| tokio::spawn(keep_calling(callers.clone(), index, watched.clone())))
            .collect();
        Self { tasks, watched }
    }

    /// Waits until this is so of each client, counting the calls that begin from now on.
    async fn after(&self, enough: impl Fn(&Ended) -> bool) -> Tally {
        self.watched.send_modify(|watched| {
            watched.round += 1;
            watched.of_round = Tally::default();
            watched.clients.fill(Ended::default());
        });
        let mut watching = self.watched.subscribe();
        let seen = watching.wait_for(|watched| watched.clients.iter().all(&enough)).await;
        seen.expect("the load is here").of_round.clone()
    }

    async fn rest(self) -> Tally {
        self.watched.send_modify(|watched| watched.over = true);
        for task in self.tasks {
            task.await.expect("no call panics");
        }
        self.watched.borrow().all.clone()
    }
}

async fn keep_calling(callers: Callers, index: usize, watched: watch::Sender<Watched>) {
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        let round = {
            let watched = watched.borrow();
            if watched.over {
                return;
            }
            watched.round
        };
        let began = Instant::now();
        let outcome = callers.one(&callers.clients[index], Act::Call).await;
        let took = began.elapsed();
        watched.send_modify(|watched| {
            watched.all.count(outcome.clone(), took);
            if watched.round == round {
                watched.clients[index].ended += 1;
                watched.clients[index].succeeded += usize::from(outcome.is_ok());
                watched.of_round.count(outcome, took);
            }
        });
    }
}
