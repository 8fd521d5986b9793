//! The URL that pushes go to.

use hyper::Uri;
use hyper::http::uri::Scheme;

use crate::error::ControlError;

/// A URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The host without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The Host header.
    pub(crate) authority: String,
    pub(crate) path_and_query: String,
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, ControlError> {
        let wrong = |why: &str| ControlError::new(format!("the callback URL {url:?} {why}"));
        let uri: Uri = url.parse().map_err(|error| {
            wrong(&format!("cannot be read ({error}): write one such as http://127.0.0.1:8080/wechat"))
        })?;
        if uri.scheme() == Some(&Scheme::HTTPS) {
            return Err(wrong(
                "is a https one, and the simulator pushes to http:// only: give it the http \
                              address behind the TLS",
            ));
        }
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Err(wrong("has to begin with http://"));
        }
        let (Some(host), Some(authority)) = (uri.host().filter(|host| !host.is_empty()), uri.authority())
        else {
            return Err(wrong("has no host"));
        };
        if authority.as_str().contains('@') {
            return Err(wrong("must not hold a user name"));
        }
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(80),
            authority: authority.to_string(),
            path_and_query: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    /// The URL with more parameters behind those it has.
    pub(crate) fn with_query(&self, query: &str) -> String {
        let Self { authority, path_and_query, .. } = self;
        let joint = if path_and_query.contains('?') { '&' } else { '?' };
        format!("http://{authority}{path_and_query}{joint}{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_url_is_taken_apart_and_extended() {
        let target = Target::parse("http://[::1]:81/a%20b?x=1").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("::1", 81));
        assert_eq!(target.with_query("y=2"), "http://[::1]:81/a%20b?x=1&y=2");
        let bare = Target::parse("http://host").unwrap();
        assert_eq!((bare.port, bare.with_query("y=2").as_str()), (80, "http://host/?y=2"));
    }

    #[test]
    fn what_cannot_be_pushed_to_says_why() {
        let cases = [
            ("https://host/", "https"),
            ("ftp://host/", "has to begin with http://"),
            ("/path", "has to begin with http://"),
            ("host:80", "has to begin with http://"),
            ("http://u:p@host/", "user name"),
            ("http:///x", "cannot be read"),
            ("http://ho st/", "cannot be read"),
            ("host/", "write one such as http://"),
            ("", "cannot be read"),
        ];
        for (url, why) in cases {
            let error = Target::parse(url).unwrap_err().to_string();
            assert!(error.contains(why), "{url}: {error}");
        }
    }
}
