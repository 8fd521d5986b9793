//! The tour of the simulated platform.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use wechat_examples::show;
use wechat_runtime::adapters::Memory;
use wechat_runtime::{Application, ClientBuilder, reqwest};
use wechat_simulator::{App, Follower, Line, Simulator};

use crate::hubs::{OtherHub, Region};
use crate::{News, Shop};

/// The accounts on the simulated platform: the shop in Shanghai, its branch in Beijing, the newspaper.
const SHOP: &str = "wx1f2e3d4c5b6a7988";
const BRANCH: &str = "wx99aa88bb77cc66dd";
const NEWS: &str = "wx5a6b7c8d9e0f1a2b";

/// Two readers of the newspaper, and what it sends them.
const XIAOMING: &str = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M";
const STRANGER: &str = "otvxTs_JZ6SEiP0imdhpi50fuSZg";
const TEMPLATE: &str = "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY";

type Outcome = Result<(), Box<dyn Error>>;

pub(crate) async fn tell() -> Outcome {
    let newspaper = App::new(NEWS, "the-newspaper's-secret")
        .template(TEMPLATE)
        .follower(Follower::new(XIAOMING).nickname("小明"))
        .follower(Follower::new(STRANGER).following(false));
    let sim = Simulator::builder()
        .app(SHOP, "the-shop's-secret")
        .app(BRANCH, "the-branch's-secret")
        .with_app(newspaper)
        .start()
        .await?;
    show::line(format!("A WeChat platform, simulated on {}", sim.base_url()));

    let shop = on(&sim, Shop::builder()).build()?;
    let storage = Memory::new().with_secret(NEWS, "the-newspaper's-secret");
    let news = on(&sim, News::builder(storage)).appid(NEWS).build()?;

    material_list(&sim, &shop).await?;
    template_message(&sim, &news).await?;
    five_hundred_callers(&sim, &shop).await?;
    refused_token(&sim, &shop).await?;
    another_account(&sim, &shop).await?;
    typed_error(&news).await?;
    show::line("\nThe tour is examples/src/bin/quickstart/story.rs; the README goes on from here.");
    Ok(())
}

/// Points a client at the simulator. Against WeChat's own platform none of this is needed.
fn on<A: Application, T>(sim: &Simulator, client: ClientBuilder<A, T>) -> ClientBuilder<A, T> {
    let clock = sim.clock();
    client
        .base_url(sim.base_url())
        .clock(move || clock.now())
        // The simulator is on this machine, where no proxy should be asked.
        .http(reqwest::Client::builder().no_proxy())
}

#[derive(Deserialize)]
struct Materials {
    item: Vec<Material>,
}

#[derive(Deserialize)]
struct Material {
    name: String,
}

async fn material_list(sim: &Simulator, shop: &Shop) -> Outcome {
    show::step(1, "The shop lists its pictures");
    show::note("POST /cgi-bin/material/batchget_material");
    let page: Materials = shop
        .post("/cgi-bin/material/batchget_material")
        .json(&json!({ "type": "image", "offset": 0, "count": 10 }))
        .send()
        .await?
        .json()?;
    for (number, material) in (1..).zip(&page.item) {
        show::fact(&format!("picture {number}"), &material.name);
    }
    show::fact("token fetches", format!("0 → {}", fetches(sim, SHOP)));
    Ok(())
}

async fn template_message(sim: &Simulator, news: &News) -> Outcome {
    show::step(2, "The newspaper, which is another declared client, writes to a reader");
    show::note("POST /cgi-bin/message/template/send, to 小明");
    news.post("/cgi-bin/message/template/send")
        .json(&message_to(XIAOMING))
        .send()
        .await?
        .error_for_errcode()?;
    for message in sim.ledger().messages_to(XIAOMING) {
        let text = message.data["headline"]["value"].as_str().unwrap_or_default();
        show::fact("message", message.msgid);
        show::fact("text", text);
    }
    Ok(())
}

fn message_to(openid: &str) -> serde_json::Value {
    json!({
        "touser": openid,
        "template_id": TEMPLATE,
        "data": { "headline": { "value": "新品上市：春季系列" } },
    })
}

async fn five_hundred_callers(sim: &Simulator, shop: &Shop) -> Outcome {
    show::step(3, "The token expires, and 500 callers need the next one");
    sim.clock().advance(Duration::from_secs(7200));
    let before = fetches(sim, SHOP);
    let start = Instant::now();
    // Both ends of a connection are in this process, and some systems let it have 256 files open.
    let connections = Arc::new(Semaphore::new(50));
    let mut callers = JoinSet::new();
    for _ in 0..500 {
        let (shop, connections) = (shop.clone(), connections.clone());
        callers.spawn(async move {
            let _one = connections.acquire().await;
            shop.get("/cgi-bin/getcallbackip").send().await?.error_for_errcode()
        });
    }
    let answers = callers.join_all().await;
    let answered = answers.iter().filter(|answer| answer.is_ok()).count();
    show::fact("clock", "moved on by 7200 s");
    show::fact("answered", format!("{answered} of 500, in {} ms", start.elapsed().as_millis()));
    show::fact("token fetches", format!("{before} → {}", fetches(sim, SHOP)));
    Ok(())
}

async fn refused_token(sim: &Simulator, shop: &Shop) -> Outcome {
    show::step(4, "Somebody else has the shop's token revoked, hours before its end");
    // A token younger than 30 s would not be replaced: who gets those refused is at war over them.
    sim.clock().advance(Duration::from_secs(60));
    sim.account(SHOP).ok_or("the shop has an account")?.revoke(Line::Stable);
    let (before, seen) = (fetches(sim, SHOP), sim.ledger().calls().count());
    let followers = shop.get("/cgi-bin/user/get").send().await?.value()?;
    show::note("What the platform received for this one call:");
    for call in sim.ledger().calls().skip(seen) {
        let errcode = call.errcode().unwrap_or_default();
        show::fact(&format!("errcode {errcode}"), format!("{} {}", call.method(), call.path()));
    }
    show::fact("token fetches", format!("{before} → {}", fetches(sim, SHOP)));
    show::fact("answer", format!("{} followers", followers["total"]));
    Ok(())
}

async fn another_account(sim: &Simulator, shop: &Shop) -> Outcome {
    show::step(5, "One call for another account, its token kept by another adapter");
    show::note("The adapter is read, read again before WeChat is asked, and saved to:");
    let count = shop
        .get("/cgi-bin/material/get_materialcount")
        .appid(BRANCH)
        .adapter_storage_with(OtherHub::default(), Region::Beijing)
        .send()
        .await?
        .value()?;
    show::fact("token fetches", format!("0 → {}", fetches(sim, BRANCH)));
    show::fact("answer", format!("{} pictures", count["image_count"]));
    Ok(())
}

async fn typed_error(news: &News) -> Outcome {
    show::step(6, "A call that fails says why, and what to do about it");
    show::note("POST /cgi-bin/message/template/send, to somebody who does not follow");
    let sent = news
        .post("/cgi-bin/message/template/send")
        .json(&message_to(STRANGER))
        .send()
        .await?
        .error_for_errcode();
    let error = sent.err().ok_or("somebody who does not follow got a message")?;
    show::fact("kind", format!("{:?}", error.kind()));
    show::fact("errcode", error.errcode().unwrap_or_default());
    show::fact("advice", error.advice());
    show::note("Printed as it is:");
    show::paragraph(&error.to_string());
    Ok(())
}

/// How often the platform was asked for a token of this account.
fn fetches(sim: &Simulator, appid: &str) -> usize {
    sim.ledger().token_calls(appid)
}
