//! Writing: a push as the request that it is sent in.

use bytes::Bytes;
use hyper::Method;

use super::Sending;
use super::exchange::Outgoing;
use crate::callback::{Format, Mode, signature};
use crate::push::body;
use crate::push::{Field, Push, Sender, Written};

/// The Content-Types of pushes.
const CONTENT_TYPES: &[(Format, &str)] = &[(Format::Xml, "text/xml"), (Format::Json, "application/json")];

/// The request of one push, signed and not yet sent.
///
/// A test may change `url`, `content_type` and `body` before it gives them to
/// [`Pusher::send`](crate::Pusher::send) or to a client of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedPush {
    /// The URL with its query: `signature`, `timestamp`, `nonce`, `openid` of a user's push, and
    /// `encrypt_type` and `msg_signature` of an encrypted one.
    pub url: String,
    /// The Content-Type header.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// The message itself, as it stands in the body or is encrypted in it. Changing it changes nothing.
    pub plaintext: String,
    /// What was pushed.
    pub(super) kind: String,
    pub(super) nonce: String,
    pub(super) openid: Option<String>,
    pub(super) is_info: bool,
}

impl SignedPush {
    pub(super) fn request(&self) -> Outgoing {
        Outgoing {
            method: Method::POST,
            url: self.url.clone(),
            content_type: Some(self.content_type.clone()),
            body: Bytes::from(self.body.clone()),
        }
    }
}

impl Sending {
    /// The message of a push, which stays the same over every try.
    pub(super) fn write(&self, push: &Push, unix: u64) -> String {
        let sender = Sender { user_name: &self.user_name, component: self.envelope_appid(), now: unix };
        match push.written(sender) {
            Written::Fields(fields) => body::write(fields, self.callback.format),
            Written::Raw(text) => text,
        }
    }

    /// One try of a message.
    pub(super) fn sign(&self, push: &Push, plaintext: &str, unix: u64) -> SignedPush {
        let token = self.callback.token.as_str();
        let (timestamp, nonce) = (unix.to_string(), nonce());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("signature", &signature([token, &timestamp, &nonce]));
        query.append_pair("timestamp", &timestamp).append_pair("nonce", &nonce);
        if let Some(openid) = push.openid() {
            query.append_pair("openid", openid);
        }
        let encrypt = self.encrypt(plaintext);
        if let Some(encrypt) = &encrypt {
            let msg_signature = signature([token, &timestamp, &nonce, encrypt]);
            query.append_pair("encrypt_type", "aes").append_pair("msg_signature", &msg_signature);
        }
        let format = self.callback.format;
        let content_type = CONTENT_TYPES.iter().find(|(known, _)| *known == format);
        SignedPush {
            url: self.target.with_query(&query.finish()),
            content_type: content_type.map_or("", |(_, name)| name).to_owned(),
            body: self.body(push, plaintext, encrypt),
            plaintext: plaintext.to_owned(),
            kind: push.kind().to_owned(),
            nonce,
            openid: push.openid().map(str::to_owned),
            is_info: push.is_info(),
        }
    }

    fn encrypt(&self, plaintext: &str) -> Option<String> {
        let random = std::array::from_fn(|_| u8::try_from(fastrand::alphanumeric()).unwrap_or_default());
        self.cipher.as_ref().map(|cipher| cipher.seal(random, plaintext, self.envelope_appid()))
    }

    fn body(&self, push: &Push, plaintext: &str, encrypt: Option<String>) -> String {
        let Some(encrypt) = encrypt else {
            return plaintext.to_owned();
        };
        if self.callback.mode == Mode::Compat {
            // A raw text that is no document has no place for a field, and goes in the envelope alone.
            if let Some(body) = body::with_text(plaintext, "Encrypt", &encrypt, self.callback.format) {
                return body;
            }
        }
        let receiver = if push.is_info() {
            ("AppId", self.envelope_appid())
        } else {
            ("ToUserName", self.user_name.as_str())
        };
        let field = |(name, value): (&str, &str)| (name.to_owned(), Field::from(value));
        body::write(vec![field(receiver), field(("Encrypt", &encrypt))], self.callback.format)
    }

    /// The handshake's request, and what is to be answered.
    pub(super) fn handshake(&self, unix: u64) -> (Outgoing, String) {
        // 19 digits, the first of them not 0, as in the official example.
        let echostr = fastrand::u64(10_u64.pow(18)..10_u64.pow(19)).to_string();
        let (timestamp, nonce) = (unix.to_string(), nonce());
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("signature", &signature([self.callback.token.as_str(), &timestamp, &nonce]))
            .append_pair("echostr", &echostr)
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", &nonce)
            .finish();
        let url = self.target.with_query(&query);
        (Outgoing { method: Method::GET, url, content_type: None, body: Bytes::new() }, echostr)
    }
}

/// A nonce of the platform's kind: nine or ten digits.
fn nonce() -> String {
    fastrand::u32(100_000_000..2_000_000_000).to_string()
}
