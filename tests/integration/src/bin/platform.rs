//! The platform in a process of its own, for tests that measure the other side: it says where it is and what it
//! has, and ends with its standard input.

use std::io::{Read as _, Write as _};

use serde_json::json;
use wechat_integration_tests::SECRET;
use wechat_simulator::{App, Simulator};

/// How long the file is that it has, and how long one may be that it takes.
const LENGTH: u64 = 200_000_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let appid = "wx0000000000000001";
    let app = App::new(appid, SECRET).media_limit(2 * LENGTH);
    let limit = usize::try_from(2 * LENGTH).expect("a length that memory can have");
    let sim = Simulator::builder().with_app(app).body_limit(limit).start().await.expect("it starts");
    let media_id = sim.account(appid).expect("it was added").put_generated_media("long.mp3", LENGTH);
    let said = json!({ "base_url": sim.base_url(), "appid": appid, "media_id": media_id, "length": LENGTH });
    let mut out = std::io::stdout();
    writeln!(out, "{said}").and_then(|()| out.flush()).expect("somebody listens");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
