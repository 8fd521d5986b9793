//! A hub in a process of its own, with a storage in memory. It counts what it is asked.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use wechat_integration_tests::http;
use wechat_integration_tests::orders::{Asked, HubOrder, HubSettings, Told, orders, say};
use wechat_runtime::adapters::Memory;
use wechat_runtime::storage::ComponentHub as _;
use wechat_runtime::{Application, Bound, Client, Common, Component, VerifyTicket, hub};

/// Ports to listen on. While a hub is down, another connection must not be given its port, nor one to it connect to
/// itself: so these are below those that systems give out by themselves.
const PORTS: Range<u16> = 20_000..30_000;

#[tokio::main]
async fn main() {
    let (settings, mut orders) = orders::<HubSettings, HubOrder>();
    let counts = Counts::default();
    tracing_subscriber::registry().with(counts.clone()).init();

    let storage = Memory::new();
    settings.secrets.iter().for_each(|(appid, secret)| storage.set_secret(appid, secret.as_str()));
    for (component, ticket) in settings.verify_tickets {
        let ticket = VerifyTicket::new(ticket, settings.unix);
        let kept = storage.save_component_verify_ticket(&component, ticket, &()).await;
        kept.expect("a map takes everything");
    }
    let clock = Told::new(settings.unix);
    let common = client(Bound::<Common>::new(storage.clone(), ()), &settings.base_url, &clock);
    let component = client(Bound::<Component>::new(storage, ()), &settings.base_url, &clock);
    let served = hub::Settings::new(hub::Access::new()).common(&common).component(&component);
    let listener = listen(settings.port);
    say(&format!("http://{}", listener.local_addr().expect("it listens")));

    let (stop, stopped) = oneshot::channel::<()>();
    let mut stop = Some(stop);
    let serving = hub::serve(listener, served, async {
        let _ = stopped.await;
    });
    let mut serving = std::pin::pin!(serving);
    loop {
        tokio::select! {
            served = &mut serving => return served.expect("it serves everybody on this machine"),
            Some(order) = orders.recv() => match order {
                HubOrder::Clock(unix) => {
                    clock.set(unix);
                    say(&());
                }
                HubOrder::Asked => say(&counts.now()),
                HubOrder::Stop => {
                    drop(stop.take());
                    say(&());
                }
            },
        }
    }
}

fn client<App: Application>(storage: Bound<App>, base_url: &str, clock: &Told) -> Client<App> {
    let clock = clock.clone();
    let client = Client::builder(storage).base_url(base_url).clock(move || clock.now()).http(http());
    client.build().expect("the settings are right")
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

/// Counts questions by what the hub logs of them, when they are answered or refused.
#[derive(Clone, Default)]
struct Counts(Arc<Mutex<Asked>>);

impl Counts {
    fn now(&self) -> Asked {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Counts {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target() == "wechat_runtime::hub" { Interest::always() } else { Interest::never() }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Counting(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)));
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
