//! `/_sim/apps`. Secrets go in, never out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Command, Failure, components, done, fields};
use crate::account::Account;
use crate::app::App;
use crate::line::Line;
use crate::sync::lock;
use crate::ticket::TicketType;

/// What can be said of an account, when it is added and later.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    secret: Option<String>,
    expires_in: Option<u64>,
    secret_frozen: Option<bool>,
    address_allowed: Option<bool>,
    #[serde(default)]
    daily_limits: BTreeMap<String, u64>,
    forced_limit: Option<u64>,
    media_limit: Option<u64>,
    empty_ticket: Option<bool>,
}

impl Settings {
    fn check(&self) -> Result<(), Failure> {
        if self.secret.as_ref().is_some_and(String::is_empty) {
            return Err(Failure::bad("secret must not be empty"));
        }
        Ok(())
    }

    fn apply(self, account: &Account) {
        let Self {
            secret,
            expires_in,
            secret_frozen,
            address_allowed,
            daily_limits,
            forced_limit,
            media_limit,
            empty_ticket,
        } = self;
        if let Some(secret) = secret {
            account.set_secret(secret);
        }
        if let Some(seconds) = expires_in {
            account.set_expires_in(seconds);
        }
        if let Some(frozen) = secret_frozen {
            account.set_secret_frozen(frozen);
        }
        if let Some(allowed) = address_allowed {
            account.set_address_allowed(allowed);
        }
        for (path, calls) in daily_limits {
            account.set_daily_limit(path, calls);
        }
        if let Some(refreshes) = forced_limit {
            account.set_forced_limit(refreshes);
        }
        if media_limit.is_some() {
            account.set_media_limit(media_limit);
        }
        if let Some(empty) = empty_ticket {
            account.set_empty_ticket(empty);
        }
    }

    /// The account as these settings declare it, so that a reset returns to them.
    fn declare(self, appid: String) -> Result<App, Failure> {
        let Self {
            secret,
            expires_in,
            secret_frozen,
            address_allowed,
            daily_limits,
            forced_limit,
            media_limit,
            empty_ticket,
        } = self;
        let secret = secret.ok_or_else(|| Failure::bad("a new app needs a secret"))?;
        let mut app = App::new(appid, secret);
        app.expires_in = expires_in.unwrap_or(app.expires_in);
        app.secret_frozen = secret_frozen.unwrap_or(app.secret_frozen);
        app.address_allowed = address_allowed.unwrap_or(app.address_allowed);
        app.forced_limit = forced_limit.unwrap_or(app.forced_limit);
        app.media_limit = media_limit;
        app.empty_ticket = empty_ticket.unwrap_or(app.empty_ticket);
        app.daily_limits.extend(daily_limits);
        Ok(app)
    }
}

pub(super) fn account(command: &Command<'_>) -> Result<Account, Failure> {
    let appid = command.name(0);
    let found = Account::find(command.platform, appid);
    found.ok_or_else(|| {
        Failure::not_found(format!("there is no app {appid}; POST /_sim/apps adds one, GET lists them"))
    })
}

fn line(command: &Command<'_>) -> Result<Line, Failure> {
    let name = command.name(1);
    Line::from_name(name)
        .ok_or_else(|| Failure::not_found(format!("there is no line {name}; write classic or stable")))
}

pub(super) fn list(command: &Command<'_>) -> Result<Value, Failure> {
    let state = lock(&command.platform.state);
    Ok(json!({ "apps": state.appids().collect::<Vec<_>>() }))
}

pub(super) fn add(command: &Command<'_>) -> Result<Value, Failure> {
    let mut object = command.object()?;
    let Some(Value::String(appid)) = object.remove("appid") else {
        return Err(Failure::bad(r#"a new app needs an appid: {"appid":"wx1","secret":"s"}"#));
    };
    let app = fields::<Settings>(object)?.declare(appid)?;
    Ok(view(&command.platform.add_app(app)?))
}

pub(super) fn show(command: &Command<'_>) -> Result<Value, Failure> {
    Ok(view(&account(command)?))
}

pub(super) fn change(command: &Command<'_>) -> Result<Value, Failure> {
    let account = account(command)?;
    let settings: Settings = fields(command.object()?)?;
    settings.check()?;
    settings.apply(&account);
    Ok(view(&account))
}

pub(super) fn token(command: &Command<'_>) -> Result<Value, Failure> {
    Ok(token_view(&account(command)?, line(command)?))
}

pub(super) fn rotate(command: &Command<'_>) -> Result<Value, Failure> {
    let (account, line) = (account(command)?, line(command)?);
    account.rotate_elsewhere(line);
    Ok(token_view(&account, line))
}

pub(super) fn revoke(command: &Command<'_>) -> Result<Value, Failure> {
    account(command)?.revoke(line(command)?);
    done()
}

pub(super) fn refuse(command: &Command<'_>) -> Result<Value, Failure> {
    account(command)?.refuse_current(line(command)?);
    done()
}

fn token_view(account: &Account, line: Line) -> Value {
    components::token_view(account.current(line))
}

fn view(account: &Account) -> Value {
    let tokens: BTreeMap<&str, Value> =
        Line::ALL.into_iter().map(|line| (line.name(), token_view(account, line))).collect();
    let tickets: BTreeMap<&str, Option<String>> =
        TicketType::ALL.into_iter().map(|kind| (kind.name(), account.ticket(kind))).collect();
    account.read(|state| {
        let app = &state.app;
        json!({
            "appid": app.appid,
            "expires_in": app.expires_in,
            "secret_frozen": app.secret_frozen,
            "address_allowed": app.address_allowed,
            "daily_limits": app.daily_limits,
            "forced_limit": app.forced_limit,
            "media_limit": app.media_limit,
            "empty_ticket": app.empty_ticket,
            "ip_list": app.ip_list,
            "followers": state.content().followers,
            "materials": state.content().materials,
            "templates": state.content().templates,
            "tokens": tokens,
            "tickets": tickets,
        })
    })
}
