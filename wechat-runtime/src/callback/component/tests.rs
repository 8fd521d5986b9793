use super::*;

/// As WeChat pushes them: in CDATA.
const TICKET: &str = "<xml><AppId><![CDATA[wx134c8103faa5a59e]]></AppId>\n<CreateTime>1413192605</CreateTime>\n\
    <InfoType><![CDATA[component_verify_ticket]]></InfoType>\n\
    <ComponentVerifyTicket><![CDATA[ticket@@@canary-1]]></ComponentVerifyTicket>\n</xml>";

/// As its page has them: without.
const AUTHORIZED: &str = "<xml><AppId>wx134c8103faa5a59e</AppId><CreateTime>1572001402</CreateTime>\
    <InfoType>authorized</InfoType><AuthorizerAppid>wxba5fad812f8e6fb9</AuthorizerAppid>\
    <AuthorizationCode>queryauthcode@@@canary-2</AuthorizationCode>\
    <AuthorizationCodeExpiredTime>1572005002</AuthorizationCodeExpiredTime>\
    <PreAuthCode>preauthcode@@@canary-3</PreAuthCode></xml>";

const UNAUTHORIZED: &str = "<xml><AppId>wx134c8103faa5a59e</AppId><CreateTime>1413192760</CreateTime>\
    <InfoType>unauthorized</InfoType><AuthorizerAppid>wxba5fad812f8e6fb9</AuthorizerAppid></xml>";

fn read(push: &str) -> ComponentEvent {
    let event = ComponentEvent::parse(push).unwrap();
    assert_eq!(event.component_appid, "wx134c8103faa5a59e");
    event
}

/// The same without CDATA, or with it around what was bare.
fn likewise(push: &str) -> String {
    if push.contains("CDATA") {
        return push.replace("<![CDATA[", "").replace("]]>", "");
    }
    let mut with = String::new();
    for piece in push.split_inclusive('>') {
        let (text, tag) = piece.split_at(piece.rfind('<').unwrap());
        let pieces = if text.is_empty() { vec![tag] } else { vec!["<![CDATA[", text, "]]>", tag] };
        with.extend(pieces);
    }
    with
}

/// The push without one of its elements.
fn without(push: &str, name: &str) -> String {
    let (from, to) = (format!("<{name}>"), format!("</{name}>"));
    let (from, to) = (push.find(&from).unwrap(), push.find(&to).unwrap() + to.len());
    [&push[..from], &push[to..]].concat()
}

fn is_unknown(push: &str) -> bool {
    matches!(read(push).info, ComponentInfo::Unknown(_))
}

#[test]
fn a_ticket_is_read_with_and_without_cdata() {
    for push in [TICKET.to_owned(), likewise(TICKET)] {
        let event = read(&push);
        let ComponentInfo::VerifyTicket { component_verify_ticket } = &event.info else {
            panic!("{event:?}");
        };
        assert_eq!(
            (component_verify_ticket.expose(), event.create_time),
            ("ticket@@@canary-1", 1_413_192_605)
        );
    }
}

#[test]
fn an_authorization_is_read_with_and_without_cdata_new_or_changed() {
    let changed = AUTHORIZED.replace("authorized<", "updateauthorized<");
    for push in [AUTHORIZED.to_owned(), likewise(AUTHORIZED), changed.clone(), likewise(&changed)] {
        let event = read(&push);
        let authorization = match &event.info {
            ComponentInfo::Authorized(authorization) if !push.contains("update") => authorization,
            ComponentInfo::UpdateAuthorized(authorization) if push.contains("update") => authorization,
            _ => panic!("{event:?}"),
        };
        assert_eq!(authorization.authorizer_appid, "wxba5fad812f8e6fb9");
        assert_eq!(authorization.authorization_code.expose(), "queryauthcode@@@canary-2");
        assert_eq!(authorization.authorization_code_expired_time, 1_572_005_002);
        assert_eq!(authorization.pre_auth_code.as_ref().unwrap().expose(), "preauthcode@@@canary-3");
        assert_eq!(event.create_time, 1_572_001_402);
    }
}

#[test]
fn an_authorization_taken_back_is_read_with_and_without_cdata() {
    for push in [UNAUTHORIZED.to_owned(), likewise(UNAUTHORIZED)] {
        let event = read(&push);
        let ComponentInfo::Unauthorized { authorizer_appid } = &event.info else { panic!("{event:?}") };
        assert_eq!(authorizer_appid, "wxba5fad812f8e6fb9");
    }
}

#[test]
fn without_a_field_that_it_has_to_have_it_is_unknown() {
    for (push, required) in [
        (TICKET, &["ComponentVerifyTicket"][..]),
        (AUTHORIZED, &["AuthorizerAppid", "AuthorizationCode", "AuthorizationCodeExpiredTime"]),
        (UNAUTHORIZED, &["AuthorizerAppid"]),
    ] {
        for name in required {
            let push = without(push, name);
            assert!(is_unknown(&push) && is_unknown(&likewise(&push)), "{push}");
        }
        assert!(!is_unknown(&without(push, "CreateTime")));
        assert_eq!(read(&without(push, "CreateTime")).create_time, 0);
    }
    assert!(!is_unknown(&without(AUTHORIZED, "PreAuthCode")));
    let empty = TICKET.replace("ticket@@@canary-1", "");
    assert!(is_unknown(&empty), "an empty ticket is none");
}

#[test]
fn what_is_unknown_keeps_all_of_its_fields() {
    let push = TICKET.replace("component_verify_ticket", "notify_third_fasteregister");
    let ComponentInfo::Unknown(fields) = read(&push).info else { panic!("it is known") };
    assert_eq!(fields.text("InfoType"), Some("notify_third_fasteregister"));
    assert_eq!(fields.text("ComponentVerifyTicket"), Some("ticket@@@canary-1"));
    assert!(is_unknown(&without(TICKET, "InfoType")));
}

#[test]
fn what_is_not_whole_is_malformed() {
    // WeChat's own page ends its samples so, by mistake.
    let sample = UNAUTHORIZED.replace("</xml>", "<xml>");
    assert_eq!(ComponentEvent::parse(&sample).unwrap_err(), Error::Malformed);
    assert_eq!(ComponentEvent::parse("success").unwrap_err(), Error::Malformed);
}

#[test]
fn no_ticket_and_no_code_is_printed() {
    let unknown = TICKET.replace("component_verify_ticket", "something_new");
    for push in [TICKET, AUTHORIZED, &AUTHORIZED.replace(">authorized", ">updateauthorized"), &unknown] {
        let event = read(push);
        let shown = format!("{event:?} {event:#?}");
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("wx134c8103faa5a59e"), "{shown}");
    }
}
