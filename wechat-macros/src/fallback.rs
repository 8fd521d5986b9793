//! After a mistake: the compile errors, the item as it was written, and a stub of the client, so that the code that uses
//! the client adds no errors of its own.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Expr, Fields, GenericParam};

use crate::{
    args::{Args, Setting, ungrouped},
    expand::{self, Constructor, Declaration},
    item::{self, Item},
    model::Refusal,
};

/// The errors, the item and the stub.
pub(crate) fn expand(refusal: &Refusal, args: &Args, item: &Item) -> TokenStream {
    let Refusal { mistakes, binding, settings } = refusal;
    let errors = mistakes.iter().map(syn::Error::to_compile_error);
    let Some(declared) = &item.declared else {
        let tokens = &item.tokens;
        return quote!(#(#errors)* #tokens);
    };
    // the stub never runs, so it need not have a client
    let never = quote!(loop {});
    let stub = Declaration {
        runtime: &expand::runtime(&declared.ident),
        application: &settings.application,
        attrs: &item::shared_attrs(&declared.attrs),
        ident: &declared.ident,
        generics: &declared.generics,
        derived: &item.colliding_derives().concat(),
        from_client: &quote!((|_| #never)),
        client: &never,
    };
    let import = stub.import(&settings.krate);
    let impls = match binding {
        Some(binding) => stub.impls_for(binding, settings),
        None => stub.impls(&probable_constructor(args), &never),
    };
    let item = with_used_generics(declared);
    quote!(#(#errors)* #import #item #impls)
}

/// A constructor that takes whatever the code probably gives it: one value for each `_`.
fn probable_constructor(args: &Args) -> Constructor {
    let given = |setting: &Option<Setting>| {
        let value = setting.as_ref().and_then(|setting| setting.value.as_ref());
        value.map_or(0, |value| match ungrouped(value) {
            Expr::Infer(_) => 1,
            Expr::Tuple(pair) => {
                pair.elems.iter().filter(|value| matches!(ungrouped(value), Expr::Infer(_))).count()
            }
            _ => 0,
        })
    };
    let types = (0..given(&args.adapter_storage) + given(&args.args)).map(|n| format_ident!("__T{n}"));
    let types: Vec<_> = types.collect();
    Constructor {
        generics: quote!(<#(#types),*>),
        params: types.iter().map(|ty| (format_ident!("_{ty}"), quote!(#ty))).collect(),
        bounds: TokenStream::new(),
    }
}

/// The item, where generic parameters of a unit struct, which are a mistake of their own, are not also unused.
fn with_used_generics(declared: &DeriveInput) -> TokenStream {
    let DeriveInput { attrs, vis, ident, generics, data } = declared;
    match data {
        Data::Struct(data) if matches!(data.fields, Fields::Unit) && !generics.params.is_empty() => {
            let used = generics.params.iter().filter_map(|param| match param {
                GenericParam::Lifetime(param) => {
                    let lifetime = &param.lifetime;
                    Some(quote!(&#lifetime ()))
                }
                GenericParam::Type(param) => {
                    let ident = &param.ident;
                    Some(quote!(*const #ident))
                }
                GenericParam::Const(_) => None,
            });
            let bounds = &generics.where_clause;
            quote! {
                #(#attrs)*
                #vis struct #ident #generics (::core::marker::PhantomData<fn(#(#used),*)>) #bounds;
            }
        }
        _ => quote!(#declared),
    }
}
