//! `/_sim/components/{appid}/authorizers`: who consents, who cancels, and what comes of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::components::{component, token_view};
use super::{Command, Failure, Waiting, done, fields, pushes};
use crate::component::Authorizer;
use crate::push::Push;

/// Rows of one page of the list unless the query says otherwise.
const PAGE: usize = 500;

fn authorizer(command: &Command<'_>) -> Result<Authorizer, Failure> {
    let component = component(command)?;
    let appid = command.name(1);
    component.authorizer(appid).ok_or_else(|| {
        Failure::not_found(format!(
            "{appid} never authorized {}; POST …/authorizers has it do so, GET lists those that do",
            component.appid()
        ))
    })
}

pub(super) fn list(command: &Command<'_>) -> Result<Value, Failure> {
    let component = component(command)?;
    let (offset, count) = (number(command, "offset", 0)?, number(command, "count", PAGE)?);
    let page = component.change(|component| {
        let page = component.authorizers.page(offset, count);
        page.map(|(appid, auth_time)| json!({ "appid": *appid, "auth_time": auth_time })).collect::<Vec<_>>()
    });
    Ok(json!({ "total_count": component.authorizer_count(), "authorizers": page }))
}

/// A number of the query.
fn number(command: &Command<'_>, name: &str, by_default: usize) -> Result<usize, Failure> {
    match command.request.query_value(name) {
        None => Ok(by_default),
        Some(text) => {
            text.parse().map_err(|_| Failure::bad(format!("{name} has to be a whole number, not {text:?}")))
        }
    }
}

/// An account that consents.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consent {
    appid: String,
    /// Whether it cancels first.
    #[serde(default)]
    anew: bool,
    #[serde(default)]
    push: bool,
}

pub(super) fn authorize(command: &Command<'_>) -> Result<Waiting, Failure> {
    let component = component(command)?;
    let Consent { appid, anew, push } = fields(command.object()?)?;
    if appid.is_empty() {
        return Err(Failure::bad("an account needs an appid that is not empty"));
    }
    let consent = if anew { component.reauthorize(&appid) } else { component.authorize(&appid) };
    Ok(Box::pin(async move {
        let delivery = if push { Some(component.push(consent.push()).await) } else { None };
        json!({
            "authorizer_appid": consent.authorizer_appid(),
            "authorization_code": consent.authorization_code(),
            "expires_in": consent.expires_in(),
            "pre_auth_code": consent.pre_auth_code(),
            "is_new": consent.is_new(),
            "delivery": delivery.as_ref().map(pushes::delivery),
        })
    }))
}

pub(super) fn cancel(command: &Command<'_>) -> Result<Waiting, Failure> {
    let component = component(command)?;
    let appid = authorizer(command)?.appid().to_owned();
    let push = match command.request.query_value("push") {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => return Err(Failure::bad(format!("push has to be true or false, not {other:?}"))),
    };
    let cancelled = component.cancel(&appid);
    Ok(Box::pin(async move {
        let news = || component.push(Push::unauthorized(appid.as_str()));
        let delivery = if push { Some(news().await) } else { None };
        json!({ "cancelled": cancelled, "delivery": delivery.as_ref().map(pushes::delivery) })
    }))
}

pub(super) fn show(command: &Command<'_>) -> Result<Value, Failure> {
    Ok(view(&authorizer(command)?))
}

/// What can be said of an authorizer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    permissions: Option<Vec<u32>>,
    #[serde(default)]
    read_only_options: BTreeMap<String, bool>,
}

pub(super) fn change(command: &Command<'_>) -> Result<Value, Failure> {
    let authorizer = authorizer(command)?;
    let mut object = command.object()?;
    // `null` is not the same as nothing.
    let refresh_tokens = object.remove("refresh_tokens").map(serde_json::from_value).transpose();
    let refresh_tokens = refresh_tokens.map_err(|error| Failure::bad(format!("refresh_tokens: {error}")))?;
    let Settings { permissions, read_only_options } = fields(object)?;
    if let Some(refresh_tokens) = refresh_tokens {
        authorizer.set_refresh_tokens(refresh_tokens);
    }
    if let Some(ids) = permissions {
        authorizer.set_permissions(ids);
    }
    for (name, read_only) in read_only_options {
        authorizer.set_option_read_only(name, read_only);
    }
    Ok(view(&authorizer))
}

pub(super) fn rotate(command: &Command<'_>) -> Result<Value, Failure> {
    let authorizer = authorizer(command)?;
    authorizer.rotate_elsewhere();
    Ok(token_view(authorizer.current()))
}

pub(super) fn revoke(command: &Command<'_>) -> Result<Value, Failure> {
    authorizer(command)?.revoke();
    done()
}

pub(super) fn refuse(command: &Command<'_>) -> Result<Value, Failure> {
    authorizer(command)?.refuse_current();
    done()
}

pub(super) fn replace(command: &Command<'_>) -> Result<Value, Failure> {
    Ok(json!({ "authorizer_refresh_token": authorizer(command)?.replace_refresh_token() }))
}

fn view(authorizer: &Authorizer) -> Value {
    json!({
        "appid": authorizer.appid(),
        "auth_time": authorizer.auth_time(),
        "authorizer_refresh_token": authorizer.refresh_token(),
        "refresh_tokens": authorizer.refresh_tokens(),
        "permissions": authorizer.permissions(),
        "token": token_view(authorizer.current()),
    })
}
