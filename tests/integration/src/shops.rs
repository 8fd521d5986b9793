//! A component application that two shops have authorized, for tests of hubs.

use std::ops::Deref;

use wechat_simulator::Authorizer;

use crate::agency::{AUTHORIZER_LIST, AUTHORIZER_TOKEN, Agency, COMPONENT_TOKEN};
use crate::new_appid;

/// Where an account's tickets are granted.
pub const GETTICKET: &str = "/cgi-bin/ticket/getticket";

/// A component application that two shops have authorized. Its storage knows nothing of them yet: their refresh tokens are
/// in the list of authorizers.
pub struct Shops {
    agency: Agency,
    /// Their appids.
    pub shops: [String; 2],
}

impl Shops {
    pub async fn new() -> Self {
        let this = Self::without_ticket().await;
        this.keep_ticket().await;
        this
    }

    /// As if no verify ticket had been pushed yet.
    pub async fn without_ticket() -> Self {
        let shops = [new_appid(), new_appid()];
        let agency = Agency::without_ticket(|component| component.authorizers(&shops)).await;
        Self { agency, shops }
    }

    /// The first shop, at the platform.
    pub fn shop(&self) -> Authorizer {
        self.component().authorizer(&self.shops[0]).expect("the shop authorizes it")
    }

    /// How many tokens the platform has issued: of the component's own, and of the first shop's.
    pub fn tokens_issued(&self) -> (usize, usize) {
        (self.component_issued(), self.issued(&self.shops[0]))
    }

    /// How often the platform was asked for a component's token, for an authorizer's, and for the list of authorizers.
    pub fn asked(&self) -> [usize; 3] {
        [COMPONENT_TOKEN, AUTHORIZER_TOKEN, AUTHORIZER_LIST].map(|path| self.calls(path))
    }
}

impl Deref for Shops {
    type Target = Agency;

    fn deref(&self) -> &Agency {
        &self.agency
    }
}
