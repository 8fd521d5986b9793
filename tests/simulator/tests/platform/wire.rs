//! How answers look on the wire.

use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::Response;
use serde_json::{Value, json};
use wechat_simulator::{ERRCODES, Fault, Simulator};

use crate::support::{APPID, Platform, SECRET, errcode};

fn content_type(response: &Response) -> &str {
    response.headers()["content-type"].to_str().unwrap()
}

#[tokio::test]
async fn a_chunked_body_answers_412_with_html() {
    let platform = Platform::start().await;
    let mut stream = TcpStream::connect(platform.sim.address()).unwrap();
    let request = "POST /cgi-bin/stable_token HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                   transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 412 Precondition Failed\r\n"), "{answer}");
    assert!(answer.contains("content-type: text/html\r\n"), "{answer}");
    let ledger = platform.sim.ledger();
    let call = ledger.calls().next().unwrap();
    assert_eq!((call.status(), call.errcode(), call.processed()), (Some(412), None, false));
    assert_eq!(call.body(), b"{}");
}

#[tokio::test]
async fn slashes_are_escaped_and_chinese_is_raw_utf_8() {
    let platform = Platform::start().await;
    let token = platform.classic().await.value;
    let url = platform.url(&format!("/cgi-bin/material/batchget_material?access_token={token}"));
    let request = json!({ "type": "image", "offset": 0, "count": 20 });
    let text = platform.http.post(&url).json(&request).send().await.unwrap().text().await.unwrap();
    assert!(text.contains(r"http:\/\/mmbiz.qpic.cn\/mmbiz\/"), "{text}");
    assert!(!text.contains("//"), "{text}");
    assert!(text.contains("封面图.png"), "{text}");
}

#[tokio::test]
async fn slashes_stay_as_they_are_where_the_test_wants_it() {
    let sim = Simulator::builder().app(APPID, SECRET).escape_slashes(false).start().await.unwrap();
    let platform = Platform::over(sim);
    let url = platform.url("/cgi-bin/getcallbackip?access_token=x");
    let text = platform.http.get(url).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("https://mmbizurl.cn"), "{text}");
}

#[tokio::test]
async fn the_first_group_of_a_rid_is_the_virtual_clock() {
    let platform = Platform::start().await;
    platform.advance(123_456);
    let answer = platform.get("/cgi-bin/token?appid=wx0").await;
    let (text, rid) = answer["errmsg"].as_str().unwrap().split_once(" rid: ").unwrap();
    assert_eq!(text, "invalid appid");
    let groups: Vec<&str> = rid.split('-').collect();
    assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [8, 8, 8]);
    assert_eq!(u64::from_str_radix(groups[0], 16).unwrap(), platform.clock().unix());
}

#[tokio::test]
async fn business_errors_come_with_status_200() {
    let platform = Platform::start().await;
    for path in ["/cgi-bin/token", "/cgi-bin/user/info", "/nowhere"] {
        assert_eq!(platform.http.get(platform.url(path)).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn the_content_type_wanders_and_can_be_set() {
    let platform = Platform::start().await;
    let get = |path: &'static str| async {
        let response = platform.http.get(platform.url(path)).send().await.unwrap();
        content_type(&response).to_owned()
    };
    assert_eq!(get("/cgi-bin/token").await, "application/json; encoding=utf-8");
    assert_eq!(get("/sns/jscode2session").await, "text/plain");
    assert_eq!(get("/cgi-bin/media/get").await, "text/plain");
    platform.sim.set_content_type("*", "text/html; charset=gbk").unwrap();
    platform.sim.set_content_type("/cgi-bin/token", "application/x-own").unwrap();
    assert_eq!(get("/cgi-bin/token").await, "application/x-own");
    assert_eq!(get("/sns/jscode2session").await, "text/html; charset=gbk");
    assert!(platform.sim.set_content_type("*", "a\nb").is_err());
}

#[tokio::test]
async fn every_code_of_the_table_can_be_made_to_come_back_with_its_text() {
    let platform = Platform::start().await;
    for row in ERRCODES {
        platform.sim.fault("/cgi-bin/user/info", Fault::errcode(row.code).times(1));
        let answer = platform.get("/cgi-bin/user/info").await;
        assert_eq!(errcode(&answer), i64::from(row.code));
        let text = row.errmsg.replace("{}", row.subject);
        assert!(answer["errmsg"].as_str().unwrap().starts_with(&text), "{answer}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let platform = Platform::start().await;
    let token = platform.classic().await.value;
    let url = platform.url(&format!("/cgi-bin/getcallbackip?access_token={token}"));
    let response = platform.http.head(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.unwrap().is_empty());
    assert_eq!(platform.sim.ledger().calls().last().unwrap().errcode(), Some(0));
}

#[tokio::test]
async fn hostile_bodies_are_answered_and_the_platform_lives_on() {
    let platform = Platform::start().await;
    let token = platform.classic().await.value;
    let url = platform.url(&format!("/cgi-bin/menu/create?access_token={token}"));
    let deep = [b"{\"button\":".as_slice(), &vec![b'['; 100_000]].concat();
    let bodies: [&[u8]; 5] = [b"\xff\xfe\x00", b"{\"button\":{}}", b"{\"button\":[[],[]]}", b"null", &deep];
    for body in bodies {
        let response = platform.http.post(&url).body(body.to_vec()).send().await.unwrap();
        assert_ne!(errcode(&response.json::<Value>().await.unwrap()), 0);
    }
    let too_long = vec![b' '; 33 * 1024 * 1024];
    if let Ok(response) = platform.http.post(&url).body(too_long).send().await {
        assert_eq!(response.status(), 413);
    }
    platform.classic().await;
}
