//! A valid [`Model`] as tokens: a few constants, and methods that hand over to the runtime. Cannot fail.
//!
//! The user's own tokens keep their spans, so that the compiler points at them; all else, paths to the runtime included,
//! is spanned at the macro, so that lints know it as generated. Locals are [`local`], out of the user's sight.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Attribute, Expr, Generics, Path, ext::IdentExt as _, spanned::Spanned as _};

use crate::{
    item,
    model::{Binding, Model, TokenKind},
};

/// The client.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let Model { krate, attrs, vis, ident, binding, appid, token, base_url, expires_in } = model;
    let p = &private(krate);

    let appid = appid.iter().map(|appid| quote!(.appid(#appid)));
    let token = token.iter().map(|token| match token {
        TokenKind::Stable => quote!(.token(#p::TokenKind::Stable)),
        TokenKind::Classic => quote!(.token(#p::TokenKind::Classic)),
    });
    let base_url = base_url.iter().map(|base_url| quote!(.base_url(#base_url)));
    let expires_in = expires_in.iter().map(|seconds| quote!(.expires_in(#p::Duration::from_secs(#seconds))));
    let bound = bound(p, binding);

    let declaration = Declaration {
        p,
        cfgs: &item::cfgs(attrs),
        ident,
        generics: &Generics::default(),
        derived: &[],
        constructor: &constructor(p, binding),
        builder: &quote!(#p::builder::<Self>(#bound) #(#appid)* #(#token)* #(#base_url)* #(#expires_in)*),
        from_client: &quote!(Self),
        client: &quote!(&self.0),
    };
    let impls = declaration.impls();
    let assertion = assertion(&declaration, binding);
    quote! {
        #(#attrs)*
        #vis struct #ident(#p::Client<#p::Common>);
        #assertion
        #impls
    }
}

/// The module of the runtime that generated code may name.
pub(crate) fn private(krate: &Path) -> TokenStream {
    quote!(#krate::__private)
}

/// What `new` and `builder` take.
#[derive(Default)]
pub(crate) struct Constructor {
    /// With the angle brackets.
    pub(crate) generics: TokenStream,
    pub(crate) params: Vec<(Ident, TokenStream)>,
    /// With the word `where`.
    pub(crate) bounds: TokenStream,
}

/// The constructor of each row of the attribute's second table.
pub(crate) fn constructor(p: &TokenStream, binding: &Binding) -> Constructor {
    let (adapter, args) = (local("adapter"), local("args"));
    match binding {
        Binding::Declared { .. } => Constructor::default(),
        Binding::GivenArgs { adapter } => {
            let bound = quote!(#p::Adapter<#p::Common, __Marker>);
            Constructor {
                generics: quote!(<__Marker>),
                params: vec![(args, quote!(<#adapter as #bound>::Args))],
                bounds: quote!(where #adapter: #bound),
            }
        }
        Binding::GivenAdapter => Constructor {
            generics: quote!(<__Adapter, __Marker>),
            params: vec![(adapter, quote!(__Adapter))],
            bounds: quote! {
                where
                    __Adapter: #p::Adapter<#p::Common, __Marker>,
                    __Adapter::Args: #p::Default,
            },
        },
        Binding::Given => Constructor {
            generics: quote!(<__Adapter, __Marker>),
            params: vec![(adapter, quote!(__Adapter)), (args, quote!(__Adapter::Args))],
            bounds: quote!(where __Adapter: #p::Adapter<#p::Common, __Marker>),
        },
    }
}

/// A name for a value that the user's expressions cannot see.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The expression of type `Bound` in the body of `builder`.
fn bound(p: &TokenStream, binding: &Binding) -> TokenStream {
    let (adapter, args, bind) = (local("adapter"), local("args"), local("bind"));
    match binding {
        Binding::Declared { adapter, args } => {
            let bound = bind_declared(p, adapter, args.as_ref());
            // The closure stands outside the block of the static, whose name the user's expressions would see.
            quote! {{
                let #bind = || #bound;
                {
                    static BOUND: #p::OnceLock<#p::Bound<#p::Common>> = #p::OnceLock::new();
                    #p::Clone::clone(BOUND.get_or_init(#bind))
                }
            }}
        }
        Binding::GivenArgs { adapter } => quote!(#p::bind::<#p::Common, #adapter, __Marker>(#adapter, #args)),
        Binding::GivenAdapter => quote!(#p::bind_default::<#p::Common, __Adapter, __Marker>(#adapter)),
        Binding::Given => quote!(#p::bind::<#p::Common, __Adapter, __Marker>(#adapter, #args)),
    }
}

/// The call that binds what was declared. The function is spanned at the adapter: where its bounds are not met, the
/// compiler points there.
fn bind_declared(p: &TokenStream, adapter: &Expr, args: Option<&Expr>) -> TokenStream {
    let span = adapter.span();
    match args {
        Some(args) => quote!(#p::bind::<#p::Common, _, _>(#adapter, #args)),
        None => quote!(#p::bind_default::<#p::Common, _, _>(#adapter)),
    }
}

/// A declared adapter whose `args` are not is checked where it is declared, not where `new` is called.
fn assertion(declaration: &Declaration<'_>, binding: &Binding) -> TokenStream {
    let Declaration { p, cfgs, .. } = declaration;
    match binding {
        Binding::GivenArgs { adapter } => quote! {
            #(#cfgs)*
            const _: () = #p::assert_adapter::<#p::Common, #adapter, _>();
        },
        Binding::Declared { .. } | Binding::GivenAdapter | Binding::Given => TokenStream::new(),
    }
}

/// The impls of a client, whether it stands on a runtime client or, after a mistake, on nothing.
pub(crate) struct Declaration<'a> {
    pub(crate) p: &'a TokenStream,
    pub(crate) cfgs: &'a [&'a Attribute],
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    /// Traits that the item derives.
    pub(crate) derived: &'a [Path],
    pub(crate) constructor: &'a Constructor,
    /// The body of `builder`.
    pub(crate) builder: &'a TokenStream,
    /// The function from the runtime's client to `Self`.
    pub(crate) from_client: &'a TokenStream,
    /// The expression from `self` to a reference to the runtime's client.
    pub(crate) client: &'a TokenStream,
}

impl Declaration<'_> {
    pub(crate) fn impls(&self) -> TokenStream {
        let constructors = self.constructors();
        let methods = self.methods();
        let traits = self.traits();
        let Self { cfgs, ident, generics, .. } = self;
        let (generics, params, bounds) = generics.split_for_impl();
        quote! {
            #(#cfgs)*
            impl #generics #ident #params #bounds {
                #constructors
                #methods
            }
            #traits
        }
    }

    fn constructors(&self) -> TokenStream {
        let Self { p, constructor, builder, .. } = self;
        let Constructor { generics, params, bounds } = constructor;
        let names: Vec<_> = params.iter().map(|(name, _)| name).collect();
        let params: Vec<_> = params.iter().map(|(name, ty)| quote!(#name: #ty)).collect();
        quote! {
            /// A client as it is declared. Where its set-up fails, its first call says so.
            #[must_use]
            pub fn new #generics (#(#params),*) -> Self
            #bounds
            {
                #p::declared(Self::builder(#(#names),*))
            }

            /// A client as it is declared, with settings of the running program: see `ClientBuilder`.
            #[must_use]
            pub fn builder #generics (#(#params),*) -> #p::ClientBuilder<#p::Common, Self>
            #bounds
            {
                #builder
            }
        }
    }

    fn methods(&self) -> TokenStream {
        let p = self.p;
        let verbs = ["get", "post", "put", "patch", "delete", "head"].map(|verb| {
            let doc = format!("Starts a {} call.", verb.to_uppercase());
            let verb = format_ident!("{verb}");
            quote! {
                #[doc = #doc]
                pub fn #verb(&self, url: impl #p::Into<#p::String>) -> #p::RequestBuilder<#p::Common> {
                    #p::Call::client(self).#verb(url)
                }
            }
        });
        quote! {
            /// Starts a call by any method.
            pub fn request(
                &self,
                method: #p::Method,
                url: impl #p::Into<#p::String>,
            ) -> #p::RequestBuilder<#p::Common> {
                #p::Call::client(self).request(method, url)
            }

            #(#verbs)*

            /// The application, unless each call names its own.
            #[must_use]
            pub fn appid(&self) -> #p::Option<&str> {
                #p::Call::client(self).appid()
            }

            /// The cap on the lifetime that WeChat grants, if one is set.
            #[must_use]
            pub fn expires_in(&self) -> #p::Option<#p::Duration> {
                #p::Call::client(self).expires_in()
            }

            /// The access token in use, from the storage or, where it has none that lives, from WeChat.
            ///
            /// # Errors
            ///
            /// Where the storage fails or WeChat grants no token.
            pub async fn fetch_access_token(&self) -> #p::Result<#p::Token, #p::Error> {
                #p::Call::client(self).fetch_access_token().await
            }

            /// The access token that follows the one that was refused, asked of WeChat only if nobody did so before.
            ///
            /// # Errors
            ///
            /// Where the storage fails or WeChat grants no token.
            pub async fn refresh_access_token(&self, stale: &#p::Secret) -> #p::Result<#p::Token, #p::Error> {
                #p::Call::client(self).refresh_access_token(stale).await
            }
        }
    }

    fn traits(&self) -> TokenStream {
        let Self { p, ident, client, from_client, .. } = self;
        let name = ident.unraw().to_string();
        let call = self.implement(&quote!(#p::Call), &quote! {
            type App = #p::Common;

            fn client(&self) -> &#p::Client<#p::Common> {
                #client
            }
        });
        let declared = self.implement(&quote!(#p::Declared), &quote! {
            type App = #p::Common;

            fn from_client(client: #p::Client<#p::Common>) -> Self {
                #from_client(client)
            }
        });
        let clone = self.implement_unless_derived("Clone", &quote! {
            fn clone(&self) -> Self {
                #p::Declared::from_client(#p::Clone::clone(#p::Call::client(self)))
            }
        });
        let debug = self.implement_unless_derived("Debug", &quote! {
            fn fmt(&self, f: &mut #p::fmt::Formatter<'_>) -> #p::fmt::Result {
                #p::debug(#name, #p::Call::client(self), f)
            }
        });
        let default = self.constructor.params.is_empty().then(|| {
            self.implement_unless_derived("Default", &quote! {
                fn default() -> Self {
                    Self::new()
                }
            })
        });
        quote!(#call #declared #clone #debug #default)
    }

    fn implement_unless_derived(&self, name: &str, body: &TokenStream) -> TokenStream {
        if self.derived.iter().any(|path| item::is_named(path, name)) {
            return TokenStream::new();
        }
        let p = self.p;
        let path = match name {
            "Debug" => quote!(#p::fmt::Debug),
            name => {
                let name = format_ident!("{name}");
                quote!(#p::#name)
            }
        };
        self.implement(&path, body)
    }

    fn implement(&self, path: &TokenStream, body: &TokenStream) -> TokenStream {
        let Self { cfgs, ident, generics, .. } = self;
        let (generics, params, bounds) = generics.split_for_impl();
        quote! {
            #(#cfgs)*
            #[automatically_derived]
            impl #generics #path for #ident #params #bounds {
                #body
            }
        }
    }
}
