//! A hub in a process of its own, with a storage in memory or in Redis. It counts what it is asked, hears what is logged,
//! and has callers of its own.

use std::fmt::{Debug, Write as _};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use wechat_integration_tests::http;
use wechat_integration_tests::hub_work::Workers;
use wechat_integration_tests::orders::{Asked, HubOrder, HubSettings, Refresh, Store, Told, orders, say};
use wechat_runtime::adapters::{Memory, Redis};
use wechat_runtime::{
    Application, Backoff, Bound, Client, ClientBuilder, Common, Component, RefreshSettings, TokenKind,
    VerifyTicket, hub, storage,
};

/// Ports to listen on. While a hub is down, another connection must not be given its port, nor one to it connect to
/// itself: so these are below those that systems give out by themselves.
const PORTS: Range<u16> = 20_000..30_000;

#[tokio::main]
async fn main() {
    let (settings, orders) = orders::<HubSettings, HubOrder>();
    let heard = Heard::default();
    tracing_subscriber::registry().with(heard.clone()).init();
    match settings.store.clone() {
        Store::Memory => {
            let storage = Memory::new();
            settings.secrets.iter().for_each(|(appid, secret)| storage.set_secret(appid, secret.as_str()));
            own(settings, orders, heard, storage).await;
        }
        Store::Redis { url, prefix, command_timeout } => {
            let redis = Redis::builder(url).prefix(prefix).command_timeout(command_timeout);
            let redis = settings
                .secrets
                .iter()
                .fold(redis, |redis, (appid, secret)| redis.with_secret(appid, secret.as_str()));
            let storage = redis.build().expect("the settings are right");
            own(settings, orders, heard, storage).await;
        }
    }
}

/// Serves what a storage has, and does what it is told, until it is told to stop.
async fn own<S>(settings: HubSettings, mut orders: UnboundedReceiver<HubOrder>, heard: Heard, storage: S)
where
    S: storage::Hub<Args = ()> + storage::ComponentHub<Args = ()> + Clone,
{
    let clock = Told::new(settings.unix.saturating_add_signed(settings.off_by));
    let keep = async |component: &str, ticket: &str| {
        let ticket = VerifyTicket::new(ticket, clock.unix());
        storage.save_component_verify_ticket(component, ticket, &()).await
    };
    for (component, ticket) in &settings.verify_tickets {
        keep(component, ticket).await.expect("the storage is there");
    }
    let of_common = Bound::<Common>::new(storage.clone(), ());
    let of_component = Bound::<Component>::new(storage.clone(), ());
    let kind = if settings.classic { TokenKind::Classic } else { TokenKind::Stable };
    let common = || client(&of_common, &settings, &clock).token(kind);
    let component = || client(&of_component, &settings, &clock);
    let served = hub::Settings::new(hub::Access::new())
        .common(&common().build().expect(SETTINGS))
        .component(&component().build().expect(SETTINGS));
    let mut workers = Workers::new(common, component);
    let listener = listen(settings.port);
    say(&format!("http://{}", listener.local_addr().expect("it listens")));

    let (stop, stopped) = oneshot::channel::<()>();
    let mut stop = Some(stop);
    let mut serving = tokio::spawn(hub::serve(listener, served, async {
        let _ = stopped.await;
    }));
    loop {
        tokio::select! {
            served = &mut serving => {
                return served.expect("serving does not panic").expect("it serves everybody on this machine");
            }
            Some(order) = orders.recv() => match order {
                HubOrder::Clock(unix) => {
                    clock.set(unix.saturating_add_signed(settings.off_by));
                    say(&());
                }
                HubOrder::Asked => say(&heard.asked()),
                HubOrder::Begin(work) => {
                    workers.begin(&work);
                    say(&());
                }
                HubOrder::Cancel(callers) => {
                    workers.cancel(callers).await;
                    say(&());
                }
                HubOrder::Rest => say(&workers.rest().await),
                HubOrder::VerifyTicket { component, ticket } => say(&keep(&component, &ticket).await.is_ok()),
                HubOrder::Warnings => say(&heard.warnings()),
                HubOrder::Stop => {
                    drop(stop.take());
                    say(&());
                }
            },
        }
    }
}

const SETTINGS: &str = "the settings are right";

fn client<App: Application>(
    storage: &Bound<App>,
    settings: &HubSettings,
    clock: &Told,
) -> ClientBuilder<App> {
    let clock = clock.clone();
    Client::builder(storage.clone())
        .base_url(&settings.base_url)
        .clock(move || clock.now())
        .http(http().tls_certs_only([]))
        .refresh(refresh(&settings.refresh))
}

fn refresh(given: &Refresh) -> RefreshSettings {
    let mut settings = RefreshSettings::default();
    let both = |pause: Duration| Backoff { first: pause, longest: pause };
    let set = |of: &mut Duration, given: Option<Duration>| *of = given.unwrap_or(*of);
    set(&mut settings.lease, given.lease);
    set(&mut settings.upstream_timeout, given.upstream_timeout);
    set(&mut settings.storage_timeout, given.storage_timeout);
    set(&mut settings.gap, given.gap);
    set(&mut settings.background_pause, given.background_pause);
    set(&mut settings.cool_downs.quota_probe, given.quota_probe);
    settings.cool_downs.transient = given.transient.map_or(settings.cool_downs.transient, both);
    settings.cool_downs.address = given.address.map_or(settings.cool_downs.address, both);
    settings
}

/// How many connections may wait to be accepted. By default it is 128: then the others of a crowd begin again after a
/// second.
const BACKLOG: u32 = 1024;

fn listen(port: Option<u16>) -> TcpListener {
    if let Some(port) = port {
        return listen_at(port).expect("the port is free");
    }
    let ports = usize::from(PORTS.end - PORTS.start);
    // Each process begins somewhere else.
    let begin = usize::try_from(std::process::id()).expect("an id is a number") * 7 % ports;
    let mut some = PORTS.cycle().skip(begin).take(100);
    some.find_map(|port| listen_at(port).ok()).expect("one of a hundred ports is free")
}

fn listen_at(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    if cfg!(unix) {
        // Connections of the hub that was killed may still be ending.
        socket.set_reuseaddr(true)?;
    }
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    socket.listen(BACKLOG)
}

/// How many lines of warnings are kept.
const MOST_WARNINGS: usize = 1000;

/// What is heard of the log: questions, by what the hub says of them when they are answered or refused, and warnings.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<(Asked, Vec<String>)>>);

impl Heard {
    fn lock(&self) -> MutexGuard<'_, (Asked, Vec<String>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> Asked {
        self.lock().0
    }

    fn warnings(&self) -> Vec<String> {
        self.lock().1.clone()
    }
}

impl<S: Subscriber> Layer<S> for Heard {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let is_heard = metadata.target() == "wechat_runtime::hub" || *metadata.level() <= Level::WARN;
        if is_heard { Interest::always() } else { Interest::never() }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (asked, warnings) = &mut *self.lock();
        event.record(&mut Counting(asked));
        if *event.metadata().level() <= Level::WARN && warnings.len() < MOST_WARNINGS {
            let mut line = format!("{} {}:", event.metadata().level(), event.metadata().target());
            event.record(&mut Writing(&mut line));
            warnings.push(line);
        }
    }
}

/// Writes all that an event says.
struct Writing<'a>(&'a mut String);

impl Visit for Writing<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

struct Counting<'a>(&'a mut Asked);

impl Visit for Counting<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() != "asks" {
            return;
        }
        let count = match format!("{value:?}").as_str() {
            "AccessToken" => &mut self.0.tokens,
            "AnotherAccessToken" => &mut self.0.reports,
            "Ticket" => &mut self.0.tickets,
            "ComponentAccessToken" => &mut self.0.component_tokens,
            "AnotherComponentAccessToken" => &mut self.0.component_reports,
            other => panic!("no test asks for {other}"),
        };
        *count += 1;
    }
}
