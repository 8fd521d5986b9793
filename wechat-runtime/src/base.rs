//! Where WeChat's API is, and which URLs a token may go to.

use std::sync::Arc;

use url::Url;
use zeroize::Zeroize as _;

use crate::errcode::ErrorKind;
use crate::{Error, Secret, query};

/// WeChat's API.
pub(crate) const WECHAT: &str = "https://api.weixin.qq.com";

/// Besides the base URL's own, a token goes to hosts below this name, over https.
const WECHAT_HOSTS: &str = ".weixin.qq.com";

/// As much of a wrong url as an error repeats.
const SHOWN_CHARS: usize = 100;

/// Where an API is: a scheme, a host, and a path that its own paths are joined to.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    url: Url,
    /// The path before WeChat's own, without a slash at its end.
    prefix: String,
    /// The whole as it is written: what keys are made of.
    written: Arc<str>,
}

/// What a call's `url` means.
#[derive(Debug)]
pub(crate) struct Target {
    /// The URL without its query, where it is not the base with the path behind it.
    pub(crate) absolute: Option<Box<Url>>,
    /// WeChat's own path, by which the routes are found.
    pub(crate) path: Arc<str>,
    /// The query that was part of it, as the caller wrote it.
    pub(crate) query: Option<String>,
    /// Whether it is where the base URL is, and not merely at WeChat.
    pub(crate) at_base: bool,
}

impl Base {
    pub(crate) fn parse(written: &str) -> Result<Self, Error> {
        let wrong = |why: &str| {
            Error::new(ErrorKind::Configuration, format!("base_url {why}"))
                .advising("write it like `https://api.weixin.qq.com`, with nothing secret in it")
        };
        let url = plain_url(written).map_err(wrong)?;
        if url.host_str().is_some_and(is_wechat) && (url.scheme() != "https" || url.path() != "/") {
            return Err(wrong("is WeChat's, but not by https:// and without a path"));
        }
        let prefix = url.path().trim_end_matches('/').to_owned();
        let written = Arc::from(url.as_str().trim_end_matches('/'));
        Ok(Self { url, prefix, written })
    }

    /// What credentials fetched from here are known by.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.written
    }

    /// The URL of one of WeChat's own paths.
    pub(crate) fn url(&self, path: &str) -> Url {
        self.with_path(self.url.clone(), path)
    }

    fn with_path(&self, mut url: Url, path: &str) -> Url {
        if self.prefix.is_empty() {
            url.set_path(path);
        } else {
            url.set_path(&format!("{}{path}", self.prefix));
        }
        url
    }

    /// Reads a call's `url`: "/cgi-bin/x", "cgi-bin/x", or an absolute one where a token may go.
    pub(crate) fn resolve(&self, written: &str) -> Result<Target, Error> {
        self.read(written).map_err(|why| {
            let shown = written.split(['?', '#']).next().unwrap_or_default();
            // What stands before an @ could be a password.
            let shown = shown.rsplit('@').next().unwrap_or_default();
            let shown: String = shown.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect();
            Error::new(ErrorKind::Request, format!("the call's url (…{shown}) {why}; nothing was sent"))
                .advising("write it like `/cgi-bin/user/info`")
        })
    }

    fn read(&self, written: &str) -> Result<Target, &'static str> {
        let (before, query) = query::split_at_byte(written, b'?');
        check_text(query.unwrap_or_default())?;
        let query = query.map(str::to_owned);
        if before.starts_with("//") {
            return Err("begins with //, which would be a host");
        }
        if !before.starts_with('/') && has_scheme(before) {
            return self.read_absolute(before, query);
        }
        let path: Arc<str> =
            if before.starts_with('/') { before.into() } else { format!("/{before}").into() };
        check_path(&path)?;
        Ok(Target { absolute: None, path, query, at_base: true })
    }

    fn read_absolute(&self, written: &str, query: Option<String>) -> Result<Target, &'static str> {
        check_text(written)?;
        let url = Url::parse(written).map_err(|_| "is neither a path nor a URL")?;
        let at_base = url.origin() == self.url.origin();
        let at_wechat = url.scheme() == "https" && url.host_str().is_some_and(is_wechat);
        if !(at_base || at_wechat) || has_user(&url) {
            return Err(
                "leads neither to base_url's host nor, over https, to one of *.weixin.qq.com, and a token \
                 goes nowhere else",
            );
        }
        // The URL as written, before the parser has tidied it: what is tidied away is not WeChat's path.
        let after_scheme = written.split_once("://").map_or("", |(_, rest)| rest);
        let path = after_scheme.find('/').map_or("", |slash| &after_scheme[slash..]);
        check_path(path)?;
        if url.path() != path {
            return Err("can be read in more than one way");
        }
        let own = path.strip_prefix(&self.prefix).filter(|rest| at_base && rest.starts_with('/'));
        Ok(Target { path: own.unwrap_or(path).into(), absolute: Some(url.into()), query, at_base })
    }
}

/// A base's URL with a token as the whole of its query, made once for all the calls that carry the token: to write it anew is
/// a good part of what a call costs here. It is wiped when it is dropped.
pub(crate) struct Addressed(Option<Url>);

impl Addressed {
    pub(crate) fn new(base: &Base, name: &str, token: &Secret) -> Self {
        let mut url = base.url.clone();
        url.query_pairs_mut().append_pair(name, token.expose());
        Self(Some(url))
    }

    /// The URL of one of WeChat's own paths, with the token. None when it is wiped, and then nobody has it any more.
    pub(crate) fn url(&self, base: &Base, path: &str) -> Option<Url> {
        self.0.as_ref().map(|url| base.with_path(url.clone(), path))
    }
}

impl Drop for Addressed {
    fn drop(&mut self) {
        self.0.take().map(String::from).zeroize();
    }
}

/// WeChat's paths are plain words between single slashes. One that a server might read as another path
/// than the routes do is refused: the routes decide where a token goes.
fn check_path(path: &str) -> Result<(), &'static str> {
    let words = path.strip_prefix('/').unwrap_or("").as_bytes();
    if words.is_empty() {
        return Err("has no path");
    }
    let mut begin = 0;
    for end in 0..=words.len() {
        match words.get(end) {
            None | Some(b'/') if matches!(words[begin..end], [] | [b'.'] | [b'.', b'.']) => {
                return Err("has an empty or dotted word in its path");
            }
            None | Some(b'/') => begin = end + 1,
            Some(byte) if PLAIN[usize::from(*byte)] => {}
            Some(_) => {
                check_text(path)?;
                return Err("has characters in its path that no path of WeChat's has");
            }
        }
    }
    Ok(())
}

/// Refuses a fragment, which is never sent, and control characters, some of which a parser leaves out.
fn check_text(written: &str) -> Result<(), &'static str> {
    // Most is plain, which is seen in one pass.
    if written.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Ok(());
    }
    if written.contains('#') {
        return Err("has a fragment, which is never sent (# in a query is written %23)");
    }
    if written.chars().any(char::is_control) {
        return Err("has control characters in it");
    }
    Ok(())
}

/// Which bytes the words of a path may have, in a table: each byte of each call's path is looked at.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let (mut at, bytes) = (0, b"-._~@:,+=!$*0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    while at < bytes.len() {
        plain[bytes[at] as usize] = true;
        at += 1;
    }
    plain
};

/// Whether it begins with a scheme and a colon.
fn has_scheme(written: &str) -> bool {
    written.find(':').is_some_and(|colon| !written[..colon].contains('/'))
}

/// A URL of nothing but a scheme, a host and a path; or why it is none.
pub(crate) fn plain_url(written: &str) -> Result<Url, &'static str> {
    let url = Url::parse(written).map_err(|_| "is not a URL")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("is neither http:// nor https://");
    }
    if has_user(&url) || url.query().is_some() || url.fragment().is_some() {
        return Err("holds more than a scheme, a host and a path");
    }
    Ok(url)
}

pub(crate) fn is_wechat(host: &str) -> bool {
    host.ends_with(WECHAT_HOSTS)
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(written: &str) -> Base {
        Base::parse(written).unwrap()
    }

    fn resolved(from: &Base, written: &str) -> Option<(String, String)> {
        let Target { absolute, path, .. } = from.resolve(written).ok()?;
        let url = absolute.map_or_else(|| from.url(&path), |url| *url);
        Some((url.into(), path.to_string()))
    }

    #[test]
    fn a_path_may_begin_with_a_slash_or_not() {
        let wechat = base(WECHAT);
        let whole = Some(("https://api.weixin.qq.com/cgi-bin/x".to_owned(), "/cgi-bin/x".to_owned()));
        assert_eq!(resolved(&wechat, "/cgi-bin/x"), whole);
        assert_eq!(resolved(&wechat, "cgi-bin/x"), whole);
        assert_eq!(resolved(&wechat, "https://api.weixin.qq.com/cgi-bin/x?a=1"), whole);
    }

    #[test]
    fn a_base_with_a_path_keeps_it() {
        let gateway = base("http://gateway.example/wechat/");
        let whole = Some(("http://gateway.example/wechat/cgi-bin/x".to_owned(), "/cgi-bin/x".to_owned()));
        assert_eq!(resolved(&gateway, "cgi-bin/x"), whole);
        assert_eq!(resolved(&gateway, "http://gateway.example/wechat/cgi-bin/x"), whole);
    }

    #[test]
    fn a_token_is_first_in_the_query_of_whatever_path() {
        for base in [base(WECHAT), base("http://gateway.example/wechat/")] {
            let odd = Secret::from("a token=&+#/?");
            let addressed = Addressed::new(&base, "access_token", &odd);
            for path in ["/cgi-bin/x", "/sns/y"] {
                let mut url = base.url(path);
                url.query_pairs_mut().append_pair("access_token", odd.expose());
                assert_eq!(addressed.url(&base, path), Some(url));
            }
        }
    }

    #[test]
    fn hosts_of_wechat_are_trusted_over_https_alone() {
        let wechat = base(WECHAT);
        assert!(resolved(&wechat, "https://mp.weixin.qq.com/cgi-bin/showqrcode").is_some());
        for foreign in [
            "http://api.weixin.qq.com/cgi-bin/x",
            "https://weixin.qq.com.evil.example/x",
            "https://evilweixin.qq.com/x",
            "https://api.weixin.qq.com@evil.example/x",
            "https://user:pass@api.weixin.qq.com/x",
            "ftp://api.weixin.qq.com/x",
            "javascript:alert(1)",
            "https:/evil.example/x",
            "https:\\\\evil.example/x",
            "https://api.weixin.qq.com\\@evil.example/x",
        ] {
            assert!(resolved(&wechat, foreign).is_none(), "{foreign}");
        }
    }

    #[test]
    fn a_path_that_could_be_read_as_another_is_refused() {
        let wechat = base(WECHAT);
        for odd in [
            "",
            "/",
            "?a=1",
            "//evil.example/x",
            "/cgi-bin//token",
            "/cgi-bin/../sns/userinfo",
            "/cgi-bin/./token",
            "/cgi-bin/%74oken",
            "/cgi-bin\\token",
            "/cgi-bin/x#y",
            "/cgi-bin/x/",
            "/cgi bin/x",
            "/cgi-bin/\u{7}",
            "/cgi-bin/x?acc\ness_token=1",
            "https://api.weixin.qq.com\t/cgi-bin/x",
            "ht\ntps://api.weixin.qq.com/cgi-bin/x",
            "https://api.weixin\r.qq.com/cgi-bin/x",
            "https://api.weixin.qq.com/cgi\n-bin/x",
            "\u{1}https://api.weixin.qq.com/cgi-bin/x",
            "https://api.weixin.qq.com",
            "https://api.weixin.qq.com/a/../b",
        ] {
            assert!(resolved(&wechat, odd).is_none(), "{odd:?}");
        }
    }

    #[test]
    fn what_is_never_sent_is_named() {
        let wechat = base(WECHAT);
        let why = |odd: &str| wechat.resolve(odd).unwrap_err().to_string();
        for whole in ["", "https://api.weixin.qq.com"] {
            assert!(why(&format!("{whole}/cgi-bin/x#y")).contains("fragment"));
            assert!(why(&format!("{whole}/cgi-bin/x?y#z")).contains("fragment"));
            assert!(why(&format!("{whole}/cgi-bin/\u{7}")).contains("control"));
            assert!(why(&format!("{whole}/cgi-bin/x?\u{7}")).contains("control"));
        }
    }

    #[test]
    fn a_bad_base_is_an_error_that_shows_an_example() {
        for bad in [
            "",
            "api.weixin.qq.com",
            "ftp://x",
            "https://u:p@x",
            "https://x/?q",
            "https://x/#f",
            "http://api.weixin.qq.com",
            "https://api.weixin.qq.com/sns",
        ] {
            let error = Base::parse(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{bad}");
            assert!(error.to_string().contains("https://api.weixin.qq.com"));
        }
    }

    #[test]
    fn a_slash_at_the_end_of_a_base_makes_no_other_platform() {
        assert_eq!(
            base("http://gateway.example/wechat/").name(),
            base("http://gateway.example/wechat").name()
        );
    }

    #[test]
    fn the_path_of_a_base_is_taken_off_its_own_urls_alone() {
        let gateway = base("http://gateway.example/wechat");
        assert_eq!(
            resolved(&gateway, "https://mp.weixin.qq.com/wechat/cgi-bin/x"),
            Some(("https://mp.weixin.qq.com/wechat/cgi-bin/x".to_owned(), "/wechat/cgi-bin/x".to_owned(),))
        );
    }
}
