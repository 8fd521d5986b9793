//! The handle of one account as one third-party platform knows it.

use std::fmt;
use std::sync::Arc;

use super::{ComponentAccount, RefreshTokens};
use crate::account::Account;
use crate::ledger::Cause;
use crate::permissions;
use crate::platform::Platform;
use crate::state::AuthorizerState;
use crate::sync::lock;

/// An account that authorizes a third-party platform, or did.
///
/// Its tokens are those by which the third-party platform acts for it; its own, and what it holds, are behind
/// [`Authorizer::account`]. After a [reset](crate::Simulator::reset) that forgot the account, the handle has nothing
/// to tell and changes nothing.
#[derive(Clone)]
pub struct Authorizer {
    platform: Arc<Platform>,
    component: String,
    appid: String,
}

impl Authorizer {
    pub(super) fn find(component: &ComponentAccount, appid: &str) -> Option<Self> {
        let found = Self {
            platform: Arc::clone(&component.platform),
            component: component.appid.clone(),
            appid: appid.to_owned(),
        };
        found.change(|_| ())?;
        Some(found)
    }

    /// The account's appid.
    #[must_use]
    pub fn appid(&self) -> &str {
        &self.appid
    }

    /// Whether the account's authorization stands.
    #[must_use]
    pub fn is_authorized(&self) -> bool {
        self.auth_time().is_some()
    }

    /// Since when the account's authorization stands, in Unix seconds; `None` where it was cancelled.
    #[must_use]
    pub fn auth_time(&self) -> Option<u64> {
        self.change(|authorizer| authorizer.authorization().ok())
            .flatten()
            .map(|authorization| authorization.at)
    }

    /// The refresh token that `api_authorizer_token` takes.
    #[must_use]
    pub fn refresh_token(&self) -> String {
        self.change(|authorizer| authorizer.refresh_token().to_owned()).unwrap_or_default()
    }

    /// Puts a new refresh token in the place of the one before, which answers 61023 from now on, and returns it.
    #[allow(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn replace_refresh_token(&self) -> String {
        self.change(|authorizer| authorizer.replace_refresh_token().to_owned()).unwrap_or_default()
    }

    /// The authorizer access token that is the current one, if it is alive.
    #[must_use]
    pub fn current_token(&self) -> Option<String> {
        self.current().map(|(token, _)| token)
    }

    /// The current token with the seconds it has to live.
    pub(crate) fn current(&self) -> Option<(String, u64)> {
        let unix = self.platform.clock.unix();
        let mut state = lock(&self.platform.state);
        let (line, vault) = state.authorizer_line(&self.component, &self.appid)?;
        line.current(vault, unix).map(|(token, rest)| (token.to_owned(), rest))
    }

    /// Has somebody else fetch a new authorizer access token, and returns it.
    ///
    /// The token before it works for 300 s more, then answers 40001. The ledger has it as an issue with
    /// [`Cause::Elsewhere`]; no call is written down, and the refresh token stays.
    #[allow(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn rotate_elsewhere(&self) -> String {
        let Self { platform, component, appid } = self;
        let unix = platform.clock.unix();
        let mut state = lock(&platform.state);
        let granted = state.issue_to_authorizer(component, appid, Cause::Elsewhere, unix, &platform.ledger);
        granted.map(|granted| granted.access_token).unwrap_or_default()
    }

    /// Refuses the current authorizer access token, and the one before it, with 40001 from now on.
    pub fn revoke(&self) {
        let unix = self.platform.clock.unix();
        let mut state = lock(&self.platform.state);
        if let Some((line, vault)) = state.authorizer_line(&self.component, &self.appid) {
            line.revoke(vault, unix);
        }
    }

    /// Has business calls refuse the current authorizer access token with 40001, which stays the current one.
    pub fn refuse_current(&self) {
        let mut state = lock(&self.platform.state);
        if let Some((line, vault)) = state.authorizer_line(&self.component, &self.appid) {
            line.refuse_current(vault);
        }
    }

    /// Sets which permission sets the account grants; without the one that a path needs, it answers 61007. By
    /// default an account grants all of them.
    ///
    /// 2 is for `user/…`, 3 `qrcode/…`, 4 `ticket/…` and `/sns/oauth2/component/…`, 7 `message/template/…`, 11
    /// `material/…` and `media/…`, 15 `menu/…`. Other paths need none.
    pub fn set_permissions(&self, ids: impl IntoIterator<Item = u32>) {
        let granted = ids.into_iter().collect();
        self.change(|authorizer| authorizer.details_mut().permissions = Some(granted));
    }

    /// The permission sets that the account grants.
    #[must_use]
    pub fn permissions(&self) -> Vec<u32> {
        let granted =
            self.change(|authorizer| permissions::all().filter(|id| authorizer.permits(*id)).collect());
        granted.unwrap_or_default()
    }

    /// What takes the place of the third-party platform's setting for this account's refresh token, if something does.
    #[must_use]
    pub fn refresh_tokens(&self) -> Option<RefreshTokens> {
        self.change(|authorizer| authorizer.own_refresh_tokens()).flatten()
    }

    /// Sets what `api_authorizer_token` does with this account's refresh token; `None` goes back to the third-party
    /// platform's setting.
    pub fn set_refresh_tokens(&self, refresh_tokens: Option<RefreshTokens>) {
        self.change(|authorizer| authorizer.details_mut().refresh_tokens = refresh_tokens);
    }

    /// Says whether an option, such as `voice_recognize`, is read-only: setting it answers 61025. By default none is.
    pub fn set_option_read_only(&self, option_name: impl Into<String>, read_only: bool) {
        let name = option_name.into();
        self.change(|authorizer| {
            let options = &mut authorizer.details_mut().read_only;
            if read_only { options.insert(name) } else { options.remove(&name) }
        });
    }

    /// The account itself, which needs not be declared: what it holds, and its own tokens.
    #[must_use]
    pub fn account(&self) -> Account {
        Account::of(&self.platform, &self.appid)
    }

    fn change<T>(&self, change: impl FnOnce(&mut AuthorizerState) -> T) -> Option<T> {
        let mut state = lock(&self.platform.state);
        let component = state.component(&self.component).ok()?;
        component.authorizers.get_mut(&self.appid).map(change)
    }
}

impl fmt::Debug for Authorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorizer")
            .field("component", &self.component)
            .field("appid", &self.appid)
            .finish_non_exhaustive()
    }
}
