//! The settings of the Redis adapter.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{ConnectionInfo, IntoConnectionInfo as _};
use url::Url;

use super::connection::Connection;
use super::coordinator::Unanswered;
use super::sealed::{EncryptionKey, Seal};
use super::{Inner, Redis};
use crate::errcode::ErrorKind;
use crate::{Error, Secret};

/// How long a connection is silent before it is tried whether it still leads anywhere.
const KEEPALIVE: Duration = Duration::from_secs(60);

const WHAT_TO_WRITE: &str = "write `redis://user:password@host:6379/0`, or `rediss://…` for TLS, with the signs in user \
                             and password percent-encoded";

/// The settings of [`Redis`]: made by [`Redis::builder`].
#[must_use = "there is no storage until `build` is called"]
pub struct RedisBuilder {
    url: Secret,
    prefix: String,
    secrets: HashMap<String, Secret>,
    keeps_secrets: bool,
    timeout: Duration,
    seal: Seal,
    root_certificate: Option<Vec<u8>>,
    client_certificate: Option<(Vec<u8>, Secret)>,
}

impl RedisBuilder {
    pub(super) fn new(url: Secret) -> Self {
        Self {
            url,
            prefix: "wechat".to_owned(),
            secrets: HashMap::new(),
            keeps_secrets: false,
            timeout: Duration::from_secs(2),
            seal: Seal::default(),
            root_certificate: None,
            client_certificate: None,
        }
    }

    /// What all keys begin with: `wechat` by default. Letters, digits and `_ - . :`.
    ///
    /// Those who use one prefix share what is stored.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Adds an application's secret. It is not stored in Redis.
    pub fn with_secret(mut self, appid: impl Into<String>, secret: impl Into<Secret>) -> Self {
        self.secrets.insert(appid.into(), secret.into());
        self
    }

    /// Reads from Redis the secrets that are not given by [`with_secret`](Self::with_secret), and lets
    /// [`save_secret_key`](Redis::save_secret_key) put them there.
    ///
    /// By default there are none in Redis: whoever can read it has the tokens of two hours, and with the secrets would have
    /// all that come after. Combine it with [`encryption_key`](Self::encryption_key).
    pub fn keeping_secrets(self) -> Self {
        Self { keeps_secrets: true, ..self }
    }

    /// How long each command may take, with connecting where that is needed: 2 s by default.
    ///
    /// A callback takes one command, or two where it saves; and more where others save the same record at that moment.
    /// [`storage_timeout`](crate::RefreshSettings::storage_timeout) ends it after 5 s.
    pub fn command_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Encrypts what is stored, by XChaCha20-Poly1305 with this key. See [what is encrypted](Redis#encryption).
    pub fn encryption_key(mut self, key: EncryptionKey) -> Self {
        self.seal.key = Some(key);
        self
    }

    /// Adds a key that is only read with: the one before, while there are records written with it.
    pub fn decryption_key(mut self, key: EncryptionKey) -> Self {
        self.seal.earlier.push(key);
        self
    }

    /// Reads records that are stored in the clear, too, although there is an [`encryption_key`](Self::encryption_key):
    /// while one is introduced. Each is encrypted when it is written next.
    ///
    /// By default they are an error, because whoever can write to Redis could put some there.
    pub fn accepting_plain_records(mut self) -> Self {
        self.seal.accepts_plain = true;
        self
    }

    /// Trusts the authorities of these certificates (PEM) for `rediss://`, and no others.
    pub fn root_certificate(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { root_certificate: Some(pem.into()), ..self }
    }

    /// Shows this certificate to the server, with its private key: both as PEM.
    pub fn client_certificate(self, certificate: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        Self { client_certificate: Some((certificate.into(), key.into())), ..self }
    }

    /// Makes the storage. It does not connect: the first command does.
    ///
    /// # Errors
    ///
    /// Of the kind [`Configuration`](ErrorKind::Configuration), and nothing of the URL is in it: for a URL that is none of
    /// Redis's, a prefix with other signs, a time of zero, and certificates that cannot be read or are of no use.
    pub fn build(self) -> Result<Redis, Error> {
        let Self { url, prefix, secrets, keeps_secrets, timeout, seal, root_certificate, client_certificate } =
            self;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
        if prefix.is_empty() || !prefix.bytes().all(is_plain) {
            return Err(wrong(
                "the prefix of the keys is empty, or has other signs than letters, digits and `_-.:`",
            )
            .advising("choose another prefix"));
        }
        if timeout.is_zero() {
            return Err(wrong("the command_timeout is zero").advising("leave it out: it is 2 s then"));
        }
        if seal.key.is_none() && (!seal.earlier.is_empty() || seal.accepts_plain) {
            return Err(wrong("there is no encryption_key, though others are to be read with")
                .advising("give the key to write with by encryption_key"));
        }
        let certificates = (root_certificate, client_certificate);
        let client = client(read_url(url.expose())?, certificates)?;
        let connection = Connection::new(client, timeout);
        let unanswered = Unanswered::default();
        Ok(Redis::of(Inner { prefix, secrets, keeps_secrets, seal, connection, unanswered }))
    }
}

impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBuilder").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

fn wrong(what: &'static str) -> Error {
    Error::new(ErrorKind::Configuration, what)
}

/// Whatever is left in it that is not understood may be a part of a password with a `/`, a `?` or a `#`, so it is refused
/// and not shown.
fn read_url(url: &str) -> Result<ConnectionInfo, Error> {
    let not_redis = || wrong("the URL of Redis is none").advising(WHAT_TO_WRITE);
    let url = Url::parse(url).map_err(|_| not_redis())?;
    let is_known = |(name, _): (std::borrow::Cow<'_, str>, _)| name == "protocol";
    if !matches!(url.scheme(), "redis" | "rediss")
        || url.fragment().is_some()
        || !url.query_pairs().all(is_known)
        || url.host_str().is_none_or(str::is_empty)
    {
        return Err(not_redis());
    }
    if url.scheme() == "rediss" && cfg!(not(any(feature = "rustls", feature = "native-tls"))) {
        return Err(wrong("TLS is not in this build of wechat-runtime")
            .advising("rediss:// needs the feature `rustls` or `native-tls`"));
    }
    let info = url.into_connection_info().map_err(|_| not_redis())?;
    // Who is connected is told by the address; the name of the library is a command more, which a user may not have.
    let settings = info.redis_settings().clone().set_skip_set_lib_name();
    let keepalive = TcpSettings::default().set_keepalive(TcpKeepalive::new().with_time(KEEPALIVE));
    Ok(info.set_redis_settings(settings).set_tcp_settings(keepalive))
}

type Certificates = (Option<Vec<u8>>, Option<(Vec<u8>, Secret)>);

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn client(info: ConnectionInfo, (root_cert, shown): Certificates) -> Result<redis::Client, Error> {
    use redis::{ClientTlsConfig, TlsCertificates};

    let unreadable = || {
        wrong("a certificate for Redis cannot be read, or is for a URL without TLS")
            .advising("give PEM, and a URL that begins with `rediss://`")
    };
    if root_cert.is_none() && shown.is_none() {
        return redis::Client::open(info)
            .map_err(|_| wrong("the URL of Redis is none").advising(WHAT_TO_WRITE));
    }
    let has_one = |pem: &Vec<u8>| memchr::memmem::find(pem, b"-----BEGIN CERTIFICATE-----").is_some();
    if root_cert.iter().chain(shown.iter().map(|(certificate, _)| certificate)).any(|pem| !has_one(pem)) {
        return Err(unreadable());
    }
    let client_tls = shown.map(|(client_cert, key)| ClientTlsConfig {
        client_cert,
        client_key: key.expose().as_bytes().to_vec(),
    });
    redis::Client::build_with_tls(info, TlsCertificates { client_tls, root_cert }).map_err(|_| unreadable())
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn client(info: ConnectionInfo, (root_cert, shown): Certificates) -> Result<redis::Client, Error> {
    if root_cert.is_some() || shown.is_some() {
        return Err(wrong("TLS is not in this build of wechat-runtime")
            .advising("certificates need the feature `rustls` or `native-tls`"));
    }
    redis::Client::open(info).map_err(|_| wrong("the URL of Redis is none").advising(WHAT_TO_WRITE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What no error may show.
    const CANARY: &str = "canary";

    #[track_caller]
    fn assert_refused(builder: RedisBuilder, word: &str) {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(word) && !shown.contains(CANARY), "{shown}");
    }

    #[test]
    fn a_url_that_is_none_is_told_what_to_write_and_not_shown() {
        for url in [
            "",
            "canary",
            "http://user:canary@localhost",
            "redis://user:can/canary@localhost:6379",
            "redis://user:can?canary@localhost:6379",
            "redis://user:can#canary@localhost:6379",
            "redis://canary?word@localhost",
            "redis://canary#word@localhost",
            "redis://user:canary@localhost:65536",
            "redis://user:canary@localhost/zero",
            "redis://user:canary@/0",
            "rediss://user:canary@localhost#insecure",
            "redis://user:canary@localhost?protocol=9",
            "unix:///canary",
        ] {
            assert_refused(Redis::builder(url), "redis://user:password@host:6379/0");
        }
    }

    #[test]
    fn what_is_right_needs_no_server_and_shows_nothing_secret() {
        for url in ["redis://localhost", "redis://user:canary@127.0.0.1:6380/3", "rediss://:canary@[::1]/"] {
            let builder = Redis::builder(url).with_secret("wx1", CANARY);
            let builder =
                builder.encryption_key(EncryptionKey::from_bytes(*b"canary-canary-canary-canary-1234"));
            assert!(!format!("{builder:?} {builder:#?}").contains(CANARY));
            let storage = builder.build().unwrap();
            assert!(!format!("{storage:?} {storage:#?}").contains(CANARY));
        }
    }

    #[test]
    fn settings_that_cannot_be_are_refused() {
        let builder = || Redis::builder("redis://user:canary@localhost");
        for prefix in ["", "{", "a}b", "a b", "a*", "é"] {
            assert_refused(builder().prefix(prefix), "prefix");
        }
        assert_refused(builder().command_timeout(Duration::ZERO), "command_timeout");
        assert_refused(builder().decryption_key(EncryptionKey::from_bytes([1; 32])), "encryption_key");
        assert_refused(builder().accepting_plain_records(), "encryption_key");
        assert_refused(builder().root_certificate("canary"), "PEM");
    }
}
