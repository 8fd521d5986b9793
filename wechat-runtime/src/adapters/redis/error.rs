//! What the Redis adapter fails with.

use std::time::Duration;
use std::{error, fmt};

use redis::{ErrorKind, ServerErrorKind};

/// What [`Redis`](super::Redis) fails with, and what to do about it.
///
/// It is the source of the caller's [`Error`](crate::Error), of the kind [`Storage`](crate::ErrorKind::Storage). There is no
/// secret in it: nothing of the URL but the host, and of Redis's own words the code alone, because they can repeat what a
/// command was called with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisError {
    /// No connection can be made, or the connection broke while a command was under way.
    Unreachable {
        /// Where Redis should be: `host:port`.
        address: String,
        /// The operating system's word for it, or TLS's.
        cause: String,
    },
    /// No answer came within [`command_timeout`](super::RedisBuilder::command_timeout).
    TimedOut {
        /// Where Redis should be: `host:port`.
        address: String,
        /// How long was waited.
        after: Duration,
    },
    /// Redis refuses, with this code: `NOAUTH`, `NOPERM`, `READONLY`, `LOADING`, `OOM` and others.
    Refused {
        /// The first word of the answer.
        code: String,
    },
    /// What is stored cannot be read. It stays as it is, and nothing is stored over it.
    Unreadable {
        /// The name of the key.
        key: String,
        /// Why not, and what to do.
        why: Unreadable,
    },
    /// A record is not of its slot: a ticket where a token belongs. Nothing is stored.
    Misplaced {
        /// The name of the key.
        key: String,
    },
    /// So many write one record at once that this one did not get its turn.
    Crowded {
        /// The name of the key.
        key: String,
    },
    /// There were no random bytes to encrypt with. Nothing is stored.
    NotEncrypted,
    /// App secrets are not kept in Redis unless [`keeping_secrets`](super::RedisBuilder::keeping_secrets) says so.
    SecretsNotKept,
}

/// Why a stored record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// It is encrypted, and no key is given.
    NoKey,
    /// No key that is given opens it, or it has been altered, cut, or moved here from another key.
    NotOpened,
    /// It is stored in the clear, though a key is given.
    Plain,
    /// It is no record of this adapter's, or one of a later version.
    Foreign,
}

impl fmt::Display for RedisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { address, cause } => {
                write!(f, "no connection to Redis at {address}: {cause}; see that it runs and can be reached")
            }
            Self::TimedOut { address, after } => write!(
                f,
                "Redis at {address} did not answer within {after:?}; see to its load and to the network, or raise \
                 command_timeout"
            ),
            Self::Refused { code } => write!(f, "Redis refuses ({code}); {}", advice(code)),
            Self::Unreadable { key, why } => write!(f, "what is stored in {key} cannot be read: {why}"),
            Self::Misplaced { key } => {
                write!(f, "what was to be stored in {key} is a record of another kind")
            }
            Self::Crowded { key } => write!(f, "too many write {key} at once; try again"),
            Self::NotEncrypted => {
                f.write_str("nothing is stored: the system has no random bytes to encrypt with")
            }
            Self::SecretsNotKept => {
                f.write_str("app secrets are not kept in Redis; say keeping_secrets() where it is built")
            }
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "it is encrypted; give the key by encryption_key or decryption_key",
            Self::NotOpened => {
                "no key that is given opens it, or it was altered; give the key it was written with by \
                 decryption_key, or delete it"
            }
            Self::Plain => {
                "it is not encrypted, though there is an encryption_key; say accepting_plain_records() while records \
                 are being encrypted, or delete it"
            }
            Self::Foreign => "it is no record of this version's; use the version that wrote it, or delete it",
        })
    }
}

impl error::Error for RedisError {}

/// What to do about a code of Redis's.
fn advice(code: &str) -> &'static str {
    match code {
        "NOAUTH" | "WRONGPASS" => {
            "check the user and the password in the URL, percent-encoded where they have signs"
        }
        "NOPERM" => "give its user the commands and the keys that adapters::Redis documents",
        "READONLY" => "this is a replica: lead the URL to the primary",
        "LOADING" => "it reads its data from disk: try again",
        "OOM" => "its memory is full: raise maxmemory",
        "MISCONF" => "it cannot write to its disk: see its log",
        "NOREPLICAS" => "it has fewer replicas than it must have: see to them",
        "MASTERDOWN" => "it has lost its primary: lead the URL to the primary",
        "BUSY" => "a script of somebody's takes too long: see to it",
        "MOVED" | "ASK" | "CROSSSLOT" | "TRYAGAIN" | "CLUSTERDOWN" => {
            "this is a node of a Redis Cluster: lead the URL to a proxy of it, or to a Redis that is none"
        }
        "WRONGTYPE" => "something else uses these keys: choose another prefix",
        "NOPROTO" => "it does not speak the protocol in the URL: leave `protocol` out",
        "PROTOCOL" => "what answers there does not speak as Redis does: check the URL",
        _ => "see the server's log",
    }
}

/// How a command has failed, as far as it matters to what is done next.
pub(super) enum Failure {
    /// The connection is gone: with another, it may go well.
    Disconnected(RedisError),
    /// This node is of no use, and another may have taken its place behind the same name.
    Demoted(RedisError),
    /// Redis has not that script.
    NoScript,
    Other(RedisError),
}

impl Failure {
    pub(super) fn of(error: &redis::RedisError, address: &str) -> Self {
        if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) {
            return Self::NoScript;
        }
        let broken = error.is_io_error() || error.is_unrecoverable_error();
        match (RedisError::of(error, address), broken) {
            (error @ RedisError::Unreachable { .. }, _) | (error, true) => Self::Disconnected(error),
            (error @ RedisError::Refused { .. }, false) if error.is_of_a_replica() => Self::Demoted(error),
            (error, false) => Self::Other(error),
        }
    }

    /// Why, where nothing more is tried.
    pub(super) fn into_error(self) -> RedisError {
        match self {
            Self::Disconnected(error) | Self::Demoted(error) | Self::Other(error) => error,
            Self::NoScript => RedisError::Refused { code: "NOSCRIPT".to_owned() },
        }
    }
}

impl RedisError {
    pub(super) fn of(error: &redis::RedisError, address: &str) -> Self {
        let refused = |code: &str| Self::Refused { code: code.to_owned() };
        match error.kind() {
            // The operating system's words, or TLS's. Nothing that was sent is in them.
            ErrorKind::Io => Self::Unreachable { address: address.to_owned(), cause: error.to_string() },
            ErrorKind::AuthenticationFailed => refused("WRONGPASS"),
            ErrorKind::Server(ServerErrorKind::ResponseError) => refused(code_within(error.detail())),
            ErrorKind::Server(_) | ErrorKind::Extension => refused(error.code().unwrap_or("ERR")),
            ErrorKind::RESP3NotSupported => refused("NOPROTO"),
            // TLS that cannot be set up is an error of the client's.
            ErrorKind::Client | ErrorKind::InvalidClientConfig => {
                Self::Unreachable { address: address.to_owned(), cause: error.category().to_owned() }
            }
            _ => refused("PROTOCOL"),
        }
    }

    fn is_of_a_replica(&self) -> bool {
        matches!(self, Self::Refused { code } if matches!(code.as_str(), "READONLY" | "MASTERDOWN"))
    }
}

/// Before version 7, Redis put what a script was refused into an `ERR` of its own.
fn code_within(detail: Option<&str>) -> &'static str {
    const CODES: [&str; 9] = [
        "NOAUTH",
        "NOPERM",
        "READONLY",
        "LOADING",
        "OOM",
        "MISCONF",
        "NOREPLICAS",
        "MASTERDOWN",
        "WRONGTYPE",
    ];
    let says = |words: &str| detail.is_some_and(|detail| detail.contains(words));
    // In a script, what the user may not do has no code.
    if ["can't run this command", "can't access at least one of the keys"].into_iter().any(says) {
        return "NOPERM";
    }
    CODES.iter().find(|code| says(&format!("-{code} "))).unwrap_or(&"ERR")
}
