//! An assembly as a storage of either kind of application: each record is in the row of its slot.

use std::sync::Arc;

use wechat_runtime::storage::{ComponentHub, Coordinator, Hub, Record, Slot};
use wechat_runtime::{
    AuthorizerToken, Secret, Ticket, TicketType, Token, VerifyTicket, async_trait, storage,
};

use super::{Assembly, Custom};

impl<C: Custom, R: Custom> Assembly<C, R> {
    async fn fetch<T>(&self, slot: Slot, of: fn(Record) -> Option<T>) -> storage::Result<Option<T>> {
        let rows = &self.hall.rows;
        let record = if self.is_rest(&slot) {
            self.rest.fetch(rows, &slot).await?
        } else {
            self.custom.fetch(rows, &slot).await?
        };
        Ok(record.and_then(of))
    }

    async fn save<T>(&self, slot: Slot, record: Record, of: fn(Record) -> Option<T>) -> storage::Result<T> {
        let rows = &self.hall.rows;
        let kept = if self.is_rest(&slot) {
            self.rest.save(rows, &slot, record).await?
        } else {
            self.custom.save(rows, &slot, record).await?
        };
        of(kept).ok_or_else(|| storage::Error::msg("a record of another kind"))
    }

    fn secret(&self, appid: &str) -> storage::Result<Option<Secret>> {
        self.custom.reach()?;
        Ok(self.hall.rows.secrets.lock().unwrap().get(appid).cloned())
    }

    fn own_coordinator(&self) -> Option<Arc<dyn Coordinator>> {
        let coordinator = self.clone();
        self.custom.coordinates().then(|| Arc::new(coordinator) as _)
    }
}

fn token(record: Record) -> Option<Token> {
    if let Record::Token(token) = record { Some(token) } else { None }
}

fn ticket(record: Record) -> Option<Ticket> {
    if let Record::Ticket(ticket) = record { Some(ticket) } else { None }
}

fn authorizer(record: Record) -> Option<AuthorizerToken> {
    if let Record::Authorizer(authorizer) = record { Some(authorizer) } else { None }
}

#[async_trait]
impl<C: Custom, R: Custom> Hub for Assembly<C, R> {
    type Args = ();

    async fn fetch_secret_key(&self, appid: &str, (): &()) -> storage::Result<Option<Secret>> {
        self.secret(appid)
    }

    async fn fetch_access_token(&self, appid: &str, (): &()) -> storage::Result<Option<Token>> {
        self.fetch(Slot::AccessToken { appid: appid.to_owned() }, token).await
    }

    async fn save_access_token(&self, appid: &str, saved: Token, (): &()) -> storage::Result<Token> {
        self.save(Slot::AccessToken { appid: appid.to_owned() }, Record::Token(saved), token).await
    }

    async fn fetch_ticket(&self, appid: &str, of: &TicketType, (): &()) -> storage::Result<Option<Ticket>> {
        self.fetch(Slot::Ticket { appid: appid.to_owned(), ticket_type: of.clone() }, ticket).await
    }

    async fn save_ticket(&self, appid: &str, saved: Ticket, (): &()) -> storage::Result<Ticket> {
        let slot = Slot::Ticket { appid: appid.to_owned(), ticket_type: saved.ticket_type().clone() };
        self.save(slot, Record::Ticket(saved), ticket).await
    }

    fn coordinator(&self, (): &()) -> Option<Arc<dyn Coordinator>> {
        self.own_coordinator()
    }
}

fn of_component(component: &str) -> Slot {
    Slot::ComponentAccessToken { component_appid: component.to_owned() }
}

fn of_authorizer(component: &str, authorizer: &str) -> Slot {
    Slot::AuthorizerToken { component_appid: component.to_owned(), authorizer_appid: authorizer.to_owned() }
}

fn ticket_of_authorizer(component: &str, authorizer: &str, of: &TicketType) -> Slot {
    Slot::AuthorizerTicket {
        component_appid: component.to_owned(),
        authorizer_appid: authorizer.to_owned(),
        ticket_type: of.clone(),
    }
}

#[async_trait]
impl<C: Custom, R: Custom> ComponentHub for Assembly<C, R> {
    type Args = ();

    async fn fetch_secret_key(&self, component: &str, (): &()) -> storage::Result<Option<Secret>> {
        self.secret(component)
    }

    async fn fetch_access_token(
        &self,
        component: &str,
        appid: &str,
        (): &(),
    ) -> storage::Result<Option<AuthorizerToken>> {
        self.fetch(of_authorizer(component, appid), authorizer).await
    }

    async fn save_access_token(
        &self,
        component: &str,
        appid: &str,
        saved: AuthorizerToken,
        (): &(),
    ) -> storage::Result<AuthorizerToken> {
        self.save(of_authorizer(component, appid), Record::Authorizer(saved), authorizer).await
    }

    async fn fetch_component_access_token(&self, component: &str, (): &()) -> storage::Result<Option<Token>> {
        self.fetch(of_component(component), token).await
    }

    async fn save_component_access_token(
        &self,
        component: &str,
        saved: Token,
        (): &(),
    ) -> storage::Result<Token> {
        self.save(of_component(component), Record::Token(saved), token).await
    }

    async fn fetch_component_verify_ticket(
        &self,
        component: &str,
        (): &(),
    ) -> storage::Result<Option<VerifyTicket>> {
        self.custom.reach()?;
        Ok(self.hall.rows.verify_tickets.lock().unwrap().get(component).cloned())
    }

    async fn save_component_verify_ticket(
        &self,
        component: &str,
        ticket: VerifyTicket,
        (): &(),
    ) -> storage::Result<VerifyTicket> {
        self.custom.reach()?;
        self.hall.rows.verify_tickets.lock().unwrap().insert(component.to_owned(), ticket.clone());
        Ok(ticket)
    }

    async fn fetch_ticket(
        &self,
        component: &str,
        appid: &str,
        of: &TicketType,
        (): &(),
    ) -> storage::Result<Option<Ticket>> {
        self.fetch(ticket_of_authorizer(component, appid, of), ticket).await
    }

    async fn save_ticket(
        &self,
        component: &str,
        appid: &str,
        saved: Ticket,
        (): &(),
    ) -> storage::Result<Ticket> {
        let slot = ticket_of_authorizer(component, appid, saved.ticket_type());
        self.save(slot, Record::Ticket(saved), ticket).await
    }

    fn coordinator(&self, (): &()) -> Option<Arc<dyn Coordinator>> {
        self.own_coordinator()
    }
}
