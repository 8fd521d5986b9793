//! The rules between the keys and the item: raw [`Args`] and [`Item`] in, a valid [`Model`] or every mistake out.

mod application;
mod hub;
mod values;

use std::{convert::Infallible, fmt::Display};

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, ExprPath, ExprTuple, Ident, Lit, LitStr, Path, Token,
    Visibility, parse_quote,
};

pub(crate) use self::application::{Application, TokenKind};
use crate::{
    args::{Args, Setting, ungrouped},
    item::Item,
};

/// A declaration without mistakes.
pub(crate) struct Model {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) struct_token: Token![struct],
    pub(crate) semi_token: Option<Token![;]>,
    pub(crate) ident: Ident,
    pub(crate) binding: Binding,
    pub(crate) settings: Settings,
}

/// Where the adapter and its `args` come from: the rows of the attribute's second table.
pub(crate) enum Binding {
    /// Both declared: `new()`.
    Declared(Box<DeclaredAdapter>),
    /// The adapter declared, its `args` given: `new(args)`.
    GivenArgs { adapter: ExprPath },
    /// The adapter given, its `args` by default: `new(adapter)`.
    GivenAdapter,
    /// Both given: `new(adapter, args)`.
    Given,
}

/// The adapter of a `new` that takes nothing. The `key` is `adapter_storage`.
pub(crate) enum DeclaredAdapter {
    /// The user's, and its `args`, by default where they are not declared.
    Own { key: Span, adapter: Expr, args: Option<Expr> },
    /// The runtime's client of the hub at a URL, which has no `args`.
    Hub { key: Span, url: LitStr, bearer: Option<Expr> },
}

/// The keys that set one thing each.
pub(crate) struct Settings {
    pub(crate) krate: Path,
    pub(crate) application: Application,
    pub(crate) appid: Option<Keyed<Expr>>,
    pub(crate) base_url: Option<Keyed<Expr>>,
    pub(crate) expires_in: Option<Keyed<Expr>>,
}

/// A value, and the key to point at when the compiler refuses the value.
pub(crate) struct Keyed<T> {
    pub(crate) key: Span,
    pub(crate) value: T,
}

/// Why there is no [`Model`], and what of it could be had all the same.
pub(crate) struct Refusal {
    pub(crate) mistakes: Vec<syn::Error>,
    pub(crate) binding: Option<Binding>,
    pub(crate) settings: Settings,
}

impl Binding {
    fn own(key: Span, adapter: &Expr, args: Option<&Expr>) -> Self {
        Self::Declared(Box::new(DeclaredAdapter::Own { key, adapter: adapter.clone(), args: args.cloned() }))
    }

    fn hub(key: Span, url: &LitStr, bearer: Option<&Expr>) -> Self {
        Self::Declared(Box::new(DeclaredAdapter::Hub { key, url: url.clone(), bearer: bearer.cloned() }))
    }
}

impl Model {
    /// Checks every key, every rule between two keys, and the item; says all that is wrong at once.
    pub(crate) fn validate(args: &Args, item: &Item) -> Result<Self, Box<Refusal>> {
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
            let refused =
                [adapter_storage, callback_args].into_iter().flatten().any(|setting| setting.refused);
            mistakes.keep(refused, check_binding(adapter_storage.as_ref(), callback_args.as_ref()))
        };
        let appid = mistakes.check(appid.as_ref(), values::appid);
        let application =
            application::check(&mut mistakes, component.as_ref(), authorizer_appid.as_ref(), token.as_ref());
        let base_url = mistakes.check(base_url.as_ref(), values::base_url);
        let expires_in = mistakes.check(expires_in.as_ref(), values::expires_in);
        let krate = mistakes.check(krate.as_ref(), values::krate);
        mistakes.0.extend(item_mistakes.iter().cloned());
        mistakes.keep(false, check_derives(item, binding.as_ref()));

        // an adapter of either kind may be right where it is not known which one is declared
        let binding = binding.filter(|_| application.is_some());
        let application = application.unwrap_or(Application::Component { authorizer_appid: None });
        let krate = krate.map_or_else(|| parse_quote!(::wechat_runtime), |krate| krate.value);
        let settings = Settings { krate, application, appid, base_url, expires_in };
        match (binding, declared) {
            (
                Some(binding),
                Some(DeriveInput { attrs, vis, ident, generics: _, data: Data::Struct(data) }),
            ) if mistakes.0.is_empty() => Ok(Self {
                attrs: attrs.clone(),
                vis: vis.clone(),
                struct_token: data.struct_token,
                semi_token: data.semi_token,
                ident: ident.clone(),
                binding,
                settings,
            }),
            (binding, _) => Err(Box::new(Refusal { mistakes: mistakes.0, binding, settings })),
        }
    }
}

/// All that is wrong so far.
struct Mistakes(Vec<syn::Error>);

impl Mistakes {
    /// The value of a key, if it has a good one.
    fn check<T>(
        &mut self,
        setting: Option<&Setting>,
        check: impl FnOnce(&Expr) -> syn::Result<T>,
    ) -> Option<Keyed<T>> {
        let setting = setting?;
        let value = check(ungrouped(setting.value.as_ref()?)).map(Some);
        let value = self.keep(setting.refused, value)?;
        Some(Keyed { key: setting.key.span(), value })
    }

    /// What was checked, or nothing where it is absent or wrong.
    fn keep<T>(&mut self, refused: bool, checked: syn::Result<Option<T>>) -> Option<T> {
        match checked {
            Ok(checked) => checked,
            Err(mistake) => {
                if !refused {
                    self.0.push(mistake);
                }
                None
            }
        }
    }
}

fn mistake<T>(tokens: impl ToTokens, message: impl Display) -> syn::Result<T> {
    Err(syn::Error::new_spanned(tokens, message))
}

/// The second table: `adapter_storage` and `args` together say what `new` takes.
fn check_binding(adapter_storage: Option<&Setting>, args: Option<&Setting>) -> syn::Result<Option<Binding>> {
    let Some(adapter_setting) = adapter_storage else {
        let message = "`adapter_storage` is missing: write `adapter_storage = MyHub`, your storage adapter, \
                       or `adapter_storage = _` to give it to `new`";
        return Err(syn::Error::new(Span::call_site(), message));
    };
    let Some(adapter) = &adapter_setting.value else {
        return Ok(None);
    };
    let key = adapter_setting.key.span();
    let adapter = ungrouped(adapter);
    if let Expr::Tuple(pair) = adapter {
        return check_pair(key, pair, args).map(Some);
    }
    if let Some(literal) = literal(adapter) {
        return hub::check(key, literal, None, args).map(Some);
    }
    let args = match args {
        None => None,
        Some(Setting { value: Some(args), .. }) => Some(ungrouped(args)),
        // what is wrong with it has been said
        Some(Setting { value: None, .. }) => return Ok(None),
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
        (adapter, args) => Ok(Some(Binding::own(key, adapter, args))),
    }
}

/// `adapter_storage = (MyHub, args)`, or `("http://hub.internal:4000", bearer)`
fn check_pair(key: Span, pair: &ExprTuple, args: Option<&Setting>) -> syn::Result<Binding> {
    let elements: Vec<_> = pair.elems.iter().map(ungrouped).collect();
    let first = elements.first().and_then(|first| literal(first));
    let [adapter, callback_args] = elements[..] else {
        let expected = match first {
            Some(ExprLit { lit: Lit::Str(_), .. }) => {
                let (two, one) = (hub::PAIR, hub::URL);
                format!("the hub's URL and its bearer token: write {two}, or, without a token, {one}")
            }
            _ => "the adapter and its `args`: write `adapter_storage = (MyHub, args)`".to_owned(),
        };
        return mistake(pair, format!("expected {expected}"));
    };
    if let Some(literal) = first {
        return hub::check(key, literal, Some(callback_args), args);
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
    Ok(Binding::own(key, adapter, Some(callback_args)))
}

/// The literal that an adapter is: without parentheses, which stand where a pair was not completed.
fn literal(adapter: &Expr) -> Option<&ExprLit> {
    match ungrouped(adapter) {
        Expr::Lit(literal) => Some(literal),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}

/// One mistake for all the derives, since one edit mends them.
fn check_derives(item: &Item, binding: Option<&Binding>) -> syn::Result<Option<Infallible>> {
    let derives = item.colliding_derives();
    let Some(first) = derives.first() else {
        return Ok(None);
    };
    let names: Vec<_> = derives.iter().flatten().filter_map(|path| path.segments.last()).collect();
    let takes_nothing = matches!(binding, None | Some(Binding::Declared(_)));
    let (generated, impossible): (Vec<_>, Vec<_>) =
        names.iter().map(|last| &last.ident).partition(|name| takes_nothing || *name != "Default");
    let mut reasons = Vec::new();
    if !generated.is_empty() {
        let verb = if generated.len() == 1 { "is" } else { "are" };
        reasons.push(format!("{} {verb} generated by `#[wechat_client]`", listed(&generated)));
    }
    if !impossible.is_empty() {
        reasons.push("`Default` needs a `new` that takes nothing".to_owned());
    }
    let them = if names.len() == 1 { "it" } else { "them" };
    let message = format!("{}: remove {them} from the derive", reasons.join(", and "));
    mistake(quote!(#(#first)*), message)
}

fn listed(names: &[&Ident]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
