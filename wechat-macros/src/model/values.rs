//! The value of each key that sets one thing.

use syn::{Expr, ExprLit, ExprPath, ExprUnary, Ident, Lit, Path, UnOp};

use super::{TokenKind, mistake};
use crate::{args::ungrouped, suggest};

pub(super) fn appid(value: &Expr) -> syn::Result<Expr> {
    appid_of("appid", "wx1f2e3d4c5b6a7988", value)
}

pub(super) fn authorizer_appid(value: &Expr) -> syn::Result<Expr> {
    appid_of("authorizer_appid", "wx99aa88bb77cc66dd", value)
}

fn appid_of(key: &str, example: &str, value: &Expr) -> syn::Result<Expr> {
    let write = format!("write `{key} = \"{example}\"`");
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(appid), .. }) => {
            let appid = appid.value();
            if appid.is_empty() || appid.contains(char::is_whitespace) {
                return mistake(value, format!("an appid is not empty and has no spaces: {write}"));
            }
        }
        Expr::Lit(_) => return mistake(value, format!("an appid is a string: {write}")),
        Expr::Infer(_) => {
            return mistake(value, format!("leave `{key}` out to give it per call, or to `builder`"));
        }
        _ => {}
    }
    Ok(value.clone())
}

pub(super) fn token(value: &Expr) -> syn::Result<TokenKind> {
    let word = match value {
        Expr::Path(path) => path.path.get_ident().map(Ident::to_string),
        Expr::Lit(ExprLit { lit: Lit::Str(quoted), .. }) => {
            let word = suggest::nearest(&quoted.value(), TOKEN_KINDS).unwrap_or("stable");
            return mistake(value, format!("`token` is a bare word: write `token = {word}`"));
        }
        _ => None,
    };
    match word.as_deref() {
        Some("stable") => Ok(TokenKind::Stable),
        Some("classic") => Ok(TokenKind::Classic),
        Some(word) => match suggest::nearest(word, TOKEN_KINDS) {
            Some(near) => mistake(value, format!("unknown kind of token `{word}`: write `token = {near}`")),
            None => mistake(value, NEITHER_KIND),
        },
        None => mistake(value, NEITHER_KIND),
    }
}

const TOKEN_KINDS: [&str; 2] = ["stable", "classic"];
const NEITHER_KIND: &str =
    "WeChat has two kinds of access token: write `token = stable` or `token = classic`";

pub(super) fn base_url(value: &Expr) -> syn::Result<Expr> {
    const EXAMPLE: &str = "write `base_url = \"https://api.weixin.qq.com\"`";
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(url), .. }) => {
            let url = url.value();
            if let Err(rule) = authority(&url) {
                return mistake(value, format!("a base URL {rule}: {EXAMPLE}"));
            }
        }
        Expr::Lit(_) => return mistake(value, format!("a base URL is a string: {EXAMPLE}")),
        Expr::Infer(_) => {
            return mistake(value, "leave `base_url` out for WeChat's own, or to give it to `builder`");
        }
        _ => {}
    }
    Ok(value.clone())
}

/// What stands between the scheme of a URL and its path, or the rule that it breaks.
pub(super) fn authority(url: &str) -> Result<&str, &'static str> {
    let behind = |scheme: &str| {
        let (start, rest) = url.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let rest = behind("https://").or_else(|| behind("http://"));
    let rest = rest.ok_or("begins with `https://` or `http://`")?;
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    if host(authority).is_empty() || url.contains(char::is_whitespace) {
        return Err("names a host and has no spaces");
    }
    Ok(authority)
}

/// The host of an authority: without a user before it, without a port behind it.
pub(super) fn host(authority: &str) -> &str {
    let host = authority.rsplit('@').next().unwrap_or_default();
    // an IPv6 address has colons of its own
    let (host, end) = host.strip_prefix('[').map_or((host, ':'), |address| (address, ']'));
    host.split(end).next().unwrap_or_default()
}

pub(super) fn expires_in(value: &Expr) -> syn::Result<Expr> {
    const MESSAGE: &str = "`expires_in` is a whole number of seconds above 0: write `expires_in = 7000`";
    let is_good = match value {
        Expr::Lit(ExprLit { lit: Lit::Int(seconds), .. }) => {
            matches!(seconds.suffix(), "" | "u64")
                && seconds.base10_parse::<u64>().is_ok_and(|seconds| seconds > 0)
        }
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => !matches!(ungrouped(expr), Expr::Lit(_)),
        Expr::Lit(_) => false,
        Expr::Infer(_) => return mistake(value, "leave `expires_in` out for WeChat's own lifetime"),
        _ => true,
    };
    if is_good { Ok(value.clone()) } else { mistake(value, MESSAGE) }
}

pub(super) fn krate(value: &Expr) -> syn::Result<Path> {
    match value {
        Expr::Path(ExprPath { qself: None, path, .. })
            if path.segments.iter().all(|segment| segment.arguments.is_none()) =>
        {
            Ok(path.clone())
        }
        Expr::Lit(ExprLit { lit: Lit::Str(quoted), .. }) => {
            let message = format!("`crate` takes a path, without quotes: write `crate = {}`", quoted.value());
            mistake(value, message)
        }
        _ => mistake(value, "`crate` takes the path of wechat-runtime: write `crate = ::wechat_runtime`"),
    }
}

#[cfg(test)]
mod tests {
    use super::{authority, host};

    #[test]
    fn the_host_of_a_url_is_found() {
        for (url, expected) in [
            ("https://api.weixin.qq.com", "api.weixin.qq.com"),
            ("Http://platform:8080/wechat@team", "platform"),
            ("https://nobody@example.org/", "example.org"),
            ("https://user:pass@word@example.org:443", "example.org"),
            ("http://[::1]:8080", "::1"),
            ("http://example.org?url=http://other", "example.org"),
        ] {
            assert_eq!(authority(url).map(host), Ok(expected), "{url}");
        }
    }

    #[test]
    fn a_url_without_a_host_is_refused() {
        for url in
            ["https://", "http:///wechat", "http://:8080", "http://user@", "http://[]", "http:", "é://x"]
        {
            assert!(authority(url).is_err(), "{url}");
        }
    }
}
