//! The impls of a declared client: each method hands over to the runtime's client.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;

use super::{Constructor, Declaration};
use crate::item;

impl Declaration<'_> {
    /// The inherent impl and those of the traits.
    pub(crate) fn impls(&self, constructor: &Constructor, builder: &TokenStream) -> TokenStream {
        let constructors = self.constructors(constructor, builder);
        let methods = self.methods();
        let of_application = self.application_methods();
        let traits = self.traits(constructor);
        let Self { attrs, ident, generics, .. } = self;
        let (generics, params, bounds) = generics.split_for_impl();
        quote! {
            #attrs
            impl #generics #ident #params #bounds {
                #constructors
                #methods
                #of_application
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

    fn methods(&self) -> TokenStream {
        let (r, app) = (self.runtime, self.app());
        let verbs = ["get", "post", "put", "patch", "delete", "head"].map(|verb| {
            let doc = format!("Starts a {} call.", verb.to_uppercase());
            let verb = format_ident!("{verb}");
            quote! {
                #[doc = #doc]
                pub fn #verb(&self, url: impl #r::Into<#r::String>) -> #r::RequestBuilder<#app> {
                    #r::Call::client(self).#verb(url)
                }
            }
        });
        quote! {
            /// Starts a call by any method.
            pub fn request(
                &self,
                method: #r::Method,
                url: impl #r::Into<#r::String>,
            ) -> #r::RequestBuilder<#app> {
                #r::Call::client(self).request(method, url)
            }

            #(#verbs)*

            /// The application, unless each call names its own.
            #[must_use]
            pub fn appid(&self) -> #r::Option<&str> {
                #r::Call::client(self).appid()
            }

            /// The cap on the lifetime that WeChat grants, if one is set.
            #[must_use]
            pub fn expires_in(&self) -> #r::Option<#r::Duration> {
                #r::Call::client(self).expires_in()
            }

            /// The ticket of this type, from the storage or, where it has none that lives, from WeChat: await it.
            pub fn fetch_ticket(
                &self,
                ticket_type: impl #r::Into<#r::TicketType>,
            ) -> #r::TicketCall<#app, #r::Ticket> {
                #r::Call::client(self).fetch_ticket(ticket_type)
            }

            /// What a page at this address gives to `wx.config`: await it.
            pub fn jssdk_config(
                &self,
                url: impl #r::Into<#r::String>,
            ) -> #r::TicketCall<#app, #r::JssdkConfig> {
                #r::Call::client(self).jssdk_config(url)
            }

            /// What a page gives to `wx.addCard` for this card: await it.
            pub fn card_signature(&self, card: #r::AddCard) -> #r::TicketCall<#app, #r::SignedCard> {
                #r::Call::client(self).card_signature(card)
            }

            /// What a page gives to `wx.chooseCard` for these cards: await it.
            pub fn choose_card_signature(
                &self,
                cards: #r::ChooseCard,
            ) -> #r::TicketCall<#app, #r::SignedChoice> {
                #r::Call::client(self).choose_card_signature(cards)
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
