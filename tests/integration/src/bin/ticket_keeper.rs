//! A component application in a process of its own, which keeps its tickets in a file.

use tokio::net::TcpListener;
use wechat_integration_tests::callbacks::{AT, KEY, at, keys};
use wechat_integration_tests::orders::{KeeperSettings, Told, orders, say};
use wechat_integration_tests::tickets::TicketFile;
use wechat_runtime::callback::{Settings, component_service};

#[tokio::main]
async fn main() {
    // It ends with its standard input.
    let (settings, _orders) = orders::<KeeperSettings, ()>();
    let clock = Told::new(settings.unix);
    let taken = Settings::new(keys(&settings.appid, KEY)).clock(move || clock.now());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    say(&format!("http://{}{AT}", listener.local_addr().expect("it is bound")));
    let router = at(component_service(taken, TicketFile::new(settings.file)));
    axum::serve(listener, router).await.expect("it serves");
}
