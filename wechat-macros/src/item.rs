//! The annotated item, as far as a client can be made of it.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Fields, Meta, Path, Token, Visibility,
    parse::{ParseStream, Parser as _},
    punctuated::Punctuated,
};

/// The traits that the attribute implements, so that a derive would implement them twice.
const GENERATED: [&str; 3] = ["Clone", "Debug", "Default"];

/// What stands below the attribute.
pub(crate) struct Item {
    /// The item as it was written.
    pub(crate) tokens: TokenStream,
    /// The item as a type, unless it is a function, a module or the like.
    pub(crate) declared: Option<DeriveInput>,
    /// What is not a unit struct about it.
    pub(crate) mistakes: Vec<syn::Error>,
}

impl Item {
    /// Reads the item; whatever it is, something is known about it.
    pub(crate) fn parse(tokens: TokenStream) -> Self {
        if let Ok(declared) = syn::parse2::<DeriveInput>(tokens.clone()) {
            return Self { mistakes: check(&declared), declared: Some(declared), tokens };
        }
        let message = "a client is declared on a unit struct: write `struct Wechat;`";
        let mistakes = vec![syn::Error::new(keyword_span(&tokens), message)];
        Self { tokens, declared: None, mistakes }
    }

    /// The derives below the attribute that collide with what it generates, by the attribute they stand in.
    pub(crate) fn colliding_derives(&self) -> Vec<Vec<Path>> {
        let attrs = self.declared.iter().flat_map(|declared| &declared.attrs);
        attrs
            .map(|attr| {
                let mut derived = Vec::new();
                collect_derives(&attr.meta, &mut derived);
                derived.retain(|path| GENERATED.iter().any(|name| is_named(path, name)));
                derived
            })
            .filter(|derived| !derived.is_empty())
            .collect()
    }
}

/// Whether the path leads to something of this name: `Clone`, `std::clone::Clone`.
pub(crate) fn is_named(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

/// The attributes that go on everything that is generated for the item: those that decide whether it exists.
pub(crate) fn shared_attrs(attrs: &[Attribute]) -> TokenStream {
    let cfgs = attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    // a deprecated client is generated all the same
    let deprecated = attrs.iter().any(|attr| attr.path().is_ident("deprecated"));
    let allowed = deprecated.then(|| quote!(#[allow(deprecated)]));
    quote!(#(#cfgs)* #allowed)
}

fn check(declared: &DeriveInput) -> Vec<syn::Error> {
    // destructured, so that nothing of a declaration is overlooked
    let DeriveInput { attrs: _, vis: _, ident, generics, data } = declared;
    let mut mistakes = Vec::new();
    let write = format!("write `struct {ident};`");
    match data {
        Data::Struct(data) => match &data.fields {
            Fields::Unit => {}
            fields @ (Fields::Named(_) | Fields::Unnamed(_)) => {
                let message = format!("a client is declared on a unit struct, without fields: {write}");
                mistakes.push(syn::Error::new_spanned(fields, message));
            }
        },
        Data::Enum(data) => {
            let message = format!("a client is declared on a unit struct, not on an enum: {write}");
            mistakes.push(syn::Error::new_spanned(data.enum_token, message));
        }
        Data::Union(data) => {
            let message = format!("a client is declared on a unit struct, not on a union: {write}");
            mistakes.push(syn::Error::new_spanned(data.union_token, message));
        }
    }
    if !generics.params.is_empty() || generics.lt_token.is_some() {
        let message = format!("a client has no generic parameters: {write}");
        mistakes.push(syn::Error::new_spanned(generics, message));
    } else if let Some(where_clause) = &generics.where_clause {
        let message = format!("a client has no where clause: {write}");
        mistakes.push(syn::Error::new_spanned(where_clause, message));
    }
    mistakes
}

/// The derived traits in `#[derive(…)]`, also inside `#[cfg_attr(…, derive(…))]`.
fn collect_derives(meta: &Meta, derived: &mut Vec<Path>) {
    let Meta::List(list) = meta else { return };
    if is_named(&list.path, "derive") {
        let paths = list.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
        derived.extend(paths.into_iter().flatten());
    } else if list.path.is_ident("cfg_attr") {
        let nested = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        // the first is the condition
        for meta in nested.iter().flatten().skip(1) {
            collect_derives(meta, derived);
        }
    }
}

/// Where the word stands that says what the item is: `fn`, `mod`, `impl`.
fn keyword_span(tokens: &TokenStream) -> Span {
    let keyword = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let span = input.span();
        input.parse::<TokenStream>()?;
        Ok(span)
    };
    keyword.parse2(tokens.clone()).unwrap_or_else(|_| Span::call_site())
}
