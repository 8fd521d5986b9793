//! What became of a push, and what became of the handshake.

mod reply;

pub use reply::ReceivedReply;

/// What became of a push, try by try.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// Every try, in order; the last one decides.
    pub attempts: Vec<Attempt>,
}

/// One try of a push.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Attempt {
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What the answer comes to.
    pub answer: Answer,
}

/// What the platform makes of an answer to a push.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// Taken without a reply: status 200 with `success`, or with nothing (which a push with an `InfoType`
    /// does not allow).
    Success,
    /// Taken with a reply to the user.
    Reply(ReceivedReply),
    /// Nothing, or not the whole, within the time-out.
    NoAnswer,
    /// No connection, a broken one, or the simulator is gone; the text says which.
    Unreachable(String),
    /// A status other than 200.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// Status 200 with what the platform cannot use; it tells the user that the account is out of service.
    NotUnderstood {
        /// What is wrong with it.
        why: String,
        /// The body as it came.
        body: String,
    },
}

/// What became of the handshake by which the platform makes sure of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verification {
    /// Status 200 and exactly the `echostr`.
    Passed,
    /// Status 200 and something else.
    NotEchoed {
        /// What was to be answered.
        echostr: String,
        /// The body.
        body: String,
    },
    /// A status other than 200.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// Nothing, or not the whole, within the time-out.
    NoAnswer,
    /// No connection, a broken one, or the simulator is gone; the text says which.
    Unreachable(String),
}

/// What a delivery without a single try comes to, which the simulator never makes.
static NEVER_TRIED: Answer = Answer::NoAnswer;

impl Delivery {
    /// A push that reached nobody.
    pub(crate) fn unreachable(why: &str) -> Self {
        Self { attempts: vec![Attempt { status: None, answer: Answer::Unreachable(why.to_owned()) }] }
    }

    /// What the last try came to.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        self.attempts.last().map_or(&NEVER_TRIED, |attempt| &attempt.answer)
    }

    /// How often it was tried.
    #[must_use]
    pub fn tries(&self) -> usize {
        self.attempts.len()
    }

    /// Whether the last try was taken: with `success`, with nothing, or with a reply.
    #[must_use]
    pub fn delivered(&self) -> bool {
        matches!(self.answer(), Answer::Success | Answer::Reply(_))
    }

    /// The reply to the user, if the last try was answered by one.
    #[must_use]
    pub fn reply(&self) -> Option<&ReceivedReply> {
        match self.answer() {
            Answer::Reply(reply) => Some(reply),
            _ => None,
        }
    }
}

impl Answer {
    /// Whether the platform tries again: there was no answer of status 200.
    pub(crate) fn is_tried_again(&self) -> bool {
        matches!(self, Answer::NoAnswer | Answer::Unreachable(_) | Answer::Refused { .. })
    }

    /// The name in `/_sim/pushes` and in the ledger.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Answer::Success => "success",
            Answer::Reply(_) => "reply",
            Answer::NoAnswer => "no_answer",
            Answer::Unreachable(_) => "unreachable",
            Answer::Refused { .. } => "refused",
            Answer::NotUnderstood { .. } => "not_understood",
        }
    }
}

impl Verification {
    /// Whether the platform takes the URL.
    #[must_use]
    pub fn passed(&self) -> bool {
        *self == Verification::Passed
    }

    /// The name in `/_sim/pushes/verify`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Verification::Passed => "passed",
            Verification::NotEchoed { .. } => "not_echoed",
            Verification::Refused { .. } => "refused",
            Verification::NoAnswer => "no_answer",
            Verification::Unreachable(_) => "unreachable",
        }
    }
}
