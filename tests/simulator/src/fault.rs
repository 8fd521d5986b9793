//! Scripted trouble: what can go wrong with a call, and in which order it does.

mod book;

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

pub(crate) use book::{FaultBook, Struck};

/// Something that goes wrong with calls to a path, for ever or a number of times.
///
/// Faults that replace the answer leave the call unprocessed: no token is issued, no message sent.
/// Those that spoil the answer let the call be processed first.
///
/// ```
/// use std::time::Duration;
/// use wechat_simulator::Fault;
///
/// let busy_twice = Fault::errcode(-1).times(2);
/// let slow = Fault::delay(Duration::from_millis(50));
/// # drop((busy_twice, slow));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(crate) kind: Kind,
    /// How many calls it is for; `None` is every call.
    pub(crate) times: Option<u64>,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Delay(Duration),
    DelayAfter(Duration),
    Hang,
    HangAfter,
    Errcode { code: i32, errmsg: Option<String> },
    Status(u16),
    Redirect(String),
    Empty,
    NotJson,
    Oversized(u64),
    Raw { status: u16, content_type: String, body: Bytes },
    TruncatedJson,
    TruncatedBody,
    NonUtf8,
    DropBefore,
    DropAfter,
}

impl Kind {
    /// The name in `/_sim/faults` and in the ledger.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Kind::Delay(_) => "delay",
            Kind::DelayAfter(_) => "delay_after",
            Kind::Hang => "hang",
            Kind::HangAfter => "hang_after",
            Kind::Errcode { .. } => "errcode",
            Kind::Status(_) => "status",
            Kind::Redirect(_) => "redirect",
            Kind::Empty => "empty",
            Kind::NotJson => "not_json",
            Kind::Oversized(_) => "oversized",
            Kind::Raw { .. } => "raw",
            Kind::TruncatedJson => "truncated_json",
            Kind::TruncatedBody => "truncated_body",
            Kind::NonUtf8 => "non_utf8",
            Kind::DropBefore => "drop_before",
            Kind::DropAfter => "drop_after",
        }
    }
}

/// A scripted fault that has yet to strike, as `/_sim/faults` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ScriptedFault {
    /// The path it waits at; `*` is every path.
    pub path: String,
    /// What goes wrong.
    pub kind: &'static str,
    /// For how many more calls; `None` is every call.
    pub times: Option<u64>,
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self { kind, times: None }
    }

    /// Limits the fault to the next `calls` calls; without it, it strikes for ever.
    #[must_use]
    pub fn times(mut self, calls: u64) -> Self {
        self.times = Some(calls);
        self
    }

    /// The call waits for this much real time, is then processed and answered as usual.
    #[must_use]
    pub fn delay(real_time: Duration) -> Self {
        Self::new(Kind::Delay(real_time))
    }

    /// The call is processed at once; its answer waits for this much real time.
    #[must_use]
    pub fn delay_after(real_time: Duration) -> Self {
        Self::new(Kind::DelayAfter(real_time))
    }

    /// The call waits until the faults are cleared, and is then processed as usual; it also ends
    /// when the caller goes away or the simulator stops.
    #[must_use]
    pub fn hang() -> Self {
        Self::new(Kind::Hang)
    }

    /// The call is processed at once; its answer waits until the faults are cleared. So an older
    /// answer can be made to arrive last, without any sleeping.
    #[must_use]
    pub fn hang_after() -> Self {
        Self::new(Kind::HangAfter)
    }

    /// The answer is an errcode with the text of the [error table](crate::ERRCODES). Not processed.
    #[must_use]
    pub fn errcode(code: i32) -> Self {
        Self::new(Kind::Errcode { code, errmsg: None })
    }

    /// The answer is an errcode with a text of the test's own, without tracing id. Not processed.
    #[must_use]
    pub fn errcode_with(code: i32, errmsg: impl Into<String>) -> Self {
        Self::new(Kind::Errcode { code, errmsg: Some(errmsg.into()) })
    }

    /// The answer is an HTML page with an HTTP status of 200 to 599 (502 in place of any other), as
    /// a gateway sends it. Not processed.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Kind::Status(status))
    }

    /// The answer is a 302 to another address. Not processed.
    #[must_use]
    pub fn redirect(location: impl Into<String>) -> Self {
        Self::new(Kind::Redirect(location.into()))
    }

    /// The answer is status 200 with an empty body. Not processed.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(Kind::Empty)
    }

    /// The answer is status 200 with an HTML page. Not processed.
    #[must_use]
    pub fn not_json() -> Self {
        Self::new(Kind::NotJson)
    }

    /// The answer is a well-formed JSON object of exactly this many bytes (at least 16). Not processed.
    #[must_use]
    pub fn oversized(bytes: u64) -> Self {
        Self::new(Kind::Oversized(bytes))
    }

    /// The answer is exactly this, with a status of 200 to 599. Not processed.
    #[must_use]
    pub fn raw(status: u16, content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Raw { status, content_type: content_type.into(), body: body.into() })
    }

    /// The answer is whole HTTP, but its JSON stops in the middle; so does a file. Processed.
    #[must_use]
    pub fn truncated_json() -> Self {
        Self::new(Kind::TruncatedJson)
    }

    /// The connection is closed in the middle of the answer's body, before its Content-Length is
    /// reached: exactly after its first half, however long it is. Processed.
    #[must_use]
    pub fn truncated_body() -> Self {
        Self::new(Kind::TruncatedBody)
    }

    /// The answer's JSON has bytes in it that are not UTF-8; a file is left alone. Processed.
    #[must_use]
    pub fn non_utf8() -> Self {
        Self::new(Kind::NonUtf8)
    }

    /// The connection is closed without an answer. Not processed.
    #[must_use]
    pub fn drop_before() -> Self {
        Self::new(Kind::DropBefore)
    }

    /// The connection is closed without an answer, after the call was processed.
    #[must_use]
    pub fn drop_after() -> Self {
        Self::new(Kind::DropAfter)
    }
}
