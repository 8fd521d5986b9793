//! The accounts that have authorized a component, as WeChat lists them: where a lost refresh token is found again.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use tokio::time::timeout;

use super::landing::Failure;
use super::lane::Lane;
use super::lead::Lead;
use super::payment::Payment;
use super::{Credentials, upstream};
use crate::clock::Moment;
use crate::credential::Credential;
use crate::errcode::ErrorKind;
use crate::flight::{Flights, lock};
use crate::routes::AUTHORIZER_LIST;
use crate::{Error, Secret, task};

/// How many accounts a page has: as many as WeChat allows.
const PAGE: usize = 500;

/// How many pages are read at most, for a million accounts: what tells of more is not WeChat.
const MANY_PAGES: usize = 2000;

/// How long reading the list may take. Whoever waits does not wait that long; the next who asks finds it read.
const LONGEST: Duration = Duration::from_secs(600);

/// The accounts, and the refresh token of each that has one.
struct Listing {
    began: Moment,
    refresh_tokens: HashMap<String, Option<Secret>>,
}

type Listed = Result<Arc<Listing>, Error>;

/// The lists that are being read in this process, by the component's own lane.
static READING: LazyLock<Flights<Lane, Listed>> = LazyLock::new(Flights::new);

/// Those that were read a moment ago: who has lost one refresh token may have lost all of them.
static READ: LazyLock<Mutex<HashMap<Lane, Arc<Listing>>>> = LazyLock::new(Mutex::default);

impl Lead<'_> {
    /// The account's refresh token in WeChat's list, which may have been read a moment ago; none where the account is not
    /// listed.
    pub(super) async fn listed_refresh_token(&self, payment: &Payment) -> Result<Option<Secret>, Failure> {
        let (of, token) = (self.of, self.paid_with()?);
        let authorizer = of.key.account.authorizer.as_deref().unwrap_or_default();
        let lane = of.list_lane();
        let in_list = |listing: &Listing| listing.refresh_tokens.get(authorizer)?.clone();
        let read = lock(&READ).get(&lane).cloned();
        if let Some(listing) = read.filter(|listing| of.now().since(listing.began) < of.wire.settings.gap) {
            return Ok(in_list(&listing));
        }
        let left = of.time_left(self.began, "WeChat")?;
        let read = || of.clone().read_list(lane.clone(), token.clone());
        let listing = match timeout(left, READING.share(&lane, LONGEST, read)).await {
            Ok(Some((listing, _))) => listing,
            Ok(None) => return Err(of.shutting_down().into()),
            Err(_) => {
                let slow =
                    "the list of authorizers, which has the lost refresh token in it, is still being read";
                return Err(self.failed(of.error(ErrorKind::Timeout, slow), payment.price()));
            }
        };
        match listing {
            Ok(listing) => Ok(in_list(&listing)),
            Err(error) if error.kind() == ErrorKind::TokenRejected => {
                Err(self.payment_refused(token, error, payment.price()))
            }
            Err(error) => Err(self.failed(error, payment.price())),
        }
    }
}

impl Credentials {
    /// The lane of the list: the component's own.
    fn list_lane(&self) -> Lane {
        self.another(self.key.account.application(), Credential::ComponentToken).lane()
    }

    /// Reads the whole list, and keeps it for a moment.
    async fn read_list(self, lane: Lane, token: Secret) -> Listed {
        let listing = self
            .read_pages(&token)
            .await
            .map_err(|error| error.at(Some(AUTHORIZER_LIST), Some(&self.key.account.appid)))?;
        let listing = Arc::new(listing);
        lock(&READ).insert(lane.clone(), listing.clone());
        let (kept, gap) = (Arc::downgrade(&listing), self.wire.settings.gap);
        task::begin(async move {
            tokio::time::sleep(gap).await;
            let mut read = lock(&READ);
            if read.get(&lane).is_some_and(|listing| Arc::as_ptr(listing) == kept.as_ptr()) {
                read.remove(&lane);
            }
        });
        Ok(listing)
    }

    async fn read_pages(&self, token: &Secret) -> Result<Listing, Error> {
        let mut listing = Listing { began: self.now(), refresh_tokens: HashMap::new() };
        let component = &self.key.account.appid;
        for page in 0..MANY_PAGES {
            let asked = upstream::ask_for_authorizers(&self.wire, token, component, page * PAGE, PAGE);
            // It is never closed, so its turn always comes.
            let _turn = self.wire.granting.acquire().await;
            let reply = timeout(self.wire.settings.upstream_timeout, asked).await;
            let late = |_| Err(Error::new(ErrorKind::Timeout, "no answer in time"));
            let page_read = reply.unwrap_or_else(late)?.authorizers()?;
            let total = usize::try_from(page_read.total_count.0).unwrap_or(0);
            let known = listing.refresh_tokens.len();
            for listed in page_read.list {
                let token = listed.refresh_token.filter(|token| !token.expose().is_empty());
                let kept = listing.refresh_tokens.entry(listed.authorizer_appid).or_default();
                *kept = token.or(kept.take());
            }
            // Whatever it tells of how many there are: a page that has nobody new is the last.
            if listing.refresh_tokens.len() == known || (page + 1) * PAGE >= total {
                break;
            }
        }
        Ok(listing)
    }
}
