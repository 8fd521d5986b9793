//! One third-party platform's handle, by which a test changes it at run time.

use std::fmt;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::{Authorized, Authorizer, RefreshTokens, Settings};
use crate::callback::Callback;
use crate::delivery::Delivery;
use crate::ledger::Cause;
use crate::platform::Platform;
use crate::push::Push;
use crate::schedule;
use crate::state::ComponentState;
use crate::sync::lock;

/// A third-party platform of a running simulator.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use wechat_simulator::{Component, Simulator};
///
/// let component = Component::new("wx3e0f8a7c5d2b1946", "secret").authorizer("wx1f2e3d4c5b6a7988");
/// let sim = Simulator::builder().with_component(component).start().await?;
/// let component = sim.component("wx3e0f8a7c5d2b1946").expect("declared above");
/// assert!(component.verify_ticket().starts_with("ticket@@@"));
/// let authorizer = component.authorizer("wx1f2e3d4c5b6a7988").expect("declared above");
/// assert!(authorizer.refresh_token().starts_with("refreshtoken@@@"));
/// # Ok::<(), wechat_simulator::StartError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct ComponentAccount {
    pub(super) platform: Arc<Platform>,
    /// The simulator's.
    runtime: Handle,
    pub(super) appid: String,
}

impl ComponentAccount {
    /// The handle of a third-party platform, if there is one of that appid.
    pub(crate) fn find(platform: &Arc<Platform>, runtime: &Handle, appid: &str) -> Option<Self> {
        let known = lock(&platform.state).is_component(appid);
        let handle =
            || Self { platform: Arc::clone(platform), runtime: runtime.clone(), appid: appid.to_owned() };
        known.then(handle)
    }

    /// The third-party platform's appid.
    #[must_use]
    pub fn appid(&self) -> &str {
        &self.appid
    }

    /// The component access token that is the current one, if it is alive.
    #[must_use]
    pub fn current_token(&self) -> Option<String> {
        self.current().map(|(token, _)| token)
    }

    /// The current token with the seconds it has to live.
    pub(crate) fn current(&self) -> Option<(String, u64)> {
        let unix = self.platform.clock.unix();
        let mut state = lock(&self.platform.state);
        let (line, vault) = state.component_line(&self.appid)?;
        line.current(vault, unix).map(|(token, rest)| (token.to_owned(), rest))
    }

    /// Has somebody else fetch a new component access token, and returns it.
    ///
    /// The token before it works for 300 s more, then answers 40001. The ledger has it as an issue with
    /// [`Cause::Elsewhere`]; no call is written down, no ticket wanted and no quota used.
    #[allow(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn rotate_elsewhere(&self) -> String {
        let platform = &self.platform;
        let unix = platform.clock.unix();
        let granted =
            lock(&platform.state).issue_to_component(&self.appid, Cause::Elsewhere, unix, &platform.ledger);
        // The component is there: a handle is only made for one that is, and none ever goes.
        granted.map(|granted| granted.access_token).unwrap_or_default()
    }

    /// Refuses the current component access token, and the one before it, with 40001 from now on.
    pub fn revoke(&self) {
        let unix = self.platform.clock.unix();
        if let Some((line, vault)) = lock(&self.platform.state).component_line(&self.appid) {
            line.revoke(vault, unix);
        }
    }

    /// Has calls refuse the current component access token with 40001, which stays the current one.
    pub fn refuse_current(&self) {
        if let Some((line, vault)) = lock(&self.platform.state).component_line(&self.appid) {
            line.refuse_current(vault);
        }
    }

    /// The newest verify ticket; a new one where there is none, or none that is good. Nothing is pushed but what is
    /// due anyway.
    #[must_use]
    pub fn verify_ticket(&self) -> String {
        self.push_due();
        let unix = self.platform.clock.unix();
        self.change(|component| component.tickets.newest(unix)).unwrap_or_default()
    }

    /// A new verify ticket. Those before it stay good for their 12 hours. Nothing is pushed but what is due anyway.
    #[allow(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn issue_verify_ticket(&self) -> String {
        self.push_due();
        let unix = self.platform.clock.unix();
        self.change(|component| component.tickets.issue(unix)).unwrap_or_default()
    }

    /// Pushes a new verify ticket to the callback, as the platform does every ten minutes of the virtual clock by
    /// itself.
    ///
    /// Without a callback, or with one that makes no sense, the delivery is one attempt that was
    /// [`Unreachable`](crate::Answer::Unreachable) and says why.
    pub async fn push_verify_ticket(&self) -> Delivery {
        self.push(Push::component_verify_ticket(self.issue_verify_ticket())).await
    }

    /// Pushes anything to the callback, under the same conditions.
    pub async fn push(&self, push: Push) -> Delivery {
        schedule::push(&self.platform, &self.runtime, &self.appid, push).await
    }

    /// Waits until every push that has begun, or is due by now, is over.
    pub async fn settled(&self) {
        self.push_due();
        let deliveries = self.change(|component| component.deliveries.clone());
        if let Some(deliveries) = deliveries {
            deliveries.settled().await;
        }
    }

    /// Has an account consent: one that never did, one that cancelled, or one that does so again. Nothing is pushed.
    ///
    /// Consent after a cancellation gives a new refresh token; consent upon consent keeps the one there is, unless
    /// [`Component::renewing`](crate::Component::renewing) is set.
    #[allow(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn authorize(&self, authorizer_appid: &str) -> Authorized {
        let unix = self.platform.clock.unix();
        let consented = lock(&self.platform.state).authorize(&self.appid, authorizer_appid, unix);
        // The component is there: a handle is only made for one that is, and none ever goes.
        Authorized::new(authorizer_appid, consented.unwrap_or_default(), unix)
    }

    /// Has an account consent and pushes the news of it: [`Authorized::push`].
    pub async fn authorize_and_push(&self, authorizer_appid: &str) -> Delivery {
        self.push(self.authorize(authorizer_appid).push()).await
    }

    /// Has an account cancel and consent again: its refresh token and its access tokens from before are refused.
    /// Nothing is pushed.
    #[allow(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn reauthorize(&self, authorizer_appid: &str) -> Authorized {
        self.cancel(authorizer_appid);
        self.authorize(authorizer_appid)
    }

    /// Has an account take its authorization back, and says whether it had given one. What is done for it then
    /// answers 61003. Nothing is pushed.
    #[allow(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn cancel(&self, authorizer_appid: &str) -> bool {
        lock(&self.platform.state).cancel(&self.appid, authorizer_appid)
    }

    /// Has an account take its authorization back and pushes `unauthorized`, whether or not it had given one.
    ///
    /// Events carry whole seconds. Under a clock that stands still, move it on after the authorization, or the two are of the
    /// same second.
    pub async fn cancel_and_push(&self, authorizer_appid: &str) -> Delivery {
        self.cancel(authorizer_appid);
        self.push(Push::unauthorized(authorizer_appid)).await
    }

    /// The handle of an account that authorizes it or ever did.
    #[must_use]
    pub fn authorizer(&self, authorizer_appid: &str) -> Option<Authorizer> {
        Authorizer::find(self, authorizer_appid)
    }

    /// How many accounts authorize it.
    #[must_use]
    pub fn authorizer_count(&self) -> usize {
        self.change(|component| component.authorizers.count()).unwrap_or_default()
    }

    /// The appids of the accounts that authorize it, by the time and then by the order in which they did.
    #[must_use]
    pub fn authorizer_appids(&self) -> Vec<String> {
        let appids = self.change(|component| {
            let page = component.authorizers.page(0, usize::MAX);
            page.map(|(appid, _)| (*appid).to_owned()).collect()
        });
        appids.unwrap_or_default()
    }

    /// Sets where tickets and news of authorizations are pushed to from now on; the next ticket comes when the
    /// running ten minutes are over.
    ///
    /// Whether the settings make sense shows when something is pushed.
    pub fn set_callback(&self, callback: Callback) {
        self.push_due();
        self.set(|settings| settings.callback = Some(callback));
        self.platform.rescheduled.send_replace(());
    }

    /// Changes the secret; tokens already issued keep working.
    pub fn set_secret(&self, secret: impl Into<String>) {
        let secret = secret.into();
        self.set(|settings| settings.secret = secret);
    }

    /// Registers callers' addresses or takes them out; without, `api_component_token` answers 61004.
    pub fn set_address_allowed(&self, allowed: bool) {
        self.set(|settings| settings.address_allowed = allowed);
    }

    /// Sets how often it may call a path in one Beijing day before that answers 45009.
    pub fn set_daily_limit(&self, path: impl Into<String>, calls: u64) {
        let path = path.into();
        self.set(|settings| {
            settings.daily_limits.insert(path, calls);
        });
    }

    /// Sets how long component access tokens issued from now on live, in seconds.
    pub fn set_expires_in(&self, seconds: u64) {
        self.set(|settings| settings.expires_in = seconds);
    }

    /// Sets how long authorizer access tokens issued from now on live, in seconds.
    pub fn set_authorizer_expires_in(&self, seconds: u64) {
        self.set(|settings| settings.authorizer_expires_in = seconds);
    }

    /// Sets what `api_authorizer_token` does with refresh tokens.
    pub fn set_refresh_tokens(&self, refresh_tokens: RefreshTokens) {
        self.set(|settings| settings.refresh_tokens = refresh_tokens);
    }

    /// Says whether consent upon consent gives a new refresh token and has the one before it refused.
    pub fn set_renewing(&self, renewing: bool) {
        self.set(|settings| settings.renewing = renewing);
    }

    /// Has tickets be pushed every ten minutes, or not until `api_start_push_ticket` is called.
    pub fn set_pushing(&self, pushing: bool) {
        self.push_due();
        self.set(|settings| settings.pushing = pushing);
        self.platform.rescheduled.send_replace(());
    }

    /// How many of its own calls to a path counted against today's quota.
    #[must_use]
    pub fn used_today(&self, path: &str) -> u64 {
        let unix = self.platform.clock.unix();
        self.change(|component| component.usage.today(path, unix)).unwrap_or_default()
    }

    /// Every setting as it is now.
    pub(crate) fn settings(&self) -> Settings {
        self.change(|component| component.settings.clone()).unwrap_or_default()
    }

    /// Changes every setting.
    pub(crate) fn set_settings(&self, settings: Settings) {
        self.push_due();
        self.set(|known| *known = settings);
        self.platform.rescheduled.send_replace(());
    }

    /// Begins what is due by now, which the simulator's thread may not have come to yet.
    fn push_due(&self) {
        schedule::push_due(&self.platform, &self.runtime);
    }

    fn set(&self, set: impl FnOnce(&mut Settings)) {
        self.change(|component| set(&mut component.settings));
    }

    /// `None` is never given: a handle is only made for a component that is there, and none ever goes.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut ComponentState) -> T) -> Option<T> {
        lock(&self.platform.state).component(&self.appid).ok().map(change)
    }
}

impl fmt::Debug for ComponentAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComponentAccount").field("appid", &self.appid).finish_non_exhaustive()
    }
}
