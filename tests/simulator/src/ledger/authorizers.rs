//! The authorizer access tokens that were issued, counted as they are written down.

use std::collections::HashMap;

use super::AuthorizerIssue;

/// Every issue, and how many there were for each account of each third-party platform: a test may ask that of
/// thousands.
#[derive(Debug, Clone, Default)]
pub(super) struct AuthorizerIssues {
    list: Vec<AuthorizerIssue>,
    counts: HashMap<String, HashMap<String, usize>>,
}

impl AuthorizerIssues {
    pub(super) fn push(&mut self, issue: AuthorizerIssue) {
        let AuthorizerIssue { component_appid, authorizer_appid, .. } = &issue;
        let of_component = self.counts.entry(component_appid.clone()).or_default();
        *of_component.entry(authorizer_appid.clone()).or_default() += 1;
        self.list.push(issue);
    }

    pub(super) fn list(&self) -> &[AuthorizerIssue] {
        &self.list
    }

    pub(super) fn count(&self, component_appid: &str, authorizer_appid: &str) -> usize {
        let of_component = self.counts.get(component_appid);
        of_component.and_then(|counts| counts.get(authorizer_appid)).copied().unwrap_or_default()
    }
}
