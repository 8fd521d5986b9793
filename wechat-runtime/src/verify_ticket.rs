//! A component verify ticket as it is stored.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// A component verify ticket: what WeChat pushes to a component application every ten minutes, and what the component's
/// access token is granted for.
///
/// It is good for twelve hours ([`component_verify_ticket`]). It serialises with its value in the clear, because a storage
/// has to keep it; its `Debug` does not show it.
///
/// ```
/// use wechat_runtime::VerifyTicket;
///
/// let ticket = VerifyTicket::new("ticket@@@Zk…", 1_795_357_423);
/// let stored = serde_json::to_string(&ticket)?;
/// assert_eq!(serde_json::from_str::<VerifyTicket>(&stored)?, ticket);
/// assert!(!format!("{ticket:?}").contains("Zk"));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// [`component_verify_ticket`]: https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/component_verify_ticket.html
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyTicket {
    #[serde(rename = "component_verify_ticket", serialize_with = "Secret::serialize_exposed")]
    value: Secret,
    timestamp: u64,
}

impl VerifyTicket {
    /// A ticket that was pushed at `timestamp`: its `CreateTime`, in Unix seconds.
    pub fn new(component_verify_ticket: impl Into<Secret>, timestamp: u64) -> Self {
        Self { value: component_verify_ticket.into(), timestamp }
    }

    /// The ticket itself.
    #[must_use]
    pub fn component_verify_ticket(&self) -> &Secret {
        &self.value
    }

    /// When it was pushed, in Unix seconds.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }
}
