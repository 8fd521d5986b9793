//! Why a push was refused, or cannot be answered as the handler would have it.

use std::fmt;

/// Why a push was refused, keys are no keys, or a reply cannot be sent.
///
/// It tells nothing about what was in the push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The `Token` of the server settings is empty: everybody could sign with it.
    EmptyToken,
    /// The appid that pushes are to be encrypted for is empty.
    EmptyAppid,
    /// The `EncodingAESKey` is not one: it has 43 letters and digits.
    EncodingAesKey,
    /// A parameter of the query is missing, is there twice, or cannot be one.
    Query(&'static str),
    /// The signature is not that of the sender who knows the `Token`.
    Signature,
    /// The push was signed too long ago, or is from the future.
    Stale,
    /// What is said to be encrypted is not base64.
    Base64,
    /// Neither key decrypts it.
    Decrypt,
    /// It was encrypted for another application.
    Appid,
    /// The body, or what was decrypted, is neither XML nor JSON as WeChat pushes it.
    Malformed,
    /// A plain push, where encrypted ones are due.
    Plaintext,
    /// An encrypted push, where no key is known to decrypt it.
    Encrypted,
    /// A reply of news has no article, or more than eight.
    Articles,
    /// The push has no sender to reply to.
    NoSender,
}

impl Error {
    /// The code that WeChat's own sample library has for it, such as -40001.
    #[must_use]
    pub fn code(self) -> Option<i32> {
        self.row().1
    }

    /// What the error says, and the code of the sample library.
    fn row(self) -> (&'static str, Option<i32>) {
        match self {
            Self::EmptyToken => ("the `Token` is empty: give the one of the account's server settings", None),
            Self::EmptyAppid => {
                ("the appid of the keys is empty: give the account's own, or the component's", None)
            }
            Self::EncodingAesKey => (
                "the `EncodingAESKey` is not one: copy its 43 letters and digits from the account's server settings",
                Some(-40004),
            ),
            Self::Query(_) => ("the push's query is not WeChat's", None),
            Self::Signature => (
                "the push's signature is wrong: either WeChat did not send it, or the `Token` is not that of the \
                 account's server settings",
                Some(-40001),
            ),
            Self::Stale => (
                "the push was signed too long ago, or in the future: it is a replay, or this machine's clock is wrong",
                None,
            ),
            Self::Base64 => ("the push's `Encrypt` is not base64", Some(-40010)),
            Self::Decrypt => (
                "the push cannot be decrypted: the `EncodingAESKey` is not that of the account's server settings",
                Some(-40007),
            ),
            Self::Appid => (
                "the push was encrypted for another application: the keys' appid has to be the account's own, and for \
                 a component application the component's",
                Some(-40005),
            ),
            Self::Malformed => ("the push is neither XML nor JSON as WeChat sends it", Some(-40002)),
            Self::Plaintext => (
                "the push is plain, where encrypted ones are due: choose the safe mode in the account's server \
                 settings, or take plain pushes by `Keys::compat`",
                None,
            ),
            Self::Encrypted => (
                "the push is encrypted, and no `EncodingAESKey` is known: give it by `Keys::encrypted`",
                None,
            ),
            Self::Articles => ("a reply of news has one to eight articles", None),
            Self::NoSender => ("the push has no sender to reply to", None),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().0)?;
        match self {
            Self::Query(parameter) => write!(f, ": `{parameter}` is missing, there twice, or wrong"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
