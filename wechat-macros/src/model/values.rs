//! The value of each key that sets one thing.

use syn::{Expr, ExprLit, ExprPath, ExprUnary, Ident, Lit, Path, UnOp};

use super::{TokenKind, mistake};
use crate::{args::ungrouped, suggest};

pub(super) fn appid(value: &Expr) -> syn::Result<Expr> {
    const EXAMPLE: &str = "write `appid = \"wx1f2e3d4c5b6a7988\"`";
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(appid), .. }) => {
            let appid = appid.value();
            if appid.is_empty() || appid.contains(char::is_whitespace) {
                return mistake(value, format!("an appid is not empty and has no spaces: {EXAMPLE}"));
            }
        }
        Expr::Lit(_) => return mistake(value, format!("an appid is a string: {EXAMPLE}")),
        Expr::Infer(_) => return mistake(value, "leave `appid` out to give it per call, or to `builder`"),
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
            let lower = url.to_ascii_lowercase();
            let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
            if rest.is_none() {
                let message = format!("a base URL begins with `https://` or `http://`: {EXAMPLE}");
                return mistake(value, message);
            }
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                || url.contains(char::is_whitespace)
            {
                return mistake(value, format!("a base URL names a host and has no spaces: {EXAMPLE}"));
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
