//! A page's signature, printed as the JavaScript that uses it: `cargo run -p wechat-examples --bin jssdk -- URL`.
//!
//! What is printed to the standard output belongs into the page; what is told about it goes to the standard error. It
//! needs no network and no account, because the platform is simulated in this process.
#![allow(clippy::print_stderr, reason = "the standard output is the snippet's alone")]

use std::env;
use std::error::Error;
use std::io::{Write as _, stdout};
use std::process::ExitCode;

use wechat_runtime::adapters::Memory;
use wechat_runtime::{AddCard, JssdkConfig, Secret, SignedCard, reqwest, sign_jssdk, wechat_client};
use wechat_simulator::{Simulator, TicketType};

const APPID: &str = "wx1f2e3d4c5b6a7988";

/// The page that is signed when none is given.
const PAGE: &str = "https://example.com/page?id=1";

/// How many more pages are signed with the same ticket.
const MORE: usize = 200;

#[wechat_client(appid = APPID, adapter_storage = Memory::new().with_secret(APPID, "the app secret"))]
struct Wechat;

#[tokio::main]
async fn main() -> ExitCode {
    let page = env::args().nth(1).unwrap_or_else(|| PAGE.to_owned());
    match sign(&page).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn sign(page: &str) -> Result<(), Box<dyn Error>> {
    let sim = Simulator::builder().app(APPID, "the app secret").start().await?;
    let wechat = Wechat::builder()
        .base_url(sim.base_url())
        // The simulator is on this machine, where no proxy should be asked.
        .http(reqwest::Client::builder().no_proxy())
        .build()?;

    // These two are all that a backend needs. The second is for pages that hand out cards.
    let config = wechat.jssdk_config(page).await?.with_js_api_list(["scanQRCode", "addCard"]);
    let card = wechat.card_signature(AddCard::new("pjZ8Yt1XGILfi-FUsewpnnolGgZk").code("1434008071")).await?;
    stdout().write_all(snippet(&config, &card).as_bytes())?;

    eprintln!("signed           {}", page.split('#').next().unwrap_or_default());
    let ticket = sim.account(APPID).and_then(|account| account.ticket(TicketType::Jsapi));
    let ticket = Secret::from(ticket.ok_or("the platform has granted no ticket")?);
    if config.signature != sign_jssdk(&ticket, &config.nonce_str, config.timestamp, page)? {
        return Err("it was signed with another ticket than the platform's".into());
    }
    for id in 0..MORE {
        wechat.jssdk_config(format!("https://example.com/page?id={id}")).await?;
    }
    let ledger = sim.ledger();
    eprintln!("and {MORE} more pages; calls that reached the platform:");
    for call in ledger.calls() {
        let ticket_type = call.query_value("type").map(|of| format!("?type={of}")).unwrap_or_default();
        eprintln!("                 {} {}{ticket_type}", call.method(), call.path());
    }
    if ledger.tickets_issued(APPID, TicketType::Jsapi) != 1 || ledger.calls().count() != 3 {
        return Err("one token and one ticket of each type were to be enough".into());
    }
    Ok(())
}

/// What the page has in its body. Beside the signatures it is the same for every page.
fn snippet(config: &JssdkConfig, card: &SignedCard) -> String {
    let (config, card) = (config.to_script(), card.to_script());
    format!(
        r#"<button id="scan">扫一扫</button>
<button id="card">领取优惠券</button>
<script src="https://res.wx.qq.com/open/js/jweixin-1.6.0.js"></script>
<script>
  wx.config({config});
  var card = {card};
  wx.ready(function () {{
    document.getElementById("scan").onclick = function () {{
      wx.scanQRCode({{ needResult: 0 }});
    }};
    document.getElementById("card").onclick = function () {{
      wx.addCard({{ cardList: [card] }});
    }};
  }});
  wx.error(function (refused) {{
    console.error(refused.errMsg);
  }});
</script>
"#
    )
}
