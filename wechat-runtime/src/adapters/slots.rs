//! Where the adapters that are ready to use keep a record: the slots, by what the callbacks name.

use crate::TicketType;
use crate::storage::Slot;

pub(super) fn access_token(appid: &str) -> Slot {
    Slot::AccessToken { appid: appid.to_owned() }
}

pub(super) fn component_access_token(component_appid: &str) -> Slot {
    Slot::ComponentAccessToken { component_appid: component_appid.to_owned() }
}

pub(super) fn authorizer_token(component_appid: &str, authorizer_appid: &str) -> Slot {
    Slot::AuthorizerToken {
        component_appid: component_appid.to_owned(),
        authorizer_appid: authorizer_appid.to_owned(),
    }
}

pub(super) fn ticket(appid: &str, ticket_type: &TicketType) -> Slot {
    Slot::Ticket { appid: appid.to_owned(), ticket_type: ticket_type.clone() }
}

pub(super) fn authorizer_ticket(
    component_appid: &str,
    authorizer_appid: &str,
    ticket_type: &TicketType,
) -> Slot {
    Slot::AuthorizerTicket {
        component_appid: component_appid.to_owned(),
        authorizer_appid: authorizer_appid.to_owned(),
        ticket_type: ticket_type.clone(),
    }
}

/// A name, such as a slot has, for what an application has besides: it is no slot, because nothing is bought in its place.
pub(super) fn name_beside(what: &str, appid: &str) -> String {
    let name = access_token(appid).name();
    let appid = name.split_once(':').map_or("", |(_, appid)| appid);
    format!("{what}:{appid}")
}
