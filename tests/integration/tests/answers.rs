//! What WeChat answers, and what lying servers do.

use serde_json::Value;
use wechat_integration_tests::{PATH, World};
use wechat_runtime::ErrorKind;
use wechat_simulator::Fault;

/// The table of kinds, for calls that carry a token.
const KINDS: &[(ErrorKind, &[i32])] = &[
    (ErrorKind::Configuration, &[40002, 40013, 40125, 41002, 41004, 61011, 61024]),
    (ErrorKind::AddressNotAllowed, &[40164, 61004, 89503]),
    (ErrorKind::Frozen, &[40243, 50004, 50007, 89501, 89506, 89507]),
    (ErrorKind::Quota, &[45009, 45011, 48006]),
    (ErrorKind::Busy, &[-1]),
    (ErrorKind::VerifyTicket, &[61005, 61006]),
    (ErrorKind::ReauthorizationRequired, &[61023, 61003]),
    (ErrorKind::PermissionDenied, &[48001, 48004, 61007, 50001, 50002]),
    (ErrorKind::UserToken, &[42002, 42003, 42007, 40029, 40030, 40163]),
    (
        ErrorKind::Request,
        &[
            41001, 41005, 41008, 41018, 41021, 43001, 43002, 43004, 44002, 45002, 47001, 47003, 40003, 40007,
            40020, 40033, 40037, 40066, 40113, 40170, 61009, 61010, 61012, 61013, 61025,
        ],
    ),
    (ErrorKind::Api, &[40226, 43101, 99999, 1]),
];

#[tokio::test]
async fn every_code_of_the_table_gives_its_kind() {
    let world = World::new().await;
    let client = world.warm_client().await;
    for (kind, codes) in KINDS {
        for code in *codes {
            world.sim.fault(PATH, Fault::errcode(*code).times(1));
            let answer = client.get(PATH).send().await.unwrap();
            assert_eq!(answer.errcode(), Some(i64::from(*code)));
            let error = answer.json::<Value>().unwrap_err();
            assert_eq!((error.kind(), error.errcode()), (*kind, Some(i64::from(*code))), "{code}");
            assert_eq!((error.endpoint(), error.appid()), (Some(PATH), Some(world.appid.as_str())));
            assert!(error.to_string().contains(error.advice()) && !error.advice().is_empty(), "{error}");
        }
    }
}

#[tokio::test]
async fn a_refusing_code_for_ever_gives_its_kind() {
    for code in [40001, 40014, 42001] {
        let world = World::new().await;
        let client = world.warm_client().await;
        world.sim.fault(PATH, Fault::errcode(code));
        let error = client.get(PATH).send().await.unwrap_err();
        assert_eq!((error.kind(), error.errcode()), (ErrorKind::TokenRejected, Some(i64::from(code))));
    }
}

#[tokio::test]
async fn an_answer_with_an_errcode_is_an_answer_until_it_is_read_as_success() {
    let world = World::new().await;
    let client = world.client();
    let answer = client.get("/cgi-bin/user/info").send().await.unwrap();
    assert_eq!(answer.errcode(), Some(40003));
    assert!(answer.errmsg().unwrap().starts_with("invalid openid"));
    let raw: Value = serde_json::from_slice(answer.bytes()).unwrap();
    assert_eq!(raw["errcode"], 40003);
    assert_eq!(answer.error_for_errcode().unwrap_err().kind(), ErrorKind::Request);
}

#[tokio::test]
async fn json_is_known_by_the_body_whatever_the_header_says() {
    let world = World::new().await;
    let client = world.warm_client().await;
    for content_type in
        ["text/plain", "text/html; charset=iso-8859-1", "application/json; encoding=utf-8", "x"]
    {
        let fault = Fault::raw(200, content_type, r#"{"name":"图文消息","url":"http:\/\/a"}"#);
        world.sim.fault(PATH, fault.times(1));
        let value: Value = client.get(PATH).send().await.unwrap().json().unwrap();
        assert_eq!((value["name"].as_str(), value["url"].as_str()), (Some("图文消息"), Some("http://a")));
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_used_is_a_typed_error() {
    let world = World::new().await;
    let client = world.warm_client().await;
    for (fault, says) in [
        (Fault::empty(), "empty"),
        (Fault::not_json(), "not JSON"),
        (Fault::truncated_json(), "cut off"),
        (Fault::non_utf8(), "not UTF-8"),
        (Fault::raw(200, "application/json", "[1,2"), "shape"),
        (Fault::raw(200, "application/json", "\"text\""), "shape"),
        (Fault::raw(200, "application/json", vec![0xff, 0xfe, 0x00]), "not UTF-8"),
        (Fault::raw(200, "application/json", "[".repeat(100_000)), "not"),
    ] {
        world.sim.fault(PATH, fault.times(1));
        let answer = client.get(PATH).send().await.unwrap();
        let error = answer.json::<std::collections::BTreeMap<String, Value>>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Body, "{says}");
        assert!(error.to_string().contains(says), "{error} does not say {says}");
    }
}

#[tokio::test]
async fn an_answer_past_the_limit_is_a_typed_error() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.sim.fault(PATH, Fault::oversized(10 * 1024 * 1024).times(1));
    let whole = client.get(PATH).send().await.unwrap();
    assert_eq!(whole.bytes().len(), 10 * 1024 * 1024);

    world.sim.fault(PATH, Fault::oversized(10 * 1024 * 1024 + 1).times(1));
    let error = client.get(PATH).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body);
    assert!(error.to_string().contains("10485760 bytes"), "{error}");

    let small = world.builder().body_limit(100).build().unwrap();
    world.sim.fault(PATH, Fault::oversized(101).times(1));
    assert_eq!(small.get(PATH).send().await.unwrap_err().kind(), ErrorKind::Body);
}

#[tokio::test]
async fn a_status_without_an_errcode_is_an_error_and_with_one_an_answer() {
    let world = World::new().await;
    let client = world.builder().retries(0).build().unwrap();
    for status in [302, 400, 404, 412, 429, 500, 502] {
        world.sim.fault(PATH, Fault::status(status).times(1));
        let error = client.get(PATH).send().await.unwrap_err();
        assert_eq!((error.kind(), error.http_status()), (ErrorKind::Status, Some(status)));
        let fault =
            Fault::raw(status, "application/json", r#"{"errcode":48001,"errmsg":"api unauthorized"}"#);
        world.sim.fault(PATH, fault.times(1));
        let error = client.get(PATH).send().await.unwrap().error_for_errcode().unwrap_err();
        assert_eq!((error.kind(), error.http_status()), (ErrorKind::PermissionDenied, Some(status)));
    }
}

#[tokio::test]
async fn the_answer_to_head_may_be_empty() {
    let world = World::new().await;
    let client = world.warm_client().await;
    world.sim.fault(PATH, Fault::empty().times(1));
    let answer = client.head(PATH).send().await.unwrap();
    assert!(answer.bytes().is_empty());
    assert_eq!(answer.errcode(), None);
}

#[tokio::test]
async fn a_token_endpoint_that_lies_gives_a_typed_error_and_no_token() {
    for (body, kind) in [
        ("", ErrorKind::Body),
        ("<html>", ErrorKind::Body),
        ("{}", ErrorKind::Body),
        (r#"{"access_token":"","expires_in":7200}"#, ErrorKind::Body),
        (r#"{"access_token":"t"}"#, ErrorKind::Body),
        (r#"{"access_token":"t","expires_in":-1}"#, ErrorKind::Body),
        (r#"{"access_token":"t","expires_in":"soon"}"#, ErrorKind::Body),
        (r#"{"access_token":1,"expires_in":7200}"#, ErrorKind::Body),
        (r#"{"access_token":"t","expires_in":7200"#, ErrorKind::Body),
        (r#"[{"access_token":"t"}]"#, ErrorKind::Body),
        (r#"{"errcode":40013,"errmsg":"invalid appid"}"#, ErrorKind::Configuration),
    ] {
        let world = World::new().await;
        world.sim.fault("/cgi-bin/stable_token", Fault::raw(200, "application/json", body));
        let error = world.client().get(PATH).send().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
        assert_eq!(error.endpoint(), Some("/cgi-bin/stable_token"));
        assert_eq!((world.shelf.saves(), world.calls(PATH)), (0, 0));
    }
}

#[tokio::test]
async fn a_token_endpoint_may_grant_for_ever_without_harm() {
    let world = World::new().await;
    let good = world.account().rotate_elsewhere(wechat_simulator::Line::Stable);
    let body = format!(r#"{{"access_token":"{good}","expires_in":"9223372036854775807"}}"#);
    world.sim.fault("/cgi-bin/stable_token", Fault::raw(200, "application/json", body).times(1));
    let client = world.client();
    wechat_integration_tests::call(&client).await.unwrap();
    world.pass(1_000_000);
    client.fetch_access_token().await.unwrap();
    assert_eq!(world.asked(), 1);
}
