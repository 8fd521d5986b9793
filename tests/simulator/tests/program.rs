//! What must hold of the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wechat-simulator");

/// A running program, ended with the test.
struct Running {
    child: Child,
    base_url: String,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let mut child =
            Command::new(PROGRAM).args(["--port", "0"]).args(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let base_url = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}"));
        let base_url = base_url.trim_end().to_owned();
        Self { child, base_url }
    }

    async fn get(&self, path: &str) -> Value {
        reqwest::get(format!("{}{path}", self.base_url)).await.unwrap().json().await.unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).output().unwrap()
}

#[tokio::test]
async fn the_program_serves_every_app_it_is_given() {
    let program = Running::start(&["--app", "wx1:s1", "--app", "wx2:s:2"]);
    assert!(program.base_url.starts_with("http://127.0.0.1:"));
    for (appid, secret) in [("wx1", "s1"), ("wx2", "s:2")] {
        let path = format!("/cgi-bin/token?grant_type=client_credential&appid={appid}&secret={secret}");
        assert_eq!(program.get(&path).await["expires_in"], 7200);
    }
    assert_eq!(program.get("/_sim/clock").await["frozen"], false);
}

#[tokio::test]
async fn the_program_serves_every_component_it_is_given() {
    let program = Running::start(&["--component", "wx1:s1", "--component", "wx2:s:2"]);
    let listed = program.get("/_sim/components").await;
    assert_eq!(listed["components"], serde_json::json!(["wx1", "wx2"]));
    for (appid, secret) in [("wx1", "s1"), ("wx2", "s:2")] {
        let shown = program.get(&format!("/_sim/components/{appid}")).await;
        let body = serde_json::json!({
            "component_appid": appid,
            "component_appsecret": secret,
            "component_verify_ticket": shown["component_verify_ticket"],
        });
        let url = format!("{}/cgi-bin/component/api_component_token", program.base_url);
        let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap()["expires_in"], 7200);
    }
}

#[tokio::test]
async fn the_longest_body_can_be_set() {
    for (limit, status) in [("10", 200), ("9", 413)] {
        let program = Running::start(&["--body-limit", limit]);
        let url = format!("{}/cgi-bin/menu/create", program.base_url);
        let response = reqwest::Client::new().post(url).body("0123456789").send().await.unwrap();
        assert_eq!(response.status(), status);
    }
}

#[tokio::test]
async fn the_clock_can_be_frozen_now_or_at_a_second() {
    assert_eq!(Running::start(&["--frozen"]).get("/_sim/clock").await["frozen"], true);
    for args in [
        &["--frozen", "1700000000"][..],
        &["--frozen=1700000000"],
        &["--frozen", "1700000000", "--app", "a:b"],
    ] {
        let clock = Running::start(args).get("/_sim/clock").await;
        assert_eq!((clock["unix"].as_u64(), clock["frozen"].as_bool()), (Some(1_700_000_000), Some(true)));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_ends_it_well() {
    let mut program = Running::start(&[]);
    let id = program.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert!(program.child.wait().unwrap().success());
}

#[test]
fn a_wrong_command_line_ends_with_2_and_says_why_without_any_secret() {
    let cases: [(&[&str], &str); 10] = [
        (&["--port", "http"], "--port wants a number"),
        (&["--port"], "--port"),
        (&["--app", "canary"], "--app wants APPID:SECRET"),
        (&["--app", ":canary"], "--app wants APPID:SECRET"),
        (&["--app", "wx1:"], "--app wants APPID:SECRET"),
        (&["--component", "canary"], "--component wants APPID:SECRET"),
        (&["--body-limit", "-1"], "--body-limit wants a number"),
        (&["--frozen", "yesterday"], "--frozen wants a Unix second"),
        (&["canary"], "belongs to no option"),
        (&["--apps"], "--apps"),
    ];
    for (args, text) in cases {
        let output = run(args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(error.contains(text), "{args:?}: {error}");
        assert!(!error.contains("canary"), "{args:?}: {error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn two_apps_of_one_appid_are_refused() {
    let output = run(&["--port", "0", "--app", "wx1:a", "--app", "wx1:b"]);
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("there is an app wx1 already"));
}

#[test]
fn help_and_version_are_printed() {
    let help = run(&["--help"]);
    assert!(help.status.success());
    assert!(String::from_utf8(help.stdout).unwrap().contains("--component APPID:SECRET"));
    let version = String::from_utf8(run(&["--version"]).stdout).unwrap();
    assert_eq!(version.trim_end(), concat!("wechat-simulator ", env!("CARGO_PKG_VERSION")));
}
