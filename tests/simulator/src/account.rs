//! One account's handle, by which a test changes it at run time.

mod media;
mod visits;

use std::fmt;
use std::sync::Arc;

use crate::content::{Follower, Material};
use crate::ledger::Cause;
use crate::line::Line;
use crate::platform::Platform;
use crate::state::AccountState;
use crate::sync::lock;

/// An account of a running simulator.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use wechat_simulator::{Line, Simulator};
///
/// let sim = Simulator::builder().app("wx1f2e3d4c5b6a7988", "secret").start().await?;
/// let account = sim.account("wx1f2e3d4c5b6a7988").expect("declared above");
/// let token = account.rotate_elsewhere(Line::Stable);
/// assert_eq!(account.current_token(Line::Stable), Some(token));
/// account.revoke(Line::Stable);
/// assert_eq!(account.current_token(Line::Stable), None);
/// # Ok::<(), wechat_simulator::StartError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Account {
    platform: Arc<Platform>,
    appid: String,
}

impl Account {
    /// The handle of an account, if there is one of that appid.
    pub(crate) fn find(platform: &Arc<Platform>, appid: &str) -> Option<Self> {
        lock(&platform.state).account(appid).ok()?;
        Some(Self::of(platform, appid))
    }

    /// The handle of an account that is there.
    pub(crate) fn of(platform: &Arc<Platform>, appid: &str) -> Self {
        Self { platform: Arc::clone(platform), appid: appid.to_owned() }
    }

    /// The account's appid.
    #[must_use]
    pub fn appid(&self) -> &str {
        &self.appid
    }

    /// The token that a line would call its current one, if it is alive.
    #[must_use]
    pub fn current_token(&self, line: Line) -> Option<String> {
        self.current(line).map(|(token, _)| token)
    }

    /// The current token with the seconds it has to live.
    pub(crate) fn current(&self, line: Line) -> Option<(String, u64)> {
        let unix = self.platform.clock.unix();
        let state = lock(&self.platform.state);
        state.current(&self.appid, line, unix).map(|(token, rest)| (token.to_owned(), rest))
    }

    /// Has somebody else fetch a new token (for the stable line: by force), and returns it.
    ///
    /// The token before it works for 300 s more, then answers 40001. The ledger has it as an issue
    /// with [`Cause::Elsewhere`]; no call is written down and no quota is used.
    #[allow(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn rotate_elsewhere(&self, line: Line) -> String {
        let platform = &self.platform;
        let unix = platform.clock.unix();
        let granted =
            lock(&platform.state).issue(&self.appid, line, Cause::Elsewhere, unix, &platform.ledger);
        // The account is there, unless it never was declared and a reset forgot that it authorized anyone.
        granted.map(|granted| granted.access_token).unwrap_or_default()
    }

    /// Refuses the current token of a line, and the one before it, with 40001 from now on.
    ///
    /// The line is then without a token, so that the next call of its endpoint makes a new one.
    pub fn revoke(&self, line: Line) {
        let unix = self.platform.clock.unix();
        lock(&self.platform.state).revoke(&self.appid, line, unix);
    }

    /// Has business calls refuse the current token of a line with 40001, while the line keeps it.
    ///
    /// So `stable_token` in normal mode gives the refused value back, and only a forced refresh helps.
    pub fn refuse_current(&self, line: Line) {
        lock(&self.platform.state).refuse_current(&self.appid, line);
    }

    /// Changes the secret; tokens already issued keep working.
    pub fn set_secret(&self, secret: impl Into<String>) {
        let secret = secret.into();
        self.change(|account| account.app.secret = secret);
    }

    /// Sets how long tokens issued from now on live, in seconds.
    pub fn set_expires_in(&self, seconds: u64) {
        self.change(|account| account.app.expires_in = seconds);
    }

    /// Freezes or thaws the secret; while it is frozen, what wants it answers 40243.
    pub fn set_secret_frozen(&self, frozen: bool) {
        self.change(|account| account.app.secret_frozen = frozen);
    }

    /// Puts callers on the IP whitelist or takes them off it; off it, token endpoints answer 40164.
    pub fn set_address_allowed(&self, allowed: bool) {
        self.change(|account| account.app.address_allowed = allowed);
    }

    /// Sets how often a path may be called in one Beijing day before it answers 45009.
    pub fn set_daily_limit(&self, path: impl Into<String>, calls: u64) {
        let path = path.into();
        self.change(|account| {
            account.app.daily_limits.insert(path, calls);
        });
    }

    /// Sets how many forced refreshes of the stable token a Beijing day has.
    pub fn set_forced_limit(&self, refreshes: u64) {
        self.change(|account| account.app.forced_limit = refreshes);
    }

    /// How many calls to a path counted against today's quota.
    #[must_use]
    pub fn used_today(&self, path: &str) -> u64 {
        let unix = self.platform.clock.unix();
        let mut state = lock(&self.platform.state);
        state.account(&self.appid).map_or(0, |account| account.usage.today(path, unix))
    }

    /// The users of the account, whether or not they follow it.
    #[must_use]
    pub fn followers(&self) -> Vec<Follower> {
        self.read(|account| account.content().followers.clone())
    }

    /// The materials of the account.
    #[must_use]
    pub fn materials(&self) -> Vec<Material> {
        self.read(|account| account.content().materials.clone())
    }

    /// The ids of the account's message templates.
    #[must_use]
    pub fn templates(&self) -> Vec<String> {
        self.read(|account| account.content().templates.clone())
    }

    pub(crate) fn read<T: Default>(&self, read: impl FnOnce(&AccountState) -> T) -> T {
        lock(&self.platform.state).account(&self.appid).map(|account| read(account)).unwrap_or_default()
    }

    fn change(&self, change: impl FnOnce(&mut AccountState)) {
        if let Ok(account) = lock(&self.platform.state).account(&self.appid) {
            change(account);
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("appid", &self.appid).finish_non_exhaustive()
    }
}
