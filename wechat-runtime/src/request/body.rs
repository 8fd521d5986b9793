//! The body of a call: what is sent, and whether it can be sent again.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body::Body as _;
use reqwest::header::{CONTENT_LENGTH, HeaderMap};

use crate::Error;
use crate::deadline::{Awaited, Deadline};
use crate::errcode::ErrorKind;
use crate::flight::lock;
use crate::upload::measured::Measured;
use crate::upload::{Upload, UploadFile, multipart};

/// What the caller gave.
pub(crate) enum Content {
    Empty,
    Bytes(Bytes),
    Upload(Box<Upload>),
    /// What a reader gives, as it is.
    Raw(Box<UploadFile>),
    /// The body of a request that was made elsewhere.
    #[cfg_attr(not(feature = "reqwest-middleware"), expect(dead_code, reason = "the middleware's alone"))]
    Stream(reqwest::Body),
}

impl Content {
    /// The bytes, where that is all there is to it.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Empty => Some(&[]),
            Self::Bytes(bytes) => Some(bytes),
            Self::Stream(body) => body.as_bytes(),
            Self::Upload(_) | Self::Raw(_) => None,
        }
    }
}

/// The same, ready to be sent.
pub(super) enum Body {
    Empty,
    Bytes(Bytes),
    Measured(Arc<Measured>),
    /// A stream: once it is on its way, it is gone.
    Once(Mutex<Option<reqwest::Body>>),
}

impl Body {
    pub(super) async fn prepare(
        content: Content,
        headers: Option<&HeaderMap>,
        deadline: &Deadline,
    ) -> Result<Self, Error> {
        Ok(match content {
            Content::Empty => Self::Empty,
            Content::Bytes(bytes) if bytes.is_empty() => Self::Empty,
            Content::Bytes(bytes) => Self::Bytes(bytes),
            Content::Upload(upload) => Self::Measured(Arc::new(
                deadline.wait_for(Awaited::Body, Box::pin(multipart::write(*upload))).await?,
            )),
            Content::Raw(file) => Self::Measured(Arc::new(
                deadline.wait_for(Awaited::Body, Box::pin(Measured::raw(*file))).await?,
            )),
            Content::Stream(body) => match body.as_bytes() {
                Some([]) => Self::Empty,
                Some(bytes) => Self::Bytes(Bytes::copy_from_slice(bytes)),
                None if body.size_hint().exact().is_some()
                    || headers.is_some_and(|headers| headers.contains_key(CONTENT_LENGTH)) =>
                {
                    Self::Once(Mutex::new(Some(body)))
                }
                None => {
                    let message = "the body has no known length, and WeChat answers 412 to such a body";
                    return Err(Error::new(ErrorKind::Request, message)
                        .advising("send bytes, or a stream whose `size_hint` is exact"));
                }
            },
        })
    }

    /// The body for one attempt.
    pub(super) fn for_attempt(&self) -> Result<Option<reqwest::Body>, Error> {
        match self {
            Self::Empty => Ok(None),
            Self::Bytes(bytes) => Ok(Some(bytes.clone().into())),
            Self::Measured(body) => Ok(Some(body.body())),
            Self::Once(body) => match lock(body).take() {
                Some(body) => Ok(Some(body)),
                None => {
                    Err(Error::new(ErrorKind::Request, "the body has been sent, and can be read only once"))
                }
            },
        }
    }

    pub(super) fn can_repeat(&self) -> bool {
        match self {
            Self::Empty | Self::Bytes(_) => true,
            Self::Measured(body) => body.can_repeat(),
            Self::Once(body) => lock(body).is_some(),
        }
    }
}
