//! What is written down.

use wechat_simulator::{Call, Cause, Line, Simulator};

use crate::support::{APPID, Platform, SECRET};

#[tokio::test]
async fn every_issue_is_written_down_with_what_it_was_for() {
    let platform = Platform::start().await;
    let classic = platform.classic().await;
    let stable = platform.stable().await;
    platform.stable().await;
    platform.advance(5);
    let forced = platform.forced().await;
    let ledger = platform.sim.ledger();
    let start = platform.clock().unix() - 5;
    let issues: Vec<_> = ledger
        .issues()
        .iter()
        .map(|issue| (issue.line, issue.value.clone(), issue.at - start, issue.expires_in, issue.cause))
        .collect();
    let expected = [
        (Line::Classic, classic.value, 0, 7200, Cause::Fetch),
        (Line::Stable, stable.value, 0, 7200, Cause::Fetch),
        (Line::Stable, forced.value, 5, 7200, Cause::Forced),
    ];
    assert_eq!(issues, expected);
    assert_eq!(ledger.issued(APPID, Line::Stable), 2);
    assert_eq!(ledger.issued("wx0", Line::Stable), 0);
    assert_eq!(ledger.token_calls(APPID), 4);
}

#[tokio::test]
async fn every_call_is_written_down_as_it_came() {
    let platform = Platform::start().await;
    let token = platform.classic().await.value;
    let raw = format!("access_token={token}&b=%E4%BD%A0+x&a=1&a=2&empty=");
    let body = "{ \"spaces\" :  1 }";
    let request = platform.http.post(platform.url(&format!("/cgi-bin/menu/create?{raw}")));
    request.header("X-Own", "Value").body(body).send().await.unwrap();
    let ledger = platform.sim.ledger();
    let call = ledger.calls_to("/cgi-bin/menu/create")[0];
    assert_eq!(call.method(), "POST");
    assert_eq!(call.raw_query(), raw);
    let pairs: Vec<_> = call.query().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        pairs,
        [("access_token", token.as_str()), ("b", "你 x"), ("a", "1"), ("a", "2"), ("empty", "")]
    );
    assert_eq!(call.query_value("a"), Some("1"));
    assert_eq!(call.header("x-own"), Some("Value"));
    assert_eq!(call.body(), body.as_bytes());
    assert_eq!(call.at(), platform.clock().unix());
    assert_eq!(call.appid(), Some(APPID));
    assert_eq!((call.status(), call.errcode(), call.processed()), (Some(200), Some(40016), true));
}

#[tokio::test]
async fn a_ledger_once_taken_does_not_grow_and_can_be_cleared() {
    let platform = Platform::start().await;
    let token = platform.classic().await.value;
    let before = platform.sim.ledger();
    platform.classic().await;
    assert_eq!(before.issues().len(), 1);
    platform.sim.clear_ledger();
    assert_eq!(platform.sim.ledger().issues().len(), 0);
    assert_eq!(platform.sim.ledger().calls().count(), 0);
    assert_eq!(platform.judge(&token).await, 0, "tokens stay");
}

#[tokio::test]
async fn the_ledger_keeps_the_newest_calls_and_says_how_many_it_forgot() {
    let sim = Simulator::builder().app(APPID, SECRET).ledger_limit(2).start().await.unwrap();
    let platform = Platform::over(sim);
    for path in ["/1", "/2", "/3"] {
        platform.get(path).await;
    }
    let ledger = platform.sim.ledger();
    assert_eq!(ledger.calls().map(Call::path).collect::<Vec<_>>(), ["/2", "/3"]);
    assert_eq!(ledger.forgotten_calls(), 1);
}
