//! A hub in `adapter_storage`: by its URL, or by its URL and the bearer token that it knows its client by.

use proc_macro2::Span;
use syn::{Expr, ExprLit, Lit, LitStr};

use super::{Binding, mistake, values};
use crate::args::Setting;

pub(super) const URL: &str = "`adapter_storage = \"http://hub.internal:4000\"`";
pub(super) const PAIR: &str = "`adapter_storage = (\"http://hub.internal:4000\", bearer)`";

/// Checks a literal in the place of the adapter, alone or beside a `bearer`. Each mistake is mended apart from the
/// others, so all are reported.
pub(super) fn check(
    key: Span,
    literal: &ExprLit,
    bearer: Option<&Expr>,
    args: Option<&Setting>,
) -> syn::Result<Binding> {
    let example = if bearer.is_some() { PAIR } else { URL };
    let url = match &literal.lit {
        Lit::Str(url) => url,
        Lit::ByteStr(_) | Lit::CStr(_) => {
            return mistake(literal, format!("a hub's URL is a string: write {example}"));
        }
        _ => return mistake(literal, "a literal is not a storage adapter: write `adapter_storage = MyHub`"),
    };
    let checks = [check_url(url, example), bearer.map_or(Ok(()), check_bearer), check_no_args(args)];
    let mistakes = checks.into_iter().filter_map(Result::err).reduce(|mut mistakes, next| {
        mistakes.combine(next);
        mistakes
    });
    match mistakes {
        Some(mistakes) => Err(mistakes),
        None => Ok(Binding::hub(key, url, bearer)),
    }
}

fn check_url(literal: &LitStr, example: &str) -> syn::Result<()> {
    let url = literal.value();
    let authority = match values::authority(&url) {
        Ok(authority) => authority,
        // not a URL at all: it may be an adapter in quotes
        Err(rule) if !url.contains("://") => {
            let message = format!(
                "a string is a hub's URL, which {rule}: write {example}, \
                 or a storage adapter without quotes, `adapter_storage = MyHub`"
            );
            return mistake(literal, message);
        }
        Err(rule) => return mistake(literal, format!("a hub's URL {rule}: write {example}")),
    };
    if authority.contains('@') {
        let message =
            format!("a hub's URL holds no user and no password: give the bearer token beside it, {PAIR}");
        return mistake(literal, message);
    }
    if url.contains(['?', '#']) {
        return mistake(literal, format!("a hub's URL has no `?` and no `#` in it: write {example}"));
    }
    if is_wechat(values::host(authority)) {
        let message = format!(
            "this is WeChat, not a hub: WeChat's own address is `base_url`; write a hub's, {example}"
        );
        return mistake(literal, message);
    }
    Ok(())
}

/// A host may be written with a dot at its end.
fn is_wechat(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "weixin.qq.com" || host.ends_with(".weixin.qq.com")
}

fn check_bearer(bearer: &Expr) -> syn::Result<()> {
    match bearer {
        Expr::Lit(ExprLit { lit: Lit::Str(token), .. }) if token.value().trim().is_empty() => {
            let message =
                format!("this bearer token is empty: give the hub's, {PAIR}, or leave it out, {URL}");
            mistake(bearer, message)
        }
        Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) => Ok(()),
        Expr::Lit(_) => mistake(bearer, format!("a hub's bearer token is a string: write {PAIR}")),
        Expr::Infer(_) => {
            let message = format!(
                "the bearer token of a declared hub is declared, too: write {PAIR}, \
                 or `adapter_storage = _` to give `new` a `HubClient`"
            );
            mistake(bearer, message)
        }
        _ => Ok(()),
    }
}

fn check_no_args(args: Option<&Setting>) -> syn::Result<()> {
    match args {
        Some(args) if !args.refused => mistake(&args.key, "a hub's URL takes no `args`: remove it"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;
    use syn::{Expr, LitStr};

    use super::{check_bearer, check_url};

    fn refusal(url: &str) -> Option<String> {
        let checked = check_url(&LitStr::new(url, Span::call_site()), "…");
        checked.err().map(|mistake| mistake.to_string())
    }

    #[test]
    fn a_url_may_have_a_port_and_a_path() {
        for url in [
            "http://hub",
            "http://hub.internal:4000",
            "HTTPS://Hub.Internal/",
            "https://hub.internal/wechat/v1/@team",
            "http://127.0.0.1:4000",
            "http://[::1]:4000/wechat",
            "https://weixin.qq.com.example.org",
            "https://notweixin.qq.com",
        ] {
            assert_eq!(refusal(url), None, "{url}");
        }
    }

    #[test]
    fn each_rule_of_a_url_has_its_message() {
        for (url, message) in [
            ("", "a string is a hub's URL, which begins with"),
            ("hub.internal:4000", "a string is a hub's URL, which begins with"),
            ("ws://hub.internal", "a hub's URL begins with"),
            ("http://", "names a host"),
            ("http:///wechat", "names a host"),
            ("http://:4000", "names a host"),
            ("http://?hub", "names a host"),
            ("http://[]:4000", "names a host"),
            ("http://hub .internal", "has no spaces"),
            (" http://hub", "begins with"),
            ("http://hub\n", "has no spaces"),
            ("http://:password@hub", "no user and no password"),
            ("http://user@hub/wechat", "no user and no password"),
            ("http://hub?", "no `?` and no `#`"),
            ("http://hub/wechat#part", "no `?` and no `#`"),
            ("https://api.weixin.qq.com", "this is WeChat, not a hub"),
            ("https://SH.API.weixin.qq.com.:443/cgi-bin", "this is WeChat, not a hub"),
            ("https://weixin.qq.com", "this is WeChat, not a hub"),
        ] {
            let refusal = refusal(url);
            assert!(refusal.as_ref().is_some_and(|refusal| refusal.contains(message)), "{url}: {refusal:?}");
        }
    }

    #[test]
    fn a_bearer_token_is_a_string_with_something_in_it() {
        let is_good = |bearer: &str| check_bearer(&syn::parse_str::<Expr>(bearer).unwrap()).is_ok();
        for bearer in ["\"token\"", "r#\"token\"#", "TOKEN", "token()", "env!(\"TOKEN\")"] {
            assert!(is_good(bearer), "{bearer}");
        }
        for bearer in ["\"\"", "\" \"", "b\"token\"", "c\"token\"", "'t'", "7", "true", "_"] {
            assert!(!is_good(bearer), "{bearer}");
        }
    }
}
