//! The rules between the keys and the item: raw [`Args`] and [`Item`] in, a valid [`Model`] or every mistake out.

use std::{convert::Infallible, fmt::Display};

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::{
    Attribute, Expr, ExprLit, ExprPath, ExprTuple, ExprUnary, Ident, Lit, Path, UnOp, Visibility, parse_quote,
};

use crate::{
    args::{Args, Setting, ungrouped},
    item::Item,
    suggest,
};

/// A declaration without mistakes.
pub(crate) struct Model {
    pub(crate) krate: Path,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) binding: Binding,
    pub(crate) appid: Option<Expr>,
    pub(crate) token: Option<TokenKind>,
    pub(crate) base_url: Option<Expr>,
    pub(crate) expires_in: Option<Expr>,
}

/// Where the adapter and its `args` come from: the rows of the attribute's second table.
pub(crate) enum Binding {
    /// Both declared: `new()`.
    Declared { adapter: Expr, args: Option<Expr> },
    /// The adapter declared, its `args` given: `new(args)`.
    GivenArgs { adapter: ExprPath },
    /// The adapter given, its `args` by default: `new(adapter)`.
    GivenAdapter,
    /// Both given: `new(adapter, args)`.
    Given,
}

/// WeChat's two kinds of access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Stable,
    Classic,
}

/// Why there is no [`Model`], and what of it could be had all the same.
pub(crate) struct Refusal {
    pub(crate) mistakes: Vec<syn::Error>,
    pub(crate) krate: Path,
    pub(crate) binding: Option<Binding>,
}

impl Model {
    /// Checks every key, every rule between two keys, and the item; says all that is wrong at once.
    pub(crate) fn validate(args: &Args, item: &Item) -> Result<Self, Refusal> {
        // destructured, so that a new key cannot be forgotten
        let Args {
            adapter_storage,
            args: callback_args,
            appid,
            component,
            authorizer_appid,
            token,
            base_url,
            expires_in,
            krate,
            mistakes,
            incomplete,
        } = args;
        let Item { tokens: _, declared, mistakes: item_mistakes } = item;

        let mut mistakes = Mistakes(mistakes.clone());
        let binding = if adapter_storage.is_none() && *incomplete {
            None
        } else {
            mistakes.keep(check_binding(adapter_storage.as_ref(), callback_args.as_ref()))
        };
        let appid = mistakes.keep(check_appid(appid.as_ref()));
        mistakes.keep(check_component(component.as_ref(), authorizer_appid.as_ref()));
        let token = mistakes.keep(check_token(token.as_ref()));
        let base_url = mistakes.keep(check_base_url(base_url.as_ref()));
        let expires_in = mistakes.keep(check_expires_in(expires_in.as_ref()));
        let krate = mistakes.keep(check_krate(krate.as_ref())).unwrap_or_else(default_krate);
        mistakes.0.extend(item_mistakes.iter().cloned());
        mistakes.keep(check_derives(item));

        match (binding, declared) {
            (Some(binding), Some(declared)) if mistakes.0.is_empty() => Ok(Self {
                krate,
                attrs: declared.attrs.clone(),
                vis: declared.vis.clone(),
                ident: declared.ident.clone(),
                binding,
                appid,
                token,
                base_url,
                expires_in,
            }),
            (binding, _) => Err(Refusal { mistakes: mistakes.0, krate, binding }),
        }
    }
}

/// All that is wrong so far.
struct Mistakes(Vec<syn::Error>);

impl Mistakes {
    /// What was checked, or nothing where it is absent or wrong.
    fn keep<T>(&mut self, checked: syn::Result<Option<T>>) -> Option<T> {
        match checked {
            Ok(checked) => checked,
            Err(mistake) => {
                self.0.push(mistake);
                None
            }
        }
    }
}

fn mistake<T>(tokens: impl ToTokens, message: impl Display) -> syn::Result<T> {
    Err(syn::Error::new_spanned(tokens, message))
}

/// The value of a key against which nothing has been said yet.
fn written(setting: Option<&Setting>) -> Option<&Expr> {
    setting.and_then(Setting::written).map(ungrouped)
}

/// The second table: `adapter_storage` and `args` together say what `new` takes.
fn check_binding(adapter_storage: Option<&Setting>, args: Option<&Setting>) -> syn::Result<Option<Binding>> {
    let Some(adapter_setting) = adapter_storage else {
        let message = "`adapter_storage` is missing: write `adapter_storage = MyHub`, your storage adapter, \
                       or `adapter_storage = _` to give it to `new`";
        return Err(syn::Error::new(Span::call_site(), message));
    };
    let Some(adapter) = written(Some(adapter_setting)) else { return Ok(None) };
    match adapter {
        Expr::Tuple(pair) => return check_pair(pair, args).map(Some),
        Expr::Lit(literal) => return mistake(literal, not_an_adapter(literal)),
        _ => {}
    }
    let args = match args {
        None => None,
        Some(setting) => match written(Some(setting)) {
            Some(args) => Some(args),
            // what is wrong with it has been said
            None => return Ok(None),
        },
    };
    match (adapter, args) {
        (Expr::Infer(_), None) => Ok(Some(Binding::GivenAdapter)),
        (Expr::Infer(_), Some(Expr::Infer(_))) => Ok(Some(Binding::Given)),
        (Expr::Infer(_), Some(args)) => mistake(
            args,
            "`adapter_storage = _` gives the adapter to `new`, and its `args` with it: write `args = _`, \
             or leave `args` out",
        ),
        (Expr::Path(path), Some(Expr::Infer(_))) if path.qself.is_none() => {
            Ok(Some(Binding::GivenArgs { adapter: path.clone() }))
        }
        (adapter, Some(Expr::Infer(_))) => mistake(
            adapter,
            "only the path of a unit struct, such as `MyHub`, leaves its `args` to `new`: \
             write `adapter_storage = _, args = _`",
        ),
        (adapter, args) => Ok(Some(Binding::Declared { adapter: adapter.clone(), args: args.cloned() })),
    }
}

/// `adapter_storage = (MyHub, args)`
fn check_pair(pair: &ExprTuple, args: Option<&Setting>) -> syn::Result<Binding> {
    let [adapter, callback_args] = Vec::from_iter(&pair.elems)[..] else {
        return mistake(pair, "expected the adapter and its `args`: write `adapter_storage = (MyHub, args)`");
    };
    let (adapter, callback_args) = (ungrouped(adapter), ungrouped(callback_args));
    if let Expr::Lit(literal) = adapter {
        return mistake(pair, not_an_adapter(literal));
    }
    for element in [adapter, callback_args] {
        if let Expr::Infer(_) = element {
            let message = "a pair declares both: write `adapter_storage = MyHub, args = _` to give the `args` to `new`, \
                           or `adapter_storage = _, args = _` to give both";
            return mistake(element, message);
        }
    }
    if let Some(args) = args {
        let message = "the pair in `adapter_storage` holds the `args` already: remove one of the two";
        return mistake(&args.key, message);
    }
    Ok(Binding::Declared { adapter: adapter.clone(), args: Some(callback_args.clone()) })
}

fn not_an_adapter(literal: &ExprLit) -> &'static str {
    match literal.lit {
        Lit::Str(_) => {
            "a URL declares a client of the hub there, which this version does not have: write a storage adapter, \
             `adapter_storage = MyHub`, that implements `storage::Client` and asks the hub"
        }
        _ => "a literal is not a storage adapter: write `adapter_storage = MyHub`",
    }
}

/// `component` and `authorizer_appid` belong together, to an application that is not there yet.
fn check_component(
    component: Option<&Setting>,
    authorizer_appid: Option<&Setting>,
) -> syn::Result<Option<Infallible>> {
    if let Some(component) = component {
        let message = "`component` declares a component application (a third-party platform), which this version \
                       does not have: remove it, and declare a common application with its storage adapter";
        return mistake(&component.key, message);
    }
    let authorizer_appid = authorizer_appid.filter(|setting| setting.written().is_some());
    if let Some(authorizer_appid) = authorizer_appid {
        let message = "`authorizer_appid` belongs to component applications: \
                       remove it; a common application is named by `appid` alone";
        return mistake(&authorizer_appid.key, message);
    }
    Ok(None)
}

fn check_appid(appid: Option<&Setting>) -> syn::Result<Option<Expr>> {
    const EXAMPLE: &str = "write `appid = \"wx1f2e3d4c5b6a7988\"`";
    let Some(value) = written(appid) else { return Ok(None) };
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
    Ok(Some(value.clone()))
}

fn check_token(token: Option<&Setting>) -> syn::Result<Option<TokenKind>> {
    let Some(value) = written(token) else { return Ok(None) };
    let word = match value {
        Expr::Path(path) => path.path.get_ident().map(Ident::to_string),
        Expr::Lit(ExprLit { lit: Lit::Str(quoted), .. }) => {
            let word = suggest::nearest(&quoted.value(), TOKEN_KINDS).unwrap_or("stable");
            return mistake(value, format!("`token` is a bare word: write `token = {word}`"));
        }
        _ => None,
    };
    match word.as_deref() {
        Some("stable") => Ok(Some(TokenKind::Stable)),
        Some("classic") => Ok(Some(TokenKind::Classic)),
        Some(word) => match suggest::nearest(word, TOKEN_KINDS) {
            Some(near) => mistake(value, format!("unknown kind of token `{word}`: write `token = {near}`")),
            None => mistake(value, NEITHER_KIND),
        },
        None => mistake(value, NEITHER_KIND),
    }
}

const TOKEN_KINDS: [&str; 2] = ["stable", "classic"];
const NEITHER_KIND: &str = "WeChat has two kinds of access token: write `token = stable` or `token = classic`";

fn check_base_url(base_url: Option<&Setting>) -> syn::Result<Option<Expr>> {
    const EXAMPLE: &str = "write `base_url = \"https://api.weixin.qq.com\"`";
    let Some(value) = written(base_url) else { return Ok(None) };
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(url), .. }) => {
            let url = url.value();
            let lower = url.to_ascii_lowercase();
            let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
            if rest.is_none() {
                let message = format!("a base URL begins with `https://` or `http://`: {EXAMPLE}");
                return mistake(value, message);
            }
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) || url.contains(char::is_whitespace) {
                return mistake(value, format!("a base URL names a host and has no spaces: {EXAMPLE}"));
            }
        }
        Expr::Lit(_) => return mistake(value, format!("a base URL is a string: {EXAMPLE}")),
        Expr::Infer(_) => {
            return mistake(value, "leave `base_url` out for WeChat's own, or to give it to `builder`");
        }
        _ => {}
    }
    Ok(Some(value.clone()))
}

fn check_expires_in(expires_in: Option<&Setting>) -> syn::Result<Option<Expr>> {
    const MESSAGE: &str = "`expires_in` is a whole number of seconds above 0: write `expires_in = 7000`";
    let Some(value) = written(expires_in) else { return Ok(None) };
    let is_good = match value {
        Expr::Lit(ExprLit { lit: Lit::Int(seconds), .. }) => {
            matches!(seconds.suffix(), "" | "u64") && seconds.base10_parse::<u64>().is_ok_and(|seconds| seconds > 0)
        }
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => !matches!(ungrouped(expr), Expr::Lit(_)),
        Expr::Lit(_) => false,
        Expr::Infer(_) => return mistake(value, "leave `expires_in` out for WeChat's own lifetime"),
        _ => true,
    };
    if is_good { Ok(Some(value.clone())) } else { mistake(value, MESSAGE) }
}

fn check_krate(krate: Option<&Setting>) -> syn::Result<Option<Path>> {
    let Some(value) = written(krate) else { return Ok(None) };
    match value {
        Expr::Path(ExprPath { qself: None, path, .. })
            if path.segments.iter().all(|segment| segment.arguments.is_none()) =>
        {
            Ok(Some(path.clone()))
        }
        Expr::Lit(ExprLit { lit: Lit::Str(quoted), .. }) => {
            let message = format!("`crate` takes a path, without quotes: write `crate = {}`", quoted.value());
            mistake(value, message)
        }
        _ => mistake(value, "`crate` takes the path of wechat-runtime: write `crate = ::wechat_runtime`"),
    }
}

fn default_krate() -> Path {
    parse_quote!(::wechat_runtime)
}

/// One mistake for all the derives, since one edit mends them.
fn check_derives(item: &Item) -> syn::Result<Option<Infallible>> {
    let derives = item.colliding_derives();
    if derives.is_empty() {
        return Ok(None);
    }
    let names: Vec<_> = derives
        .iter()
        .filter_map(|path| path.segments.last())
        .map(|last| format!("`{}`", last.ident))
        .collect();
    let them = if names.len() == 1 { "it" } else { "them" };
    let message = format!(
        "`#[wechat_client]` writes the impl of {} itself: remove {them} from the derive",
        names.join(" and ")
    );
    mistake(quote!(#(#derives)*), message)
}
