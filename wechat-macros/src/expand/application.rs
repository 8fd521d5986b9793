//! What a declared client has by its kind of application: the type, and the settings of one kind alone.

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
}
