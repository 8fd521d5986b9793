//! How an answer looks from one part of the platform to the next.

/// The differences between families of endpoints, chosen by the longest matching path prefix.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) prefix: &'static str,
    /// The Content-Type of a JSON answer. It is rarely right: the body is UTF-8 JSON in every case.
    pub(crate) content_type: &'static str,
    /// What stands between the text of an error and its tracing id.
    pub(crate) rid: &'static str,
    /// Whether errors use the wording of `/sns/`.
    pub(crate) sns: bool,
}

const JSON: &str = "application/json; encoding=utf-8";
const TEXT: &str = "text/plain";

/// Longer prefixes stand before shorter ones.
static DIALECTS: [Dialect; 3] = [
    Dialect { prefix: "/cgi-bin/media/", content_type: TEXT, rid: " rid: ", sns: false },
    Dialect { prefix: "/sns/", content_type: TEXT, rid: ", rid: ", sns: true },
    Dialect { prefix: "/cgi-bin/", content_type: JSON, rid: " rid: ", sns: false },
];

/// What paths outside every family answer with.
static ELSEWHERE: Dialect = Dialect { prefix: "", content_type: JSON, rid: " rid: ", sns: false };

/// The dialect spoken at a path.
pub(crate) fn of(path: &str) -> &'static Dialect {
    DIALECTS.iter().find(|dialect| path.starts_with(dialect.prefix)).unwrap_or(&ELSEWHERE)
}
