//! The state of every account, and the rules by which its tokens are issued.

mod authorizers;
mod components;
mod consents;
mod content;
mod due;
mod meter;
mod schedule;
mod verify_tickets;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::app::App;
use crate::errcode::Refusal;
use crate::error::ControlError;
use crate::ledger::{Cause, Issue, Recorder};
use crate::line::Line;
use crate::login::Logins;
use crate::media::Media;
use crate::quota::{Limits, Usage};
use crate::random;
use crate::ticket::{Ticket, TicketType};
use crate::vault::{GRACE, Holder, TokenLine, Vault};

pub(crate) use authorizers::AuthorizerState;
pub(crate) use components::{ComponentState, Consented};
pub(crate) use consents::PRE_AUTH_LIFE;
use content::Content;
pub(crate) use due::{DueTicket, Outlet};

/// Two forced refreshes closer than this, in seconds, refresh once.
const FORCED_SPACING: u64 = 30;

/// The name under which forced refreshes are counted.
const FORCED: &str = "force_refresh";

/// How long an account's secret is, in characters.
const SECRET_LENGTH: usize = 32;

/// Message ids start above 32 bits, since the platform's may lie there.
const FIRST_MSGID: u64 = (1 << 32) + 1;

/// What a token endpoint answers.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) access_token: String,
    pub(crate) expires_in: u64,
}

/// All accounts, all third-party platforms, all tokens, and all users who logged in.
#[derive(Debug)]
pub(crate) struct State {
    accounts: BTreeMap<String, AccountState>,
    components: BTreeMap<String, ComponentState>,
    pub(crate) vault: Vault,
    pub(crate) logins: Logins,
    next_msgid: u64,
}

/// One account.
#[derive(Debug)]
pub(crate) struct AccountState {
    /// As declared: what a reset returns to. An account that is only known because it authorized a third-party
    /// platform was never declared.
    declared: Option<App>,
    /// As it is now.
    pub(crate) app: App,
    /// Made when it is first asked for: thousands of accounts never are.
    content: OnceCell<Content>,
    pub(crate) media: Vec<Media>,
    pub(crate) tickets: BTreeMap<TicketType, Ticket>,
    pub(crate) usage: Usage,
    classic: TokenLine,
    stable: TokenLine,
    forced_at: Option<u64>,
}

impl AccountState {
    fn new(app: App) -> Self {
        Self {
            content: OnceCell::new(),
            media: Vec::new(),
            tickets: BTreeMap::new(),
            usage: Usage::default(),
            classic: TokenLine::default(),
            stable: TokenLine::default(),
            forced_at: None,
            declared: Some(app.clone()),
            app,
        }
    }

    /// An account that nobody declared. It has a secret, as every account does, which nobody knows.
    fn undeclared(appid: &str) -> Self {
        let app = App::new(appid, random::alphanumeric(SECRET_LENGTH));
        Self { declared: None, ..Self::new(app) }
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
}

impl Default for State {
    fn default() -> Self {
        Self {
            accounts: BTreeMap::new(),
            components: BTreeMap::new(),
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
        if self.is_component(appid) {
            return Err(ControlError::new(format!("{appid} is the appid of a component")));
        }
        match self.accounts.entry(appid.clone()) {
            Entry::Occupied(known) if known.get().declared.is_some() => {
                Err(ControlError::new(format!("there is an app {appid} already")))
            }
            Entry::Occupied(mut undeclared) => {
                undeclared.insert(AccountState::new(app));
                Ok(())
            }
            Entry::Vacant(place) => {
                place.insert(AccountState::new(app));
                Ok(())
            }
        }
    }

    /// Returns every account and third-party platform to how it was declared, and forgets every token.
    pub(crate) fn reset(&mut self, unix: u64) {
        self.accounts.retain(|_, account| match account.declared.take() {
            Some(app) => {
                *account = AccountState::new(app);
                true
            }
            None => false,
        });
        self.reset_components(unix);
        self.vault = Vault::default();
        self.logins = Logins::default();
        self.next_msgid = FIRST_MSGID;
    }

    /// The appids of the declared accounts.
    pub(crate) fn appids(&self) -> impl Iterator<Item = &str> {
        let declared = self.accounts.iter().filter(|(_, account)| account.declared.is_some());
        declared.map(|(appid, _)| appid.as_str())
    }

    pub(crate) fn get(&self, appid: &str) -> Option<&AccountState> {
        self.accounts.get(appid)
    }

    /// The account, or the refusal of an unknown appid. That of an account which only ever authorized a
    /// third-party platform is made when it is first asked for.
    pub(crate) fn account(&mut self, appid: &str) -> Result<&mut AccountState, Refusal> {
        self.known(appid)?;
        if !self.accounts.contains_key(appid) {
            self.accounts.insert(appid.to_owned(), AccountState::undeclared(appid));
        }
        self.accounts.get_mut(appid).ok_or_else(|| Refusal::new(40013))
    }

    /// Whether there is such an account, made or not: if not, 40013.
    pub(crate) fn known(&self, appid: &str) -> Result<(), Refusal> {
        let known = self.accounts.contains_key(appid) || self.has_authorizer(appid);
        if known { Ok(()) } else { Err(Refusal::new(40013)) }
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
        self.account(appid)?;
        let account = self.accounts.get_mut(appid).ok_or_else(|| Refusal::new(40013))?;
        let expires_in = account.app.expires_in;
        let value =
            account.line_mut(line).replace(&mut self.vault, Holder::App(appid.to_owned()), expires_in, unix);
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
