//! The accounts that authorized one third-party platform.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::component::RefreshTokens;
use crate::errcode::Refusal;
use crate::random;
use crate::vault::TokenLine;

/// Everyone who ever authorized one third-party platform. An authorizer is small until something is done with it.
#[derive(Debug, Default)]
pub(crate) struct Authorizers {
    known: HashMap<Arc<str>, AuthorizerState>,
    /// Those whose authorization stands, by its time and then by its order.
    listed: Vec<Listed>,
    /// How many authorizations there were.
    authorizations: u64,
}

/// One row of `api_get_authorizer_list`.
#[derive(Debug)]
struct Listed {
    appid: Arc<str>,
    at: u64,
}

/// One account as one third-party platform knows it.
#[derive(Debug, Default)]
pub(crate) struct AuthorizerState {
    /// `None` once it was cancelled.
    authorization: Option<Authorization>,
    pub(super) line: TokenLine,
    refresh_token: Option<String>,
    /// What differs from the platform's and the third-party platform's own.
    pub(crate) details: Option<Box<Details>>,
}

/// A consent that stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Authorization {
    /// Which of all it is; a code is good for its own only.
    pub(crate) number: u64,
    /// When it was given, in Unix seconds.
    pub(crate) at: u64,
}

/// What is said of few authorizers.
#[derive(Debug, Default)]
pub(crate) struct Details {
    /// The permission sets that the account granted; `None` is all of them.
    pub(crate) permissions: Option<BTreeSet<u32>>,
    /// What takes the place of the third-party platform's setting.
    pub(crate) refresh_tokens: Option<RefreshTokens>,
    /// The options that were set.
    pub(crate) options: BTreeMap<String, String>,
    /// The options that cannot be set.
    pub(crate) read_only: BTreeSet<String>,
}

impl AuthorizerState {
    /// The authorization that stands, or 61003.
    pub(crate) fn authorization(&self) -> Result<Authorization, Refusal> {
        self.authorization.ok_or_else(|| Refusal::new(61003))
    }

    /// The refresh token that is good, made when it is first asked for.
    pub(crate) fn refresh_token(&mut self) -> &str {
        self.refresh_token.get_or_insert_with(new_refresh_token)
    }

    /// Puts a new refresh token in the place of the one before it.
    pub(crate) fn replace_refresh_token(&mut self) -> &str {
        self.refresh_token.insert(new_refresh_token())
    }

    pub(crate) fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// What takes the place of the third-party platform's setting for refresh tokens, if something does.
    pub(crate) fn own_refresh_tokens(&self) -> Option<RefreshTokens> {
        self.details.as_ref().and_then(|details| details.refresh_tokens)
    }

    /// Whether the account granted a permission set.
    pub(crate) fn permits(&self, permission: u32) -> bool {
        let granted = self.details.as_ref().and_then(|details| details.permissions.as_ref());
        granted.is_none_or(|granted| granted.contains(&permission))
    }
}

impl Authorizers {
    /// Those who authorized it before the start.
    pub(super) fn declared(appids: &[Arc<str>], unix: u64) -> Self {
        let mut authorizers = Self {
            known: HashMap::with_capacity(appids.len()),
            listed: Vec::with_capacity(appids.len()),
            authorizations: 0,
        };
        for appid in appids {
            authorizers.authorize(appid, unix);
        }
        authorizers
    }

    pub(crate) fn get(&self, appid: &str) -> Option<&AuthorizerState> {
        self.known.get(appid)
    }

    pub(crate) fn get_mut(&mut self, appid: &str) -> Option<&mut AuthorizerState> {
        self.known.get_mut(appid)
    }

    /// An account whose authorization stands, or 61003.
    pub(crate) fn authorized(&mut self, appid: &str) -> Result<&mut AuthorizerState, Refusal> {
        let known = self.known.get_mut(appid).filter(|known| known.authorization.is_some());
        known.ok_or_else(|| Refusal::new(61003))
    }

    /// Whether an account's authorization stands.
    pub(crate) fn is_authorized(&self, appid: &str) -> bool {
        self.known.get(appid).is_some_and(|known| known.authorization.is_some())
    }

    /// Has an account authorize. An authorization that stands keeps its number, its time and its place.
    pub(super) fn authorize(&mut self, appid: &Arc<str>, unix: u64) -> (&mut AuthorizerState, Authorization) {
        let known = self.known.entry(Arc::clone(appid)).or_default();
        let authorization = *known.authorization.get_or_insert_with(|| {
            self.authorizations += 1;
            let place = self.listed.partition_point(|listed| listed.at <= unix);
            self.listed.insert(place, Listed { appid: Arc::clone(appid), at: unix });
            Authorization { number: self.authorizations, at: unix }
        });
        (known, authorization)
    }

    /// Has an account cancel, which its refresh token does not outlive.
    pub(super) fn cancel(&mut self, appid: &str) -> Option<&mut AuthorizerState> {
        let known = self.known.get_mut(appid)?;
        known.authorization.take()?;
        known.refresh_token = None;
        self.listed.retain(|listed| &*listed.appid != appid);
        Some(known)
    }

    /// How many authorizations stand.
    pub(crate) fn count(&self) -> usize {
        self.listed.len()
    }

    /// The appids whose authorizations stand, with their times, in the order of the list.
    pub(crate) fn page(&self, offset: usize, count: usize) -> impl Iterator<Item = (Arc<str>, u64)> {
        let page = self.listed.iter().skip(offset).take(count);
        page.map(|listed| (Arc::clone(&listed.appid), listed.at))
    }
}

/// A refresh token as it looks on the wire.
fn new_refresh_token() -> String {
    format!("refreshtoken@@@{}", random::url_safe(43))
}
