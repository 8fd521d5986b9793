//! The impls of a declared client: the constructors, and the traits by which all else is the runtime's client's.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;

use super::{Constructor, Declaration};
use crate::item;

impl Declaration<'_> {
    /// The inherent impl and those of the traits.
    pub(crate) fn impls(&self, constructor: &Constructor, builder: &TokenStream) -> TokenStream {
        let constructors = self.constructors(constructor, builder);
        let traits = self.traits(constructor);
        let Self { attrs, ident, generics, .. } = self;
        let (generics, params, bounds) = generics.split_for_impl();
        quote! {
            #attrs
            impl #generics #ident #params #bounds {
                #constructors
            }
            #traits
        }
    }

    fn constructors(&self, constructor: &Constructor, builder: &TokenStream) -> TokenStream {
        let Constructor { generics, params, bounds } = constructor;
        let (r, app) = (self.runtime, self.app());
        let names: Vec<_> = params.iter().map(|(name, _)| name).collect();
        let params: Vec<_> = params.iter().map(|(name, ty)| quote!(#name: #ty)).collect();
        quote! {
            /// A client as it is declared. Where its set-up fails, its first call says so.
            #[must_use]
            pub fn new #generics (#(#params),*) -> Self
            #bounds
            {
                #r::declared(Self::builder(#(#names),*))
            }

            /// A client as it is declared, with settings of the running program: see `ClientBuilder`.
            #[must_use]
            pub fn builder #generics (#(#params),*) -> #r::ClientBuilder<#app, Self>
            #bounds
            {
                #builder
            }
        }
    }

    fn traits(&self, constructor: &Constructor) -> TokenStream {
        let Self { runtime: r, ident, client, from_client, .. } = self;
        let app = self.app();
        let name = ident.unraw().to_string();
        let call = quote! {
            type App = #app;

            fn client(&self) -> &#r::Client<#app> {
                #client
            }
        };
        let deref = quote! {
            type Target = #r::Client<#app>;

            fn deref(&self) -> &Self::Target {
                #r::Call::client(self)
            }
        };
        let declared = quote! {
            type App = #app;

            fn from_client(client: #r::Client<#app>) -> Self {
                #from_client(client)
            }
        };
        let clone = quote! {
            fn clone(&self) -> Self {
                #r::Declared::from_client(#r::Clone::clone(#r::Call::client(self)))
            }
        };
        let debug = quote! {
            fn fmt(&self, f: &mut #r::fmt::Formatter<'_>) -> #r::fmt::Result {
                #r::debug(#name, #r::Call::client(self), f)
            }
        };
        let default = quote! {
            fn default() -> Self {
                Self::new()
            }
        };
        let takes_nothing = constructor.params.is_empty();
        let impls = [
            (quote!(Call), call, true),
            (quote!(Deref), deref, true),
            (quote!(Declared), declared, true),
            (quote!(Clone), clone, !self.derives("Clone")),
            (quote!(fmt::Debug), debug, !self.derives("Debug")),
            (quote!(Default), default, !self.derives("Default") && takes_nothing),
        ];
        let Self { attrs, generics, .. } = self;
        let (generics, params, bounds) = generics.split_for_impl();
        let impls = impls.into_iter().filter(|(.., wanted)| *wanted).map(|(path, body, _)| {
            quote! {
                #attrs
                #[automatically_derived]
                impl #generics #r::#path for #ident #params #bounds {
                    #body
                }
            }
        });
        quote!(#(#impls)*)
    }

    fn derives(&self, name: &str) -> bool {
        self.derived.iter().any(|path| item::is_named(path, name))
    }
}
