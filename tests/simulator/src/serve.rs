//! One call on its way through the platform: read, written down, struck by a fault, worked on, answered.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::time::sleep;

use crate::answer::{Answer, Reply};
use crate::body::{AnswerBody, BrokenOff};
use crate::control;
use crate::dialect;
use crate::errcode::Refusal;
use crate::fault::{Kind, Struck};
use crate::gate;
use crate::ledger::{Call, Received};
use crate::platform::{Phase, Platform};
use crate::request::{Request, Unread};
use crate::routes::{self, Route};

/// Answers a request; an error closes the connection without an answer.
pub(crate) async fn serve(
    platform: Arc<Platform>,
    peer: IpAddr,
    request: hyper::Request<Incoming>,
) -> Result<Response<AnswerBody>, BrokenOff> {
    let request = match Request::read(request, peer, platform.body_limit).await {
        Ok(request) => request,
        Err(Unread::TooLong) => return Ok(too_long()),
        Err(Unread::BrokenOff) => return Err(BrokenOff),
    };
    if control::is_control(&request.path) {
        return tokio::select! {
            biased;
            answer = control::serve(&platform, &request) => Ok(answer.into_response()),
            // What still waits is a push, for an answer that may be long in coming.
            () = platform.reached(Phase::Stopping) => Err(BrokenOff),
        };
    }
    let turn = Turn::begin(&platform, &request);
    // Processing never waits, so what is still waiting when the simulator stops is held by a fault.
    let answer = tokio::select! {
        biased;
        answer = turn.answer() => answer,
        () = platform.reached(Phase::Stopping) => None,
    };
    turn.end(answer.as_ref());
    answer.map(Answer::into_response).ok_or(BrokenOff)
}

/// The answer to a body that was not read to its end, after which the connection is of no more use.
fn too_long() -> Response<AnswerBody> {
    let mut response = Answer::html(StatusCode::PAYLOAD_TOO_LARGE).into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A call to the platform while it is being answered.
struct Turn<'a> {
    platform: &'a Platform,
    request: &'a Request,
    route: Option<&'static Route>,
    call: Arc<Call>,
}

impl<'a> Turn<'a> {
    /// Writes the call down as received.
    fn begin(platform: &'a Platform, request: &'a Request) -> Self {
        let route = routes::find(&request.path);
        let call = platform.ledger.arrival(Received {
            method: request.method.to_string(),
            path: request.path.clone(),
            raw_query: request.raw_query.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            at: platform.clock.unix(),
            appid: gate::named_appid(platform, route, request),
            token_call: route.is_some_and(Route::is_token_endpoint),
        });
        Self { platform, request, route, call }
    }

    /// Writes down how the call ended.
    fn end(&self, answer: Option<&Answer>) {
        let status = answer.map(|answer| answer.status.as_u16());
        self.call.ended_with(status, answer.and_then(|answer| answer.errcode));
    }

    /// The answer, or `None` if the connection is to be closed without one.
    async fn answer(&self) -> Option<Answer> {
        if self.request.chunked {
            // The platform's gateway wants a Content-Length, and speaks for itself.
            return Some(Answer::html(StatusCode::PRECONDITION_FAILED));
        }
        match self.platform.faults.strike(&self.request.path) {
            None => Some(self.process()),
            Some(struck) => {
                self.call.struck_by(struck.kind.name());
                self.suffer(struck).await
            }
        }
    }

    /// Has the platform work on the call.
    fn process(&self) -> Answer {
        let unix = self.platform.clock.unix();
        let answer = self.platform_answer(gate::pass(self.platform, self.route, self.request, unix), unix);
        self.call.processed_to(answer.errcode.unwrap_or_default());
        answer
    }

    fn platform_answer(&self, result: Result<Reply, Refusal>, unix: u64) -> Answer {
        let path = &self.request.path;
        let answer = Answer::of_platform(result, dialect::of(path), unix).with_json_type(self.content_type());
        if self.platform.quirks.escape_slashes { answer.escape_slashes() } else { answer }
    }

    fn content_type(&self) -> String {
        self.platform.content_types.of(&self.request.path)
    }

    async fn suffer(&self, mut struck: Struck) -> Option<Answer> {
        let answered = |body: AnswerBody| Answer::new(StatusCode::OK, self.content_type(), body);
        Some(match struck.kind.clone() {
            Kind::Delay(real_time) => {
                sleep(real_time).await;
                self.process()
            }
            Kind::DelayAfter(real_time) => {
                let answer = self.process();
                sleep(real_time).await;
                answer
            }
            Kind::Hang => {
                struck.cleared().await;
                self.process()
            }
            Kind::HangAfter => {
                let answer = self.process();
                struck.cleared().await;
                answer
            }
            Kind::Errcode { code, errmsg } => {
                let refusal = Refusal::new(code).with_errmsg(errmsg);
                self.platform_answer(Err(refusal), self.platform.clock.unix())
            }
            Kind::Status(status) => Answer::html(final_status(status)),
            Kind::Redirect(location) => Answer::redirect(location),
            Kind::Empty => answered(AnswerBody::Whole(Bytes::new())),
            Kind::NotJson => Answer::html(StatusCode::OK),
            Kind::Oversized(length) => answered(AnswerBody::oversized(length)),
            Kind::Raw { status, content_type, body } => {
                Answer::new(final_status(status), content_type, AnswerBody::Whole(body))
            }
            Kind::TruncatedJson => self.process().spoil(AnswerBody::halved),
            Kind::TruncatedBody => self.process().spoil(AnswerBody::cut),
            Kind::NonUtf8 => self.process().rewrite(|json| smudge(&json)),
            Kind::DropBefore => return None,
            Kind::DropAfter => {
                self.process();
                return None;
            }
        })
    }
}

/// A status that an answer can end with.
fn final_status(status: u16) -> StatusCode {
    let wanted = StatusCode::from_u16(status).ok();
    wanted.filter(|_| (200..=599).contains(&status)).unwrap_or(StatusCode::BAD_GATEWAY)
}

/// Puts bytes that are not UTF-8 into a JSON object, as a field of their own.
fn smudge(object: &Bytes) -> Bytes {
    let rest = object.strip_prefix(b"{").unwrap_or(object);
    [b"{\"note\":\"\xff\xfe\",", rest].concat().into()
}
