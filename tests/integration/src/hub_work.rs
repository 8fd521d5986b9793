//! What the callers do who live in a hub's own process, and what became of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use wechat_runtime::{Authorizer, Call, Client, ClientBuilder, Common, Component, Error, Secret, Token};

use crate::orders::{Does, Tally, Work};
use crate::{PATH, QUERY_AUTH};

/// How many calls a process has on the wire to the platform at once: each is a file there.
const ON_THE_WIRE: usize = 32;

/// What is counted where a caller has no answer when its time is over.
pub const LATE: &str = "Late";

/// What is counted of a caller whose question was dropped.
pub const CANCELLED: &str = "Cancelled";

/// How long after its time a caller is given up.
const LATE_BY: Duration = Duration::from_secs(2);

/// The clients of a hub's process, and the work that is under way.
pub struct Workers<C, P> {
    common: C,
    component: P,
    wire: Arc<Semaphore>,
    under_way: Vec<JoinHandle<Ended>>,
}

/// What became of one caller: it has an answer, or waits no more.
struct Ended {
    outcome: Option<Result<Option<Token>, Error>>,
    took: Duration,
}

impl<C, P> Workers<C, P>
where
    C: Fn() -> ClientBuilder<Common>,
    P: Fn() -> ClientBuilder<Component>,
{
    /// Callers by clients that are made so.
    pub fn new(common: C, component: P) -> Self {
        Self { common, component, wire: Arc::new(Semaphore::new(ON_THE_WIRE)), under_way: Vec::new() }
    }

    /// Has all of its callers begin.
    pub fn begin(&mut self, work: &Work) {
        let builds = "the settings are right";
        let caller = if let Some(authorizer) = &work.authorizer {
            let component = (self.component)().appid(&work.appid).timeout(work.within);
            let component = component.build().expect(builds);
            Caller::Account(component.authorizer(authorizer), component)
        } else {
            let common = (self.common)().appid(&work.appid).timeout(work.within);
            Caller::Common(common.build().expect(builds))
        };
        for _ in 0..work.callers {
            let (caller, work, wire) = (caller.clone(), work.clone(), self.wire.clone());
            self.under_way.push(tokio::spawn(async move {
                let began = Instant::now();
                let outcome = timeout(work.within + LATE_BY, caller.act(&work, &wire)).await.ok();
                Ended { outcome, took: began.elapsed() }
            }));
        }
    }

    /// Drops what so many callers wait for, who began first.
    pub async fn cancel(&mut self, callers: usize) {
        for caller in self.under_way.iter_mut().take(callers) {
            caller.abort();
            while !caller.is_finished() {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits until all of them have ended.
    pub async fn rest(&mut self) -> Tally {
        let mut tally = Tally::default();
        for caller in self.under_way.drain(..) {
            let none = |tally: &mut Tally, why: &str| *tally.failed.entry(why.to_owned()).or_default() += 1;
            match caller.await {
                Err(ended) if ended.is_cancelled() => none(&mut tally, CANCELLED),
                Err(ended) => panic!("a caller panicked: {ended}"),
                Ok(Ended { outcome: None, took }) => {
                    tally.longest = tally.longest.max(took);
                    none(&mut tally, LATE);
                }
                Ok(Ended { outcome: Some(outcome), took }) => {
                    let told = outcome.as_ref().ok().and_then(Option::as_ref);
                    tally.tokens.extend(told.map(|token| token.access_token().expose().to_owned()));
                    tally.count(outcome.map(drop), took);
                }
            }
        }
        tally
    }
}

#[derive(Clone)]
enum Caller {
    Common(Client<Common>),
    /// An account that has authorized this component.
    Account(Authorizer, Client<Component>),
}

impl Caller {
    async fn act(&self, work: &Work, wire: &Semaphore) -> Result<Option<Token>, Error> {
        match (self, &work.does) {
            (Self::Common(client), Does::Token) => client.fetch_access_token().await.map(Some),
            (Self::Common(client), Does::Report(stale)) => {
                client.refresh_access_token(&Secret::new(stale)).await.map(Some)
            }
            (Self::Account(account, _), Does::Token) => account.fetch_access_token().await.map(Some),
            (Self::Account(account, _), Does::Report(stale)) => {
                account.refresh_access_token(&Secret::new(stale)).await.map(Some)
            }
            (Self::Account(_, component), Does::Exchange(code)) => {
                let body = serde_json::json!({ "authorization_code": code });
                let call = component.post(QUERY_AUTH).json(&body);
                call.send().await?.error_for_errcode().map(|_| None)
            }
            (Self::Common(client), does) => call(client, does, wire).await,
            (Self::Account(account, _), does) => call(account, does, wire).await,
        }
    }
}

/// What any of them does in the same way.
async fn call(wechat: &impl Call, does: &Does, wire: &Semaphore) -> Result<Option<Token>, Error> {
    let _pass = wire.acquire().await;
    let call = match does {
        Does::Post(path, body) => wechat.post(path).json(body),
        _ => wechat.get(PATH),
    };
    call.send().await?.error_for_errcode().map(|_| None)
}
