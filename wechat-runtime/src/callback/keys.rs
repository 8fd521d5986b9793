//! What an account's server settings say, and a push opened by it.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::Error;
use super::crypto::{self, AesKey};
use super::fields::{Fields, Format};
use super::reply::Node;
use crate::Secret;

/// What the server settings of an account say: the `Token`, and the `EncodingAESKey` if its pushes are encrypted.
///
/// ```
/// use wechat_runtime::callback::{self, Keys};
///
/// # fn f(token: String, key: String, key_before: String) -> Result<(), callback::Error> {
/// let keys = Keys::encrypted("wx1f2e3d4c5b6a7988", token, &key)?.previous_key(&key_before)?;
/// # Ok(()) }
/// ```
///
/// A component application has one pair for itself and for the messages of all its authorizers, and its own appid is the
/// one that they are encrypted for.
#[derive(Clone)]
pub struct Keys {
    token: Secret,
    cipher: Option<Cipher>,
}

#[derive(Clone)]
struct Cipher {
    appid: String,
    /// The current key, then the one before it.
    keys: Vec<AesKey>,
    takes_plaintext: bool,
}

impl Keys {
    /// The keys of an account in the plain mode.
    ///
    /// Its pushes are signed, but the body is not part of what is signed, and everybody on the way can read it: choose the
    /// safe mode wherever you can.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyToken`].
    pub fn plain(token: impl Into<Secret>) -> Result<Self, Error> {
        let token = token.into();
        if token.expose().is_empty() { Err(Error::EmptyToken) } else { Ok(Self { token, cipher: None }) }
    }

    /// The keys of an account in the safe mode. `appid` is its own, and a component application's the component's.
    ///
    /// The verification of the URL tries the `Token` alone: a wrong appid or key shows at the first push, as status 403 and a
    /// line of log. Plain pushes are refused, unless [`compat`](Self::compat) takes them.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyToken`], [`Error::EmptyAppid`], and [`Error::EncodingAesKey`] where the key has not 43 letters and digits.
    pub fn encrypted(
        appid: impl Into<String>,
        token: impl Into<Secret>,
        encoding_aes_key: &str,
    ) -> Result<Self, Error> {
        let (appid, keys) = (appid.into(), vec![AesKey::new(encoding_aes_key)?]);
        if appid.trim().is_empty() {
            return Err(Error::EmptyAppid);
        }
        let cipher = Cipher { appid, keys, takes_plaintext: false };
        Ok(Self { cipher: Some(cipher), ..Self::plain(token)? })
    }

    /// Takes pushes under the key before the current one, too, while the key is changed. A push is answered under the key
    /// that decrypted it. In the plain mode there is no key to come before, and this changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::EncodingAesKey`].
    pub fn previous_key(mut self, encoding_aes_key: &str) -> Result<Self, Error> {
        let key = AesKey::new(encoding_aes_key)?;
        if let Some(cipher) = &mut self.cipher {
            cipher.keys.truncate(1);
            cipher.keys.push(key);
        }
        Ok(self)
    }

    /// Takes plain pushes, too, while the account is on its way to the safe mode. Of a push that is both, the encrypted
    /// half counts.
    #[must_use]
    pub fn compat(mut self) -> Self {
        if let Some(cipher) = &mut self.cipher {
            cipher.takes_plaintext = true;
        }
        self
    }

    /// The appid that pushes are encrypted for; none in the plain mode.
    #[must_use]
    pub fn appid(&self) -> Option<&str> {
        self.cipher.as_ref().map(|cipher| &*cipher.appid)
    }

    /// Answers the verification of a URL: the `echostr` to answer with, as it is.
    ///
    /// # Errors
    ///
    /// [`Error::Query`] and [`Error::Signature`].
    pub fn verify_url<'q>(&self, query: &'q Query) -> Result<&'q str, Error> {
        let echostr = query.given.echostr.as_deref().ok_or(Error::Query("echostr"))?;
        self.verify_plain(query)?;
        Ok(echostr)
    }

    /// Opens a push: checks its signature, and decrypts it where it is encrypted.
    ///
    /// Of an encrypted push the `msg_signature` counts, and `signature` does not. It does not look at how old the push is,
    /// which [`Query::check_fresh`] does, nor whether it came before.
    ///
    /// # Errors
    ///
    /// [`Error::Query`], [`Error::Signature`], [`Error::Malformed`], [`Error::Plaintext`], [`Error::Encrypted`],
    /// [`Error::Base64`], [`Error::Decrypt`], [`Error::Appid`]. None tells anything about the plaintext.
    pub fn open(&self, query: &Query, body: &[u8]) -> Result<Opened, Error> {
        if self.expects_plaintext(query)? {
            self.verify_plain(query)?;
            let body = std::str::from_utf8(body).map_err(|_| Error::Malformed)?;
            return Ok(Opened { message: Zeroizing::new(body.to_owned()), sealed: None });
        }
        let cipher = self.cipher.as_ref().ok_or(Error::Encrypted)?;
        let given = query.given.msg_signature.as_deref().ok_or(Error::Query("msg_signature"))?;
        let body = std::str::from_utf8(body).map_err(|_| Error::Malformed)?;
        let (envelope, format) = Fields::parse_with_format(body)?;
        let encrypt = envelope.text("Encrypt").ok_or(Error::Plaintext)?;
        crypto::verify(given, &[self.token.expose(), &query.given.timestamp, &query.given.nonce, encrypt])?;
        let (message, key) = cipher.decrypt(encrypt)?;
        let sealed = Sealed { token: self.token.clone(), appid: cipher.appid.clone(), key, format };
        Ok(Opened { message: Zeroizing::new(message), sealed: Some(sealed) })
    }

    /// Checks what can be known of a push before its body is.
    #[cfg(feature = "callback")]
    pub(super) fn check_before_body(&self, query: &Query) -> Result<(), Error> {
        if self.expects_plaintext(query)? { self.verify_plain(query) } else { Ok(()) }
    }

    /// Whether the push has to be plain, by its query.
    fn expects_plaintext(&self, query: &Query) -> Result<bool, Error> {
        match (&self.cipher, query.is_encrypted()) {
            (None, true) => Err(Error::Encrypted),
            (Some(cipher), false) if !cipher.takes_plaintext => Err(Error::Plaintext),
            (_, encrypted) => Ok(!encrypted),
        }
    }

    fn verify_plain(&self, query: &Query) -> Result<(), Error> {
        let given = query.given.signature.as_deref().ok_or(Error::Query("signature"))?;
        crypto::verify(given, &[self.token.expose(), &query.given.timestamp, &query.given.nonce])
    }
}

impl Cipher {
    /// Tries the current key, then the one before it.
    fn decrypt(&self, encrypt: &str) -> Result<(String, AesKey), Error> {
        let mut why = Error::Decrypt;
        for key in &self.keys {
            match key.decrypt(encrypt, &self.appid) {
                Ok(message) => return Ok((message, key.clone())),
                Err(Error::Decrypt) => {}
                Err(error) => why = error,
            }
        }
        Err(why)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("appid", &self.appid()).finish_non_exhaustive()
    }
}

/// No nonce is longer, in bytes. WeChat's have ten digits, and 64 characters are what three blocks of the cipher are.
const LONGEST_NONCE: usize = 32;

/// What WeChat says of a push in the query of its URL.
#[derive(Clone)]
pub struct Query {
    given: Given,
}

/// The parameters that count.
#[derive(Clone, Deserialize)]
struct Given {
    signature: Option<String>,
    timestamp: String,
    nonce: String,
    echostr: Option<String>,
    encrypt_type: Option<String>,
    msg_signature: Option<String>,
}

impl Query {
    /// Reads the query of a URL, without its `?`.
    ///
    /// # Errors
    ///
    /// [`Error::Query`] where `timestamp` or `nonce` is missing or a parameter is there twice.
    pub fn parse(query: &str) -> Result<Self, Error> {
        let given: Given =
            serde_urlencoded::from_str(query).map_err(|_| Error::Query("timestamp` or `nonce"))?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(&given.timestamp) {
            return Err(Error::Query("timestamp"));
        }
        // What is signed has no marks between its parts: a long nonce could be the beginning of what was encrypted.
        if given.nonce.len() > LONGEST_NONCE {
            return Err(Error::Query("nonce"));
        }
        Ok(Self { given })
    }

    /// Checks that the push was signed within so many seconds before or after `now`, in Unix seconds.
    ///
    /// The timestamp is worth what the signature is: check that, too, by [`Keys::open`].
    ///
    /// # Errors
    ///
    /// [`Error::Stale`].
    pub fn check_fresh(&self, now: u64, window_seconds: u64) -> Result<(), Error> {
        let signed = self.given.timestamp.parse::<u64>().map_err(|_| Error::Stale)?;
        if signed.abs_diff(now) <= window_seconds { Ok(()) } else { Err(Error::Stale) }
    }

    fn is_encrypted(&self) -> bool {
        self.given.encrypt_type.as_deref().is_some_and(|kind| kind != "raw")
            || self.given.msg_signature.is_some()
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("timestamp", &self.given.timestamp).finish_non_exhaustive()
    }
}

/// A push whose signature was right, decrypted.
pub struct Opened {
    message: Zeroizing<String>,
    sealed: Option<Sealed>,
}

/// How a push was encrypted, and its reply is to be.
struct Sealed {
    token: Secret,
    appid: String,
    key: AesKey,
    format: Format,
}

impl Opened {
    /// What was pushed, byte for byte: XML or JSON.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether it was encrypted, and a reply has to be.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.sealed.is_some()
    }

    /// Makes the body to answer with of what [`Reply::render`](super::Reply::render) wrote: encrypted and signed under the key
    /// that decrypted the push, or as it is where the push was plain. `now` is in Unix seconds.
    ///
    /// A bare `success` or an empty body is answered as it is, and never encrypted.
    #[must_use]
    pub fn seal(&self, reply: &str, query: &Query, now: u64) -> String {
        let Some(Sealed { token, appid, key, format }) = self.sealed.as_ref().filter(|_| !is_bare(reply))
        else {
            return reply.to_owned();
        };
        let encrypt = key.encrypt(reply, appid);
        let timestamp = now.to_string();
        let signature = crypto::sign(&[token.expose(), &timestamp, &query.given.nonce, &encrypt]);
        let envelope = Node::Map(vec![
            ("Encrypt", Node::Text(encrypt.into())),
            ("MsgSignature", Node::Text(signature.into())),
            ("TimeStamp", Node::Number(now)),
            ("Nonce", Node::Text(query.given.nonce.as_str().into())),
        ]);
        envelope.render(*format)
    }
}

/// What tells WeChat that there is no reply.
fn is_bare(reply: &str) -> bool {
    matches!(reply, "" | "success")
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("encrypted", &self.is_encrypted()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
