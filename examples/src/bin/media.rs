//! Files to WeChat and back, with progress: `cargo run -p wechat-examples --bin media`.
//!
//! It needs no network and no account, because the platform is simulated in this process. What it says of each step it
//! has checked; what does not hold is its error.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::io::{Write as _, stdout};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use std::{fs, io};

use serde::Deserialize;
use serde_json::json;
use wechat_runtime::adapters::Memory;
use wechat_runtime::{ErrorKind, Progress, Upload, UploadFile, reqwest, wechat_client};
use wechat_simulator::{Account, Fault, Line, Simulator};

const APPID: &str = "wx1f2e3d4c5b6a7988";
const UPLOAD: &str = "/cgi-bin/media/upload";
const ADD: &str = "/cgi-bin/material/add_material";
const GET: &str = "/cgi-bin/media/get";

#[wechat_client(appid = APPID, adapter_storage = Memory::new().with_secret(APPID, "the app secret"))]
struct Wechat;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome {
    let sim = Simulator::builder().app(APPID, "the app secret").start().await?;
    println!("A WeChat platform, simulated on {}", sim.base_url());
    let clock = sim.clock();
    let wechat = Wechat::builder()
        .base_url(sim.base_url())
        .clock(move || clock.now())
        // The simulator is on this machine, where no proxy should be asked.
        .http(reqwest::Client::builder().no_proxy())
        .build()?;
    let account = sim.account(APPID).ok_or("the account was declared above")?;
    let directory = tempfile::tempdir()?; // is removed at the end, also when a step fails

    picture(&wechat, &account, directory.path()).await?;
    picture_again(&sim, &wechat, &account, directory.path()).await?;
    film(&wechat, &account, directory.path()).await?;
    download(&wechat, &account, directory.path()).await?;
    unknown(&wechat, directory.path()).await?;
    broken_off(&sim, &wechat, &account, directory.path()).await
}

/// What an upload is answered with; there is more in it.
#[derive(Deserialize)]
struct Uploaded {
    media_id: String,
}

async fn picture(wechat: &Wechat, account: &Account, directory: &Path) -> Outcome {
    println!("\n1  A picture is uploaded from disk");
    let path = directory.join("秋季海报.png");
    fs::write(&path, content(1_500_000))?;

    let poster = Upload::from(UploadFile::path(&path)).on_progress(percent());
    let uploaded: Uploaded =
        wechat.post(UPLOAD).query(&[("type", "image")]).upload(poster).send().await?.json()?;
    println!();

    let arrived = account.media(&uploaded.media_id).ok_or("the picture did not arrive")?;
    check(arrived.bytes == fs::read(&path)?, "it arrived byte for byte")?;
    fact("media_id", &uploaded.media_id);
    fact("arrived as", &format!("{}, {}, {} bytes", arrived.file_name, arrived.content_type, arrived.length));
    check(arrived.file_name == "秋季海报.png", "its name came through")
}

async fn picture_again(sim: &Simulator, wechat: &Wechat, account: &Account, directory: &Path) -> Outcome {
    println!("\n2  The token is revoked meanwhile: the file is read and sent once more");
    // A token younger than 30 s would not be replaced: who gets those refused is at war over them.
    sim.clock().advance(Duration::from_secs(60));
    account.revoke(Line::Stable);

    let poster = Upload::from(UploadFile::path(directory.join("秋季海报.png"))).on_progress(percent());
    wechat.post(UPLOAD).query(&[("type", "image")]).upload(poster).send().await?.error_for_errcode()?;
    println!();

    let ledger = sim.ledger();
    let [_, refused, taken] = ledger.calls_to(UPLOAD)[..] else { return Err("it was sent twice".into()) };
    for call in [refused, taken] {
        let errcode = call.errcode().unwrap_or_default();
        fact(&format!("errcode {errcode}"), &format!("{}, {} bytes", call.path(), call.body().len()));
    }
    check(refused.body() == taken.body(), "it was the same both times")?;
    check(refused.errcode() == Some(40001) && taken.errcode() == Some(0), "only the first was refused")
}

async fn film(wechat: &Wechat, account: &Account, directory: &Path) -> Outcome {
    println!("\n3  A film is kept for good, with its description beside it in the form");
    let path = directory.join("片花.mp4");
    fs::write(&path, content(3_000_000))?;

    let description = json!({ "title": "秋季新品", "introduction": "三十秒看完" }).to_string();
    let film = Upload::new()
        .file("media", UploadFile::path(&path))
        .text("description", &description)
        .on_progress(percent());
    let uploaded: Uploaded =
        wechat.post(ADD).query(&[("type", "video")]).upload(film).send().await?.json()?;
    println!();

    let arrived = account.media(&uploaded.media_id).ok_or("the film did not arrive")?;
    for (name, value) in &arrived.fields {
        fact(name, value);
    }
    check(arrived.fields == [("description".to_owned(), description)], "it is described")?;
    check(arrived.bytes == fs::read(&path)?, "it arrived byte for byte")
}

async fn download(wechat: &Wechat, account: &Account, directory: &Path) -> Outcome {
    println!("\n4  A recording is saved to disk; no more than a piece of it is ever in memory");
    let media_id = account.put_generated_media("采访.mp3", 4_000_000);
    let path = directory.join("采访.mp3");

    let file = wechat
        .get(GET)
        .query(&[("media_id", &media_id)])
        .timeout(Duration::from_secs(600)) // for the whole of it: a long file takes longer than a call
        .download()
        .await?;
    fact(
        "WeChat says",
        &format!("{}, {} bytes", file.content_type().unwrap_or("?"), file.length().unwrap_or(0)),
    );
    let length = file.on_progress(percent()).save(&path).await?;
    println!();

    fact("saved", &format!("{length} bytes"));
    check(fs::read(&path)? == content(4_000_000), "it was saved byte for byte")
}

async fn unknown(wechat: &Wechat, directory: &Path) -> Outcome {
    println!("\n5  A medium that WeChat does not know is an error, and no file");
    let before = listing(directory)?;
    let refused = wechat.get(GET).query(&[("media_id", "no-such-medium")]).download().await;
    let error = refused.err().ok_or("a medium that nobody put there was found")?;
    fact("kind", &format!("{:?}", error.kind()));
    fact("printed", &error.to_string());
    check(error.errcode() == Some(40007), "WeChat said why")?;
    check(listing(directory)? == before, "nothing was written")
}

async fn broken_off(sim: &Simulator, wechat: &Wechat, account: &Account, directory: &Path) -> Outcome {
    println!("\n6  The connection breaks in the middle of a file: no half of it stays");
    let media_id = account.put_generated_media("会议.mp3", 4_000_000);
    let before = listing(directory)?;
    sim.fault(GET, Fault::truncated_body().times(1));

    let file = wechat.get(GET).query(&[("media_id", &media_id)]).download().await?.on_progress(percent());
    let saved = file.save(directory.join("会议.mp3")).await;
    println!();

    let error = saved.err().ok_or("half a file was taken for a whole one")?;
    let after = listing(directory)?;
    fact("kind", &format!("{:?}", error.kind()));
    fact("on disk", &after.join(", "));
    check(error.kind() == ErrorKind::Transport, "the connection is to blame")?;
    check(after == before, "nothing was left")
}

/// Prints how far a transfer has come, in quarters, and when it begins anew.
fn percent() -> impl Fn(Progress) + Send + Sync + 'static {
    print!("     {:<14}", "progress");
    let shown = AtomicU64::new(0);
    move |progress| {
        let total = progress.total.unwrap_or(progress.transferred).max(1);
        let quarter = progress.transferred * 4 / total;
        let before = shown.swap(quarter, Ordering::Relaxed);
        if quarter < before {
            print!(", and again");
        }
        if quarter != before && quarter > 0 {
            print!(" {} %", quarter * 25);
            // Where it cannot be shown there is nobody to tell.
            let _ = stdout().flush();
        }
    }
}

/// A fact: what it is about, and what it is.
fn fact(about: &str, what: &str) {
    println!("     {about:<14} {what}");
}

/// What was claimed has to hold.
fn check(holds: bool, claim: &str) -> Outcome {
    if holds { Ok(()) } else { Err(format!("it was claimed that {claim}").into()) }
}

/// The bytes of a file of this length, as the simulator generates them, too.
fn content(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

/// The names of all files in a directory, hidden ones too.
fn listing(directory: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = entries.collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names)
}
