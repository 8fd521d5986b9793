//! The tickets that one third-party platform was given.

use std::collections::VecDeque;

use crate::errcode::Refusal;
use crate::random;

/// How long a ticket is good, in seconds.
const LIFE: u64 = 12 * 3600;

/// Tickets that are remembered, so that an old one is told from a wrong one: at one every ten minutes, those of
/// a week.
const REMEMBERED: usize = 1008;

/// The tickets of `component_verify_ticket`, oldest first.
#[derive(Debug, Default)]
pub(crate) struct VerifyTickets {
    issued: VecDeque<VerifyTicket>,
}

#[derive(Debug)]
struct VerifyTicket {
    value: String,
    at: u64,
}

impl VerifyTicket {
    fn is_good(&self, unix: u64) -> bool {
        unix.saturating_sub(self.at) < LIFE
    }
}

impl VerifyTickets {
    /// The newest ticket; a new one where none is good.
    pub(crate) fn newest(&mut self, unix: u64) -> String {
        match self.issued.back().filter(|ticket| ticket.is_good(unix)) {
            Some(ticket) => ticket.value.clone(),
            None => self.issue(unix),
        }
    }

    /// A new ticket, which takes nothing from those before it.
    pub(crate) fn issue(&mut self, unix: u64) -> String {
        let value = format!("ticket@@@{}", random::url_safe(86));
        self.issued.push_back(VerifyTicket { value: value.clone(), at: unix });
        if self.issued.len() > REMEMBERED {
            self.issued.pop_front();
        }
        value
    }

    /// Judges a ticket: 61006 for an unknown one, 61005 for its age.
    pub(crate) fn judge(&self, value: &str, unix: u64) -> Result<(), Refusal> {
        let known = self.issued.iter().find(|ticket| ticket.value == value);
        let ticket = known.ok_or_else(|| Refusal::new(61006))?;
        if ticket.is_good(unix) { Ok(()) } else { Err(Refusal::new(61005)) }
    }
}
