//! What a declared client has by its kind of application: the type, the settings and the methods of one kind alone.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Declaration, placed};
use crate::model::{Application, Keyed, TokenKind};

impl Declaration<'_> {
    /// The kind, as the runtime's type.
    pub(crate) fn app(&self) -> TokenStream {
        let r = self.runtime;
        match self.application {
            Application::Common { .. } => quote!(#r::Common),
            Application::Component { .. } => quote!(#r::Component),
        }
    }

    /// The calls on the builder that only one kind has.
    pub(super) fn application_settings(&self) -> TokenStream {
        let r = self.runtime;
        match self.application {
            Application::Common { token } => {
                let token = token.iter().map(|Keyed { key: _, value }| match value {
                    TokenKind::Stable => quote!(.token(#r::TokenKind::Stable)),
                    TokenKind::Classic => quote!(.token(#r::TokenKind::Classic)),
                });
                quote!(#(#token)*)
            }
            Application::Component { authorizer_appid } => {
                let authorizer_appid = authorizer_appid.iter().map(|Keyed { key, value }| {
                    let authorizer_appid = placed("authorizer_appid", *key);
                    quote!(.#authorizer_appid(#value))
                });
                quote!(#(#authorizer_appid)*)
            }
        }
    }

    /// The methods that only one kind has, or that take more with one of them.
    pub(super) fn application_methods(&self) -> TokenStream {
        match self.application {
            Application::Common { .. } => self.common_methods(),
            Application::Component { .. } => self.component_methods(),
        }
    }

    fn common_methods(&self) -> TokenStream {
        let r = self.runtime;
        quote! {
            /// The access token in use, from the storage or, where it has none that lives, from WeChat.
            ///
            /// # Errors
            ///
            /// Where the storage fails or WeChat grants no token.
            pub async fn fetch_access_token(&self) -> #r::Result<#r::Token, #r::Error> {
                #r::Call::client(self).fetch_access_token().await
            }

            /// The access token that follows the refused one, asked of WeChat only if nobody did so before.
            ///
            /// # Errors
            ///
            /// Where the storage fails or WeChat grants no token.
            pub async fn refresh_access_token(&self, stale: &#r::Secret) -> #r::Result<#r::Token, #r::Error> {
                #r::Call::client(self).refresh_access_token(stale).await
            }
        }
    }

    fn component_methods(&self) -> TokenStream {
        let r = self.runtime;
        quote! {
            /// The account that calls are made for, unless each call names its own.
            #[must_use]
            pub fn authorizer_appid(&self) -> #r::Option<&str> {
                #r::Call::client(self).authorizer_appid()
            }

            /// A handle on one account that has authorized the component. It is cheap, and calls as a common application's
            /// client does.
            pub fn authorizer(&self, authorizer_appid: impl #r::Into<#r::String>) -> #r::Authorizer {
                #r::Call::client(self).authorizer(authorizer_appid)
            }

            /// The component's own access token, from the storage or, where it has none that lives, from WeChat.
            ///
            /// # Errors
            ///
            /// Where the storage fails or WeChat grants no token.
            pub async fn fetch_component_access_token(&self) -> #r::Result<#r::Token, #r::Error> {
                #r::Call::client(self).fetch_component_access_token().await
            }

            /// The component's own access token that follows the refused one, asked of WeChat only if nobody did so
            /// before.
            ///
            /// # Errors
            ///
            /// Where the storage fails or WeChat grants no token.
            pub async fn refresh_component_access_token(
                &self,
                stale: &#r::Secret,
            ) -> #r::Result<#r::Token, #r::Error> {
                #r::Call::client(self).refresh_component_access_token(stale).await
            }

            /// The access token of an account that has authorized the component, from the storage or, where it has
            /// none that lives, from WeChat.
            ///
            /// # Errors
            ///
            /// Where the storage fails, WeChat grants no token, or the account authorizes the component no more.
            pub async fn fetch_access_token(
                &self,
                authorizer_appid: impl #r::Into<#r::String>,
            ) -> #r::Result<#r::Token, #r::Error> {
                #r::Call::client(self).fetch_access_token(authorizer_appid).await
            }

            /// The access token of an account that follows the refused one, asked of WeChat only if nobody did so
            /// before.
            ///
            /// # Errors
            ///
            /// Where the storage fails, WeChat grants no token, or the account authorizes the component no more.
            pub async fn refresh_access_token(
                &self,
                authorizer_appid: impl #r::Into<#r::String>,
                stale: &#r::Secret,
            ) -> #r::Result<#r::Token, #r::Error> {
                #r::Call::client(self).refresh_access_token(authorizer_appid, stale).await
            }

            /// The address of the page on which an account authorizes the component: await it.
            pub fn preauth_url(&self, redirect_uri: impl #r::Into<#r::String>) -> #r::PreauthCall {
                #r::Call::client(self).preauth_url(redirect_uri)
            }
        }
    }
}
