//! Nothing that a component application keeps secret is seen in a log, an error or a `Debug`, whatever goes wrong.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;
use wechat_integration_tests::seen::{Seen, around, whole};
use wechat_integration_tests::{
    AUTHORIZER_LIST, AUTHORIZER_TOKEN, Agency, COMPONENT_TOKEN, PATH, QUERY_AUTH, SECRET, call_for, exchange,
    http, new_appid,
};
use wechat_runtime::callback::ComponentEvent;
use wechat_runtime::{Error, RefreshSettings, Response, VerifyTicket};
use wechat_simulator::{Fault, RefreshTokens};

/// How a platform answers that repeats what it was sent, or that goes wrong.
fn faults(sent: &str) -> Vec<Fault> {
    let said = format!(r#"{{"errcode":61004,"errmsg":"you sent {sent}"}}"#);
    vec![
        Fault::raw(200, "application/json", said),
        Fault::raw(200, "text/html", sent.to_owned()),
        Fault::raw(500, "text/html", sent.to_owned()),
        Fault::raw(200, "application/json", format!(r#"{{"expires_in":"{sent}","list":"{sent}"}}"#)),
        Fault::redirect(format!("/elsewhere?component_access_token={sent}")),
        Fault::hang(),
        Fault::drop_after(),
        Fault::truncated_json(),
        Fault::errcode(40001),
        Fault::errcode(61006),
        Fault::errcode(61023),
    ]
}

/// All of it in one test: the subscriber is the process's.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_component_or_of_its_authorizers_is_seen_anywhere() {
    let seen = Seen::begin();
    let agency = Agency::declared(|component| component.refresh_tokens(RefreshTokens::Rotated)).await;
    let mut settings = RefreshSettings::default();
    settings.upstream_timeout = Duration::from_millis(100);
    let builder = || agency.builder().http(http().connection_verbose(true)).retries(0);
    let client = builder().refresh(settings).attempt_timeout(Duration::from_millis(100)).build().unwrap();
    let mut text = String::new();
    let mut canaries = vec![SECRET.to_owned(), agency.component().verify_ticket()];
    let mut note = |outcome: Result<Response, Error>| match outcome {
        Ok(answer) => writeln!(text, "{answer:?}").unwrap(),
        Err(error) => writeln!(text, "{}", whole(&error)).unwrap(),
    };

    // The component's own token, by its secret and its verify ticket.
    let secret = || SECRET.to_owned();
    for sent in [&secret as &dyn Fn() -> String, &|| agency.component().verify_ticket()] {
        for nth in 0..faults("").len() {
            agency.sim.fault(COMPONENT_TOKEN, faults(&sent()).swap_remove(nth).times(1));
            let error = client.fetch_component_access_token().await.expect_err("each fault is met");
            note(Err(error));
            agency.component().issue_verify_ticket();
            agency.keep_ticket().await;
            agency.pass(1000);
        }
    }
    let given = json!({ "component_appsecret": "canary-secret", "component_verify_ticket": "canary-ticket" });
    canaries.extend(["canary-secret".to_owned(), "canary-ticket".to_owned()]);
    for sent in ["canary-secret", "canary-ticket"] {
        for fault in faults(sent) {
            agency.sim.fault(COMPONENT_TOKEN, fault.times(1));
            note(client.post(COMPONENT_TOKEN).json(&given).send().await);
            agency.pass(1000);
        }
    }
    agency.component().issue_verify_ticket();
    agency.keep_ticket().await;
    agency.sim.clear_faults();
    let own = client.fetch_component_access_token().await.unwrap().access_token().expose().to_owned();
    canaries.push(own.clone());

    // Codes, and what they are exchanged for.
    for sent in [&own, "canary-code"] {
        for fault in faults(sent) {
            agency.sim.fault(QUERY_AUTH, fault.times(1));
            note(exchange(&client, "canary-code").await);
            agency.pass(100);
        }
    }
    canaries.push("canary-code".to_owned());
    let appid = new_appid();
    let code = agency.component().authorize(&appid).authorization_code().to_owned();
    canaries.push(code.clone());
    note(exchange(&client, &code).await);
    let shop = agency.component().authorizer(&appid).unwrap();
    canaries.extend([shop.refresh_token(), shop.current_token().unwrap()]);
    let path = "/cgi-bin/component/api_create_preauthcode";
    let answer = client.post(path).json(&json!({})).send().await.unwrap();
    let mut shown = format!("{answer:?}");
    canaries.push(answer.value().unwrap()["pre_auth_code"].as_str().unwrap().to_owned());
    let asking = client.preauth_url("https://shop.example/back");
    write!(shown, "{asking:?}").unwrap();
    write!(shown, "{:?}", asking.await.unwrap()).unwrap();

    // An authorizer's token, by the component's and its refresh token, and by the list.
    agency.pass(7200);
    let own = async || {
        agency.component().issue_verify_ticket();
        agency.keep_ticket().await;
        let own = client.fetch_component_access_token().await.expect("it has a new ticket");
        own.access_token().expose().to_owned()
    };
    for nth in 0..faults("").len() {
        for is_own in [false, true] {
            let own = own().await;
            let sent = if is_own { own } else { shop.refresh_token() };
            agency.sim.fault(AUTHORIZER_TOKEN, faults(&sent).swap_remove(nth).times(1));
            note(call_for(&client, &appid).await);
            canaries.extend([sent, shop.refresh_token()]);
            agency.pass(7300);
        }
        let sent = own().await;
        agency.sim.fault(AUTHORIZER_LIST, faults(&sent).swap_remove(nth).times(1));
        note(call_for(&client, &new_appid()).await);
        canaries.push(sent);
        agency.pass(1000);
    }
    let given = json!({ "authorizer_appid": appid, "authorizer_refresh_token": "canary-refresh" });
    canaries.push("canary-refresh".to_owned());
    for fault in faults("canary-refresh") {
        agency.component().issue_verify_ticket();
        agency.keep_ticket().await;
        agency.sim.fault(AUTHORIZER_TOKEN, fault.times(1));
        note(client.post(AUTHORIZER_TOKEN).json(&given).send().await);
        agency.pass(1000);
    }

    // Calls for an authorizer, and the component's own, with tokens of the caller's.
    agency.sim.clear_faults();
    agency.component().issue_verify_ticket();
    agency.keep_ticket().await;
    let answer = call_for(&client, &appid).await.expect("nothing is wrong any more");
    note(Ok(answer));
    let token = shop.current_token().expect("it was called for");
    canaries.push("canary-token".to_owned());
    for sent in [&*token, "canary-token"] {
        for fault in faults(sent) {
            agency.sim.fault(PATH, fault.times(1));
            let call = client.authorizer(&*appid).get(PATH);
            note(if sent == token { call } else { call.access_token(sent) }.send().await);
            agency.pass(100);
        }
    }
    for fault in faults("canary-token") {
        agency.sim.fault(AUTHORIZER_LIST, fault.times(1));
        let call = client.post(AUTHORIZER_LIST).query(&[("component_access_token", "canary-token")]);
        note(call.json(&json!({ "offset": 0, "count": 1 })).send().await);
    }
    for (path, sent) in [
        ("/cgi-bin/component/api_start_push_ticket", SECRET),
        ("/cgi-bin/component/clear_quota/v2", SECRET),
        ("/sns/component/jscode2session", "canary-code"),
    ] {
        for fault in faults(sent) {
            agency.sim.fault(path, fault.times(1));
            let call = client
                .authorizer(&*appid)
                .request(if path.starts_with("/sns") { http::Method::GET } else { http::Method::POST }, path);
            note(call.query(&[("js_code", "canary-code")]).send().await);
        }
    }

    // Events, and a storage that fails.
    let event = |kind: &str, more: &str| {
        let (component, now) = (&agency.appid, agency.now());
        let xml = format!(
            "<xml><AppId>{component}</AppId><CreateTime>{now}</CreateTime><InfoType>{kind}</InfoType>{more}</xml>"
        );
        ComponentEvent::parse(&xml).unwrap()
    };
    canaries.extend(["canary-pushed".to_owned(), "canary-preauth".to_owned()]);
    let authorized = format!(
        "<AuthorizerAppid>{appid}</AuthorizerAppid><AuthorizationCode>canary-pushed</AuthorizationCode>\
         <AuthorizationCodeExpiredTime>{}</AuthorizationCodeExpiredTime><PreAuthCode>canary-preauth</PreAuthCode>",
        agency.now() + 3600
    );
    let events = [
        event("component_verify_ticket", "<ComponentVerifyTicket>canary-pushed</ComponentVerifyTicket>"),
        event("authorized", &authorized),
        event("new", &authorized),
    ];
    write!(shown, "{events:?} {events:#?}").unwrap();
    for fails in [true, false] {
        agency.cabinet.fail_saves(fails);
        for event in &events {
            if let Err(error) = client.receive_event(event).await {
                shown.push_str(&whole(&error));
            }
        }
        agency.pass(7200);
        agency.keep_ticket().await;
        note(call_for(&client, &appid).await);
        canaries.push(shop.refresh_token());
    }
    let ticket = VerifyTicket::new("canary-pushed", 1);
    let record = agency.cabinet.record(&agency.appid, &appid).await;
    write!(shown, "{client:?} {:?} {ticket:?} {record:?} {record:#?}", client.authorizer(&*appid)).unwrap();

    let ledger = agency.sim.ledger();
    canaries.extend(ledger.authorizer_issues().iter().map(|issue| issue.value.clone()));
    let logged = seen.end();
    assert!(logged.contains("hyper_util") && logged.contains("wechat_refresh"), "it is seen to");
    for canary in &canaries {
        assert!(!logged.contains(canary.as_str()), "logged: {canary}: {}", around(&logged, canary));
        assert!(!text.contains(canary.as_str()), "shown: {canary}: {}", around(&text, canary));
        assert!(!shown.contains(canary.as_str()), "shown: {canary}: {}", around(&shown, canary));
    }
}
