//! A storage adapter of one's own, a JSON file, by which a restart costs no fetch: `--bin file_adapter`.
//! At its end, the one line that tests it: `cargo test -p wechat-examples --bin file_adapter`.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::{collections::BTreeMap, env, fs, io, io::Write as _, path::PathBuf, process, sync::Mutex};

use serde::{Serialize, de::DeserializeOwned};
use wechat_runtime::storage::{Hub, Result};
use wechat_runtime::{Secret, Ticket, TicketType, Token, async_trait, reqwest, wechat_client};

type Records = BTreeMap<String, serde_json::Value>;

fn read(path: &PathBuf) -> Result<Records> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Records::default()),
        json => Ok(serde_json::from_slice(&json?)?),
    }
}

fn fetch<T: DeserializeOwned>(path: &PathBuf, key: &str) -> Result<Option<T>> {
    let record = read(path)?.remove(key).map(serde_json::from_value);
    Ok(record.transpose()?)
}

fn save<T: Serialize>(path: &PathBuf, key: &str, record: T) -> Result<T> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock();
    let mut records = read(path)?;
    records.insert(key.to_owned(), serde_json::to_value(&record)?);
    let mut options = fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)] // there are tokens in it: for its owner's eyes only
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let temporary = path.with_extension("new"); // is whole before it takes the old one's place
    let mut file = options.open(&temporary)?;
    file.write_all(&serde_json::to_vec_pretty(&records)?)?;
    file.sync_all()?;
    fs::rename(temporary, path)?;
    Ok(record)
}

const APPID: &str = "wx1f2e3d4c5b6a7988";

struct JsonFile;

#[async_trait]
impl Hub for JsonFile {
    type Args = PathBuf; // which file: handed back to every callback
    async fn fetch_secret_key(&self, appid: &str, _: &PathBuf) -> Result<Option<Secret>> {
        Ok((appid == APPID).then(|| "the-app-secret".into()))
    }
    async fn fetch_access_token(&self, appid: &str, path: &PathBuf) -> Result<Option<Token>> {
        fetch(path, appid)
    }
    async fn save_access_token(&self, appid: &str, token: Token, path: &PathBuf) -> Result<Token> {
        save(path, appid, token)
    }
    async fn fetch_ticket(&self, appid: &str, of: &TicketType, path: &PathBuf) -> Result<Option<Ticket>> {
        fetch(path, &format!("{appid} {of}"))
    }
    async fn save_ticket(&self, appid: &str, ticket: Ticket, path: &PathBuf) -> Result<Ticket> {
        save(path, &format!("{appid} {}", ticket.ticket_type()), ticket)
    }
}

#[wechat_client(appid = APPID, adapter_storage = JsonFile, args = _)]
struct Wechat;

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let sim = wechat_simulator::Simulator::builder().app(APPID, "the-app-secret");
    let sim = sim.start().await?;
    let path = env::temp_dir().join(format!("wechat-tokens-{}.json", process::id()));
    for run in ["first run:", "after a restart:"] {
        let client = Wechat::builder(path.clone()).base_url(sim.base_url());
        let wechat = client.http(reqwest::Client::builder().no_proxy()).build()?;
        wechat.get("/cgi-bin/getcallbackip").send().await?;
        let fetches = sim.ledger().calls_to("/cgi-bin/stable_token").len();
        println!("{run:<16} token fetches so far: {fetches}");
    }
    Ok(fs::remove_file(path)?)
}

#[cfg(test)]
#[tokio::test]
async fn it_keeps_what_it_is_given() {
    let directory = tempfile::tempdir().unwrap();
    wechat_runtime::storage::contract::hub(JsonFile, directory.path().join("tokens.json")).check().await;
}
