//! A component application's storage in a file, for processes that are killed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use wechat_runtime::storage::{ComponentHub, Result};
use wechat_runtime::{AuthorizerToken, Secret, Ticket, TicketType, Token, VerifyTicket, async_trait};

use crate::SECRET;
use crate::tickets::write_whole;

/// What a component has, in one file. It can be told never to save an authorizer, so that a process can be killed then.
pub struct AuthorizerFile {
    path: PathBuf,
    one_at_a_time: Mutex<()>,
    /// Called when the save of an authorizer begins, which then never goes on.
    stuck: Option<fn()>,
}

#[derive(Default, Serialize, Deserialize)]
struct Kept {
    verify_ticket: Option<VerifyTicket>,
    component_token: Option<Token>,
    authorizers: BTreeMap<String, AuthorizerToken>,
}

impl AuthorizerFile {
    pub fn new(path: impl Into<PathBuf>, stuck: Option<fn()>) -> Self {
        Self { path: path.into(), one_at_a_time: Mutex::default(), stuck }
    }

    fn read(&self) -> Result<Kept> {
        match std::fs::read(&self.path) {
            Ok(kept) => Ok(serde_json::from_slice(&kept)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Kept::default()),
            Err(error) => Err(error.into()),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> Result<T> {
        let _turn = self.one_at_a_time.lock().expect("nobody panics");
        let mut kept = self.read()?;
        let changed = change(&mut kept);
        write_whole(&self.path, &serde_json::to_string(&kept)?)?;
        Ok(changed)
    }
}

#[async_trait]
impl ComponentHub for AuthorizerFile {
    type Args = ();

    async fn fetch_secret_key(&self, _: &str, (): &()) -> Result<Option<Secret>> {
        Ok(Some(SECRET.into()))
    }

    async fn fetch_access_token(
        &self,
        _: &str,
        authorizer: &str,
        (): &(),
    ) -> Result<Option<AuthorizerToken>> {
        Ok(self.read()?.authorizers.remove(authorizer))
    }

    async fn save_access_token(
        &self,
        _: &str,
        authorizer: &str,
        record: AuthorizerToken,
        (): &(),
    ) -> Result<AuthorizerToken> {
        if let Some(tell) = self.stuck {
            tell();
            std::future::pending::<()>().await;
        }
        self.change(|kept| {
            let whole = record.over(kept.authorizers.remove(authorizer));
            kept.authorizers.insert(authorizer.to_owned(), whole.clone());
            whole
        })
    }

    async fn fetch_component_access_token(&self, _: &str, (): &()) -> Result<Option<Token>> {
        Ok(self.read()?.component_token)
    }

    async fn save_component_access_token(&self, _: &str, token: Token, (): &()) -> Result<Token> {
        self.change(|kept| kept.component_token.insert(token).clone())
    }

    async fn fetch_component_verify_ticket(&self, _: &str, (): &()) -> Result<Option<VerifyTicket>> {
        Ok(self.read()?.verify_ticket)
    }

    async fn save_component_verify_ticket(
        &self,
        _: &str,
        ticket: VerifyTicket,
        (): &(),
    ) -> Result<VerifyTicket> {
        self.change(|kept| kept.verify_ticket.insert(ticket).clone())
    }

    async fn fetch_ticket(&self, _: &str, _: &str, _: &TicketType, (): &()) -> Result<Option<Ticket>> {
        Ok(None)
    }

    async fn save_ticket(&self, _: &str, _: &str, ticket: Ticket, (): &()) -> Result<Ticket> {
        Ok(ticket)
    }
}
