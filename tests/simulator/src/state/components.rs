//! The state of every third-party platform, and the rules by which its tokens are issued.

use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::authorizers::Authorizers;
use super::consents::Consents;
use super::due::Deliveries;
use super::schedule::Schedule;
use super::verify_tickets::VerifyTickets;
use super::{Granted, State};
use crate::component::{Component, Settings};
use crate::errcode::Refusal;
use crate::error::ControlError;
use crate::ledger::{AuthorizerIssue, Cause, ComponentIssue, Recorder};
use crate::permissions;
use crate::quota::Usage;
use crate::vault::{Holder, TokenLine, Vault};

/// One third-party platform.
#[derive(Debug)]
pub(crate) struct ComponentState {
    /// As declared: what a reset returns to.
    declared: Component,
    /// As it is now.
    pub(crate) settings: Settings,
    pub(crate) usage: Usage,
    pub(crate) tickets: VerifyTickets,
    pub(crate) authorizers: Authorizers,
    pub(crate) consents: Consents,
    pub(super) schedule: Schedule,
    pub(crate) deliveries: Deliveries,
    line: TokenLine,
}

/// What came of an account's consent.
#[derive(Debug, Default)]
pub(crate) struct Consented {
    pub(crate) code: String,
    /// The pre-auth code that led to it, if one was good.
    pub(crate) pre_auth_code: Option<String>,
    /// Whether the account had not authorized, or had cancelled.
    pub(crate) anew: bool,
}

impl ComponentState {
    fn new(component: Component, unix: u64) -> Self {
        Self {
            settings: component.settings.clone(),
            usage: Usage::default(),
            tickets: VerifyTickets::default(),
            authorizers: Authorizers::declared(&component.authorizers, unix),
            consents: Consents::default(),
            schedule: Schedule::new(unix),
            deliveries: Deliveries::default(),
            line: TokenLine::default(),
            declared: component,
        }
    }

    /// Whether its tickets are pushed, and to somewhere.
    pub(super) fn is_pushed_to(&self) -> bool {
        self.settings.pushing && self.settings.callback.is_some()
    }

    /// Begins to push tickets, the first at once, unless that had begun: then it says no.
    pub(crate) fn start_pushing(&mut self, unix: u64) -> bool {
        let begins = !self.settings.pushing;
        if begins {
            self.settings.pushing = true;
            self.schedule.cut_short(unix);
        }
        begins
    }
}

impl State {
    /// Adds a third-party platform.
    pub(crate) fn add_component(&mut self, component: Component, unix: u64) -> Result<(), ControlError> {
        let Component { appid, settings, authorizers } = &component;
        if appid.is_empty() || settings.secret.is_empty() || authorizers.iter().any(|appid| appid.is_empty())
        {
            return Err(ControlError::new(
                "a component needs an appid and a secret that are not empty, and so do its authorizers their appids",
            ));
        }
        if self.get(appid).is_some() {
            return Err(ControlError::new(format!("{appid} is the appid of an app")));
        }
        match self.components.entry(appid.clone()) {
            Entry::Occupied(_) => Err(ControlError::new(format!("there is a component {appid} already"))),
            Entry::Vacant(place) => {
                place.insert(ComponentState::new(component, unix));
                Ok(())
            }
        }
    }

    pub(super) fn reset_components(&mut self, unix: u64) {
        for component in self.components.values_mut() {
            let declared = ComponentState::new(component.declared.clone(), unix);
            // What is under way goes on.
            *component = ComponentState { deliveries: component.deliveries.clone(), ..declared };
        }
    }

    pub(crate) fn component_appids(&self) -> impl Iterator<Item = &str> {
        self.components.keys().map(String::as_str)
    }

    pub(crate) fn is_component(&self, appid: &str) -> bool {
        self.components.contains_key(appid)
    }

    /// The third-party platform; 61011 if the appid is an account's, 40013 if it is nobody's.
    pub(crate) fn component(&mut self, appid: &str) -> Result<&mut ComponentState, Refusal> {
        if !self.is_component(appid) {
            return Err(Refusal::new(if self.known(appid).is_ok() { 61011 } else { 40013 }));
        }
        self.components.get_mut(appid).ok_or_else(|| Refusal::new(61011))
    }

    /// Whether an account authorizes a third-party platform, or ever did.
    pub(super) fn has_authorizer(&self, appid: &str) -> bool {
        self.components.values().any(|component| component.authorizers.get(appid).is_some())
    }

    /// Says whether a third-party platform may call a path for an account: 61003 without its authorization,
    /// 61007 without the permission set.
    pub(crate) fn permit(&self, component: &str, appid: &str, path: &str) -> Result<(), Refusal> {
        let known = self.components.get(component).and_then(|component| component.authorizers.get(appid));
        let authorizer = known.ok_or_else(|| Refusal::new(61003))?;
        authorizer.authorization()?;
        match permissions::of(path) {
            Some(permission) if !authorizer.permits(permission) => Err(Refusal::new(61007)),
            _ => Ok(()),
        }
    }

    /// Has an account consent. Tokens from before a cancellation are refused from now on.
    pub(crate) fn authorize(&mut self, component: &str, appid: &str, unix: u64) -> Option<Consented> {
        let Self { components, vault, .. } = self;
        let component = components.get_mut(component)?;
        let appid: Arc<str> = Arc::from(appid);
        let anew = !component.authorizers.is_authorized(&appid);
        let (authorizer, authorization) = component.authorizers.authorize(&appid, unix);
        if anew {
            authorizer.line.revoke(vault, unix);
        } else if component.settings.renewing {
            authorizer.replace_refresh_token();
        }
        Some(Consented {
            code: component.consents.code(appid, authorization, unix),
            pre_auth_code: component.consents.use_pre_auth_code(unix),
            anew,
        })
    }

    /// Has an account take its authorization back, and says whether it had given one.
    pub(crate) fn cancel(&mut self, component: &str, appid: &str) -> bool {
        let component = self.components.get_mut(component);
        component.is_some_and(|component| component.authorizers.cancel(appid).is_some())
    }

    /// The line of a third-party platform's own token, with the vault that it is kept in.
    pub(crate) fn component_line(&mut self, appid: &str) -> Option<(&mut TokenLine, &mut Vault)> {
        let component = self.components.get_mut(appid)?;
        Some((&mut component.line, &mut self.vault))
    }

    /// The line of the token by which a third-party platform acts for an account, with the vault that it is
    /// kept in.
    pub(crate) fn authorizer_line(
        &mut self,
        component: &str,
        appid: &str,
    ) -> Option<(&mut TokenLine, &mut Vault)> {
        let authorizer = self.components.get_mut(component)?.authorizers.get_mut(appid)?;
        Some((&mut authorizer.line, &mut self.vault))
    }

    /// Puts a new token in the place of a third-party platform's own, and writes it down.
    pub(crate) fn issue_to_component(
        &mut self,
        appid: &str,
        cause: Cause,
        unix: u64,
        ledger: &Recorder,
    ) -> Result<Granted, Refusal> {
        let expires_in = self.component(appid)?.settings.expires_in;
        let (line, vault) = self.component_line(appid).ok_or_else(|| Refusal::new(61011))?;
        let value = line.replace(vault, Holder::Component(appid.to_owned()), expires_in, unix);
        ledger.component_issue(ComponentIssue {
            component_appid: appid.to_owned(),
            value: value.clone(),
            at: unix,
            expires_in,
            cause,
        });
        Ok(Granted { access_token: value, expires_in })
    }

    /// Puts a new token in the place of the one by which a third-party platform acts for an account, and writes
    /// it down.
    pub(crate) fn issue_to_authorizer(
        &mut self,
        component: &str,
        appid: &str,
        cause: Cause,
        unix: u64,
        ledger: &Recorder,
    ) -> Result<Granted, Refusal> {
        let expires_in = self.component(component)?.settings.authorizer_expires_in;
        let (line, vault) = self.authorizer_line(component, appid).ok_or_else(|| Refusal::new(61003))?;
        let holder = Holder::Authorizer { component: component.to_owned(), appid: appid.to_owned() };
        let value = line.replace(vault, holder, expires_in, unix);
        ledger.authorizer_issue(AuthorizerIssue {
            component_appid: component.to_owned(),
            authorizer_appid: appid.to_owned(),
            value: value.clone(),
            at: unix,
            expires_in,
            cause,
        });
        Ok(Granted { access_token: value, expires_in })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_and_what_it_holds_are_made_only_when_they_are_asked_for() {
        let (mut state, ledger) = (State::default(), Recorder::new(1));
        let component = Component::new("wx_component", "s").authorizers(["wx1", "wx2"]);
        state.add_component(component, 0).unwrap();
        for appid in ["wx1", "wx2"] {
            state.issue_to_authorizer("wx_component", appid, Cause::Fetch, 0, &ledger).unwrap();
            state.permit("wx_component", appid, "/cgi-bin/user/get").unwrap();
            state.known(appid).unwrap();
            assert_eq!(state.component(appid).unwrap_err().code, 61011);
        }
        assert!(state.accounts.is_empty());
        let account = state.account("wx1").unwrap();
        account.usage.spend("/cgi-bin/user/get", crate::quota::Limits::default(), 0).unwrap();
        assert!(account.content.get().is_none());
        assert!(!account.content().followers.is_empty());
        assert_eq!(state.accounts.len(), 1);
    }
}
