//! The state of every account, and the rules by which its tokens are issued.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::app::App;
use crate::content::{self, Follower, Material};
use crate::errcode::Refusal;
use crate::error::ControlError;
use crate::ledger::{Cause, Issue, Recorder};
use crate::line::Line;
use crate::login::Logins;
use crate::media::Media;
use crate::quota::{Limits, Usage};
use crate::ticket::{Ticket, TicketType};
use crate::vault::{GRACE, TokenLine, Vault};

/// Two forced refreshes closer than this, in seconds, refresh once.
const FORCED_SPACING: u64 = 30;

/// The name under which forced refreshes are counted.
const FORCED: &str = "force_refresh";

/// Message ids start above 32 bits, since the platform's may lie there.
const FIRST_MSGID: u64 = (1 << 32) + 1;

/// What a token endpoint answers.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) access_token: String,
    pub(crate) expires_in: u64,
}

/// All accounts, all tokens, and all users who logged in.
#[derive(Debug)]
pub(crate) struct State {
    accounts: BTreeMap<String, AccountState>,
    pub(crate) vault: Vault,
    pub(crate) logins: Logins,
    next_msgid: u64,
}

/// One account.
#[derive(Debug)]
pub(crate) struct AccountState {
    /// As declared: what a reset returns to.
    declared: App,
    /// As it is now.
    pub(crate) app: App,
    pub(crate) followers: Vec<Follower>,
    pub(crate) materials: Vec<Material>,
    pub(crate) templates: Vec<String>,
    pub(crate) media: Vec<Media>,
    pub(crate) tickets: BTreeMap<TicketType, Ticket>,
    pub(crate) usage: Usage,
    classic: TokenLine,
    stable: TokenLine,
    forced_at: Option<u64>,
}

impl AccountState {
    fn new(app: App) -> Self {
        let appid = &app.appid;
        Self {
            followers: app.followers.clone().unwrap_or_else(|| content::followers(appid)),
            materials: app.materials.clone().unwrap_or_else(|| content::materials(appid)),
            templates: app.templates.clone().unwrap_or_else(|| content::templates(appid)),
            media: Vec::new(),
            tickets: BTreeMap::new(),
            usage: Usage::default(),
            classic: TokenLine::default(),
            stable: TokenLine::default(),
            forced_at: None,
            declared: app.clone(),
            app,
        }
    }

    pub(crate) fn line(&self, line: Line) -> &TokenLine {
        match line {
            Line::Classic => &self.classic,
            Line::Stable => &self.stable,
        }
    }

    fn line_mut(&mut self, line: Line) -> &mut TokenLine {
        match line {
            Line::Classic => &mut self.classic,
            Line::Stable => &mut self.stable,
        }
    }

    /// How often a path may be called, the account's own numbers before the platform's.
    pub(crate) fn limits(&self, path: &str, platform: Limits) -> Limits {
        let daily = self.app.daily_limits.get(path).copied().or(platform.daily);
        Limits { daily, ..platform }
    }

    pub(crate) fn follower(&self, openid: &str) -> Result<&Follower, Refusal> {
        let found = self.followers.iter().find(|follower| follower.openid == openid);
        found.ok_or_else(|| Refusal::new(40003))
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            accounts: BTreeMap::new(),
            vault: Vault::default(),
            logins: Logins::default(),
            next_msgid: FIRST_MSGID,
        }
    }
}

impl State {
    /// Adds an account.
    pub(crate) fn add(&mut self, app: App) -> Result<(), ControlError> {
        let App { appid, secret, .. } = &app;
        if appid.is_empty() || secret.is_empty() {
            return Err(ControlError::new("an app needs an appid and a secret that are not empty"));
        }
        match self.accounts.entry(appid.clone()) {
            Entry::Occupied(_) => Err(ControlError::new(format!("there is an app {appid} already"))),
            Entry::Vacant(place) => {
                place.insert(AccountState::new(app));
                Ok(())
            }
        }
    }

    /// Returns every account to how it was declared, and forgets every token.
    pub(crate) fn reset(&mut self) {
        for account in self.accounts.values_mut() {
            *account = AccountState::new(account.declared.clone());
        }
        self.vault = Vault::default();
        self.logins = Logins::default();
        self.next_msgid = FIRST_MSGID;
    }

    pub(crate) fn appids(&self) -> impl Iterator<Item = &str> {
        self.accounts.keys().map(String::as_str)
    }

    pub(crate) fn get(&self, appid: &str) -> Option<&AccountState> {
        self.accounts.get(appid)
    }

    pub(crate) fn get_mut(&mut self, appid: &str) -> Option<&mut AccountState> {
        self.accounts.get_mut(appid)
    }

    /// The account, or the refusal of an unknown appid.
    pub(crate) fn account(&mut self, appid: &str) -> Result<&mut AccountState, Refusal> {
        self.accounts.get_mut(appid).ok_or_else(|| Refusal::new(40013))
    }

    pub(crate) fn next_msgid(&mut self) -> u64 {
        self.next_msgid += 1;
        self.next_msgid - 1
    }

    /// Puts a new token in a line's place and writes it down.
    pub(crate) fn issue(
        &mut self,
        appid: &str,
        line: Line,
        cause: Cause,
        unix: u64,
        ledger: &Recorder,
    ) -> Result<Granted, Refusal> {
        let account = self.accounts.get_mut(appid).ok_or_else(|| Refusal::new(40013))?;
        let expires_in = account.app.expires_in;
        let value = account.line_mut(line).replace(&mut self.vault, appid, expires_in, unix);
        ledger.issue(Issue {
            appid: appid.to_owned(),
            line,
            value: value.clone(),
            at: unix,
            expires_in,
            cause,
        });
        Ok(Granted { access_token: value, expires_in })
    }

    /// Answers a call of `stable_token` in normal mode: the same token while it has 300 s to live.
    pub(crate) fn stable(&mut self, appid: &str, unix: u64, ledger: &Recorder) -> Result<Granted, Refusal> {
        let account = self.accounts.get(appid).ok_or_else(|| Refusal::new(40013))?;
        match account.stable.current(&self.vault, unix) {
            Some((token, rest)) if rest >= GRACE => {
                Ok(Granted { access_token: token.to_owned(), expires_in: rest })
            }
            _ => self.issue(appid, Line::Stable, Cause::Fetch, unix, ledger),
        }
    }

    /// Answers a call of `stable_token` with `force_refresh`: within 30 s of the last forced refresh a
    /// normal call, else a new token, 20 times a day.
    pub(crate) fn stable_forced(
        &mut self,
        appid: &str,
        unix: u64,
        ledger: &Recorder,
    ) -> Result<Granted, Refusal> {
        let account = self.account(appid)?;
        if account.forced_at.is_some_and(|at| unix.saturating_sub(at) < FORCED_SPACING) {
            return self.stable(appid, unix, ledger);
        }
        let limits = Limits { daily: Some(account.app.forced_limit), minutely: None };
        account.usage.spend(FORCED, limits, unix)?;
        account.forced_at = Some(unix);
        self.issue(appid, Line::Stable, Cause::Forced, unix, ledger)
    }

    pub(crate) fn revoke(&mut self, appid: &str, line: Line, unix: u64) {
        if let Some(account) = self.accounts.get_mut(appid) {
            account.line_mut(line).revoke(&mut self.vault, unix);
        }
    }

    pub(crate) fn refuse_current(&mut self, appid: &str, line: Line) {
        if let Some(account) = self.accounts.get_mut(appid) {
            account.line_mut(line).refuse_current(&mut self.vault);
        }
    }

    /// The current token of a line, if it lives.
    pub(crate) fn current(&self, appid: &str, line: Line, unix: u64) -> Option<(&str, u64)> {
        self.get(appid)?.line(line).current(&self.vault, unix)
    }
}
