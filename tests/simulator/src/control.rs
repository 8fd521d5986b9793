//! The controls over HTTP, below `/_sim/`.

use std::sync::Arc;

use hyper::StatusCode;

use crate::answer::Answer;
use crate::platform::Platform;
use crate::request::Request;

pub(crate) fn is_control(path: &str) -> bool {
    path.starts_with("/_sim")
}

pub(crate) fn serve(_platform: &Arc<Platform>, _request: &Request) -> Answer {
    Answer::html(StatusCode::NOT_FOUND)
}
