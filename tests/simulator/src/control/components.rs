//! `/_sim/components`. Secrets go in, never out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::{Command, Failure, Waiting, callbacks, done, fields, pushes};
use crate::component::{Component, ComponentAccount, RefreshTokens};
use crate::sync::lock;

/// What can be said of a third-party platform, when it is added and later.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    secret: Option<String>,
    callback: Option<callbacks::Settings>,
    expires_in: Option<u64>,
    authorizer_expires_in: Option<u64>,
    address_allowed: Option<bool>,
    #[serde(default)]
    daily_limits: BTreeMap<String, u64>,
    refresh_tokens: Option<RefreshTokens>,
    renewing: Option<bool>,
    pushing: Option<bool>,
}

impl Settings {
    /// Changes what a component is declared with, or what a running one has.
    fn apply(self, settings: &mut crate::component::Settings) -> Result<(), Failure> {
        let Self {
            secret,
            callback,
            expires_in,
            authorizer_expires_in,
            address_allowed,
            daily_limits,
            refresh_tokens,
            renewing,
            pushing,
        } = self;
        if secret.as_ref().is_some_and(String::is_empty) {
            return Err(Failure::bad("secret must not be empty"));
        }
        if let Some(callback) = callback {
            settings.callback = Some(callback.into_callback()?);
        }
        settings.secret = secret.unwrap_or_else(|| settings.secret.clone());
        settings.expires_in = expires_in.unwrap_or(settings.expires_in);
        settings.authorizer_expires_in = authorizer_expires_in.unwrap_or(settings.authorizer_expires_in);
        settings.address_allowed = address_allowed.unwrap_or(settings.address_allowed);
        settings.daily_limits.extend(daily_limits);
        settings.refresh_tokens = refresh_tokens.unwrap_or(settings.refresh_tokens);
        settings.renewing = renewing.unwrap_or(settings.renewing);
        settings.pushing = pushing.unwrap_or(settings.pushing);
        Ok(())
    }
}

/// The component that a path names.
pub(super) fn component(command: &Command<'_>) -> Result<ComponentAccount, Failure> {
    let appid = command.name(0);
    find(command, appid).ok_or_else(|| {
        Failure::not_found(format!(
            "there is no component {appid}; POST /_sim/components adds one, GET lists them"
        ))
    })
}

/// Controls are served on the runtime that pushes run on.
fn find(command: &Command<'_>, appid: &str) -> Option<ComponentAccount> {
    ComponentAccount::find(command.platform, &Handle::current(), appid)
}

pub(super) fn list(command: &Command<'_>) -> Result<Value, Failure> {
    let state = lock(&command.platform.state);
    Ok(json!({ "components": state.component_appids().collect::<Vec<_>>() }))
}

pub(super) fn add(command: &Command<'_>) -> Result<Value, Failure> {
    let mut object = command.object()?;
    let (Some(Value::String(appid)), true) = (object.remove("appid"), object.contains_key("secret")) else {
        return Err(Failure::bad(
            r#"a new component needs an appid and a secret: {"appid":"wx1","secret":"s"}"#,
        ));
    };
    let authorizers: Vec<String> = match object.remove("authorizers") {
        None => Vec::new(),
        Some(appids) => serde_json::from_value(appids)
            .map_err(|error| Failure::bad(format!("authorizers have to be appids: {error}")))?,
    };
    let mut component = Component::new(appid.as_str(), "").authorizers(authorizers);
    fields::<Settings>(object)?.apply(&mut component.settings)?;
    command.platform.add_component(component)?;
    let added = find(command, &appid);
    Ok(view(&added.ok_or_else(|| Failure::not_found("the component is gone"))?))
}

pub(super) fn show(command: &Command<'_>) -> Result<Value, Failure> {
    Ok(view(&component(command)?))
}

pub(super) fn change(command: &Command<'_>) -> Result<Value, Failure> {
    let component = component(command)?;
    let order: Settings = fields(command.object()?)?;
    let mut settings = component.settings();
    order.apply(&mut settings)?;
    if let Some(callback) = &settings.callback {
        callback.check(component.appid())?;
    }
    component.set_settings(settings);
    Ok(view(&component))
}

pub(super) fn token(command: &Command<'_>) -> Result<Value, Failure> {
    Ok(token_view(component(command)?.current()))
}

pub(super) fn rotate(command: &Command<'_>) -> Result<Value, Failure> {
    let component = component(command)?;
    component.rotate_elsewhere();
    Ok(token_view(component.current()))
}

pub(super) fn revoke(command: &Command<'_>) -> Result<Value, Failure> {
    component(command)?.revoke();
    done()
}

pub(super) fn refuse(command: &Command<'_>) -> Result<Value, Failure> {
    component(command)?.refuse_current();
    done()
}

pub(super) fn issue_ticket(command: &Command<'_>) -> Result<Value, Failure> {
    Ok(json!({ "component_verify_ticket": component(command)?.issue_verify_ticket() }))
}

pub(super) fn push_ticket(command: &Command<'_>) -> Result<Waiting, Failure> {
    let component = component(command)?;
    Ok(Box::pin(async move { pushes::delivery(&component.push_verify_ticket().await) }))
}

pub(super) fn settle(command: &Command<'_>) -> Result<Waiting, Failure> {
    let component = component(command)?;
    Ok(Box::pin(async move {
        component.settled().await;
        json!({ "ok": true })
    }))
}

/// A current token with the seconds it has to live.
pub(super) fn token_view(current: Option<(String, u64)>) -> Value {
    match current {
        Some((token, rest)) => json!({ "access_token": token, "expires_in": rest }),
        None => json!({ "access_token": null, "expires_in": 0 }),
    }
}

fn view(component: &ComponentAccount) -> Value {
    let settings = component.settings();
    json!({
        "appid": component.appid(),
        "callback_url": settings.callback.as_ref().map(|callback| &callback.url),
        "expires_in": settings.expires_in,
        "authorizer_expires_in": settings.authorizer_expires_in,
        "address_allowed": settings.address_allowed,
        "daily_limits": settings.daily_limits,
        "refresh_tokens": settings.refresh_tokens,
        "renewing": settings.renewing,
        "pushing": settings.pushing,
        "authorizer_count": component.authorizer_count(),
        "component_verify_ticket": component.verify_ticket(),
        "token": token_view(component.current()),
    })
}
