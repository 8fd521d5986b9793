//! What a long file costs in memory: counted by the allocator, with the platform in another process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use peak_alloc::PeakAlloc;
use serde_json::Value;
use wechat_integration_tests::{SECRET, http};
use wechat_runtime::{Bound, Client, Common, UploadFile, adapters::Memory};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What a download or an upload may cost, in bytes.
const MOST: usize = 8_000_000;

/// The platform's process, which ends with this.
struct Platform(Child);

impl Drop for Platform {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn platform() -> (Platform, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_platform"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
    (Platform(child), serde_json::from_str(&said).unwrap())
}

/// By how many bytes the heap grew at most while this was done.
async fn cost(what: impl Future<Output = ()>) -> usize {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    what.await;
    HEAP.peak_usage().saturating_sub(before)
}

#[tokio::test]
async fn two_hundred_megabytes_cost_less_than_eight() {
    let (_platform, said) = platform();
    let text = |name: &str| said[name].as_str().unwrap();
    let length = said["length"].as_u64().unwrap();
    let storage = Memory::new().with_secret(text("appid"), SECRET);
    let client = Client::<Common>::builder(Bound::new(storage, ()))
        .appid(text("appid"))
        .base_url(text("base_url"))
        .http(http())
        .timeout(Duration::from_secs(300))
        .build()
        .unwrap();
    client.get("/cgi-bin/getcallbackip").send().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.mp3");

    let downloading = cost(async {
        let file = client.get("/cgi-bin/media/get").query(&[("media_id", text("media_id"))]).download().await;
        assert_eq!(file.unwrap().save(&path).await.unwrap(), length);
    })
    .await;
    assert!(downloading < MOST, "a download of {length} bytes cost {downloading}");

    let uploading = cost(async {
        let sent =
            client.post("/cgi-bin/media/upload?type=voice").upload(UploadFile::path(&path)).send().await;
        sent.unwrap().error_for_errcode().unwrap();
    })
    .await;
    assert!(uploading < MOST, "an upload of {length} bytes cost {uploading}");

    // The count itself, tried on what is known to be in memory.
    let in_memory = cost(async { drop(std::hint::black_box(std::fs::read(&path).unwrap())) }).await;
    assert!(in_memory >= usize::try_from(length).unwrap());
    let _ = writeln!(std::io::stderr(), "downloading {downloading}, uploading {uploading} bytes of heap");
}
