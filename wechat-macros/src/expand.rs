//! A valid [`Model`] as tokens: a few constants, and methods that hand over to the runtime. Cannot fail.
//!
//! The user's own tokens keep their spans, so that the compiler points at them. All else is marked as generated, for
//! lints; what the compiler mentions beside a wrong value is placed at the value's key. Locals are out of the user's sight.

mod application;
mod impls;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, ExprPath, GenericParam, Generics, Path, ext::IdentExt as _, parse_quote};

use crate::{
    item,
    model::{Application, Binding, DeclaredAdapter, Keyed, Model, Settings},
};

/// The client.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let Model { attrs, vis, struct_token, semi_token, ident, binding, settings } = model;
    let runtime = runtime(ident);
    let declaration = Declaration {
        runtime: &runtime,
        application: &settings.application,
        attrs: &item::shared_attrs(attrs),
        ident,
        generics: &Generics::default(),
        derived: &[],
        from_client: &quote!(Self),
        client: &quote!(&self.0),
    };
    let import = declaration.import(&settings.krate);
    let impls = declaration.impls_for(binding, settings);
    let app = declaration.app();
    quote! {
        #import
        #(#attrs)*
        #vis #struct_token #ident(#runtime::Client<#app>) #semi_token
        #impls
    }
}

/// The name, beside the declaration, for the module of the runtime that generated code uses. One import, so that a wrong
/// path of the runtime is one error.
pub(crate) fn runtime(ident: &Ident) -> Ident {
    format_ident!("__wechat_client_{}", ident.unraw(), span = Span::call_site())
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

/// The impls of a client, whether it stands on a runtime client or, after a mistake, on nothing.
pub(crate) struct Declaration<'a> {
    pub(crate) runtime: &'a Ident,
    pub(crate) application: &'a Application,
    /// The attributes of each generated item.
    pub(crate) attrs: &'a TokenStream,
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    /// Traits that the item derives.
    pub(crate) derived: &'a [Path],
    /// The function from the runtime's client to `Self`.
    pub(crate) from_client: &'a TokenStream,
    /// The expression from `self` to a reference to the runtime's client.
    pub(crate) client: &'a TokenStream,
}

impl Declaration<'_> {
    pub(crate) fn import(&self, krate: &Path) -> TokenStream {
        let Self { runtime, attrs, .. } = self;
        quote! {
            #attrs
            #[doc(hidden)]
            use #krate::__private as #runtime;
        }
    }

    /// The impls of a client whose adapter and `args` are known to come from somewhere.
    pub(crate) fn impls_for(&self, binding: &Binding, settings: &Settings) -> TokenStream {
        let Self { runtime: r, attrs, .. } = self;
        let bound = self.bound(binding);
        let settings = self.settings(settings);
        let builder = quote!(#r::builder::<Self>(#bound) #settings);
        let impls = self.impls(&self.constructor(binding), &builder);
        let Binding::GivenArgs { adapter } = binding else {
            return impls;
        };
        let given_args = self.given_args(adapter);
        quote! {
            #attrs
            const _: () = {
                #given_args
                #impls
            };
        }
    }

    /// The constructor of each row of the attribute's second table.
    fn constructor(&self, binding: &Binding) -> Constructor {
        let (r, app) = (self.runtime, self.app());
        let (adapter, args) = (local("adapter"), local("args"));
        match binding {
            Binding::Declared(_) => Constructor::default(),
            Binding::GivenArgs { .. } => Constructor {
                generics: quote!(<__Marker>),
                params: vec![(args, quote!(<Self as __GivenArgs<__Marker>>::Args))],
                bounds: quote!(where Self: __GivenArgs<__Marker>),
            },
            Binding::GivenAdapter => Constructor {
                generics: quote!(<__Adapter, __Marker>),
                params: vec![(adapter, quote!(__Adapter))],
                bounds: quote! {
                    where
                        __Adapter: #r::Adapter<#app, __Marker>,
                        __Adapter::Args: #r::DefaultArgs,
                },
            },
            Binding::Given => Constructor {
                generics: quote!(<__Adapter, __Marker>),
                params: vec![(adapter, quote!(__Adapter)), (args, quote!(__Adapter::Args))],
                bounds: quote!(where __Adapter: #r::Adapter<#app, __Marker>),
            },
        }
    }

    /// The trait by which the signature of `new` names the `Args` of an adapter that may be more private than the client,
    /// and the check of the adapter where it is declared.
    fn given_args(&self, adapter: &ExprPath) -> TokenStream {
        let Self { runtime: r, ident, generics, .. } = self;
        let (app, args) = (self.app(), local("args"));
        let (_, params, _) = generics.split_for_impl();
        let mut generics = (*generics).clone();
        generics.params.extend([parse_quote!(__Args), parse_quote!(__Marker)] as [GenericParam; 2]);
        let bound = parse_quote!(#adapter: #r::Adapter<#app, __Marker, Args = __Args>);
        generics.make_where_clause().predicates.push(bound);
        let (generics, _, bounds) = generics.split_for_impl();
        quote! {
            const _: () = #r::assert_adapter::<#app, #adapter, _>();

            pub trait __GivenArgs<__Marker> {
                type Args;
                fn bind(args: Self::Args) -> #r::Bound<#app>;
            }

            impl #generics __GivenArgs<(__Args, __Marker)> for #ident #params #bounds
            {
                type Args = __Args;

                fn bind(#args: __Args) -> #r::Bound<#app> {
                    #r::bind(#r::PhantomData::<#app>, #adapter, #args)
                }
            }
        }
    }

    /// The expression of type `Bound` in the body of `builder`.
    fn bound(&self, binding: &Binding) -> TokenStream {
        let (r, app) = (self.runtime, self.app());
        let (adapter, args, bind) = (local("adapter"), local("args"), local("__bind"));
        match binding {
            Binding::Declared(declared) => {
                let bound = self.bind_declared(declared);
                // The closure stands outside the block of the static, whose name the user's expressions would see.
                quote! {{
                    let #bind = || -> #r::Bound<#app> { #bound };
                    {
                        static BOUND: #r::OnceLock<#r::Bound<#app>> = #r::OnceLock::new();
                        #r::Clone::clone(BOUND.get_or_init(#bind))
                    }
                }}
            }
            Binding::GivenArgs { .. } => quote!(<Self as __GivenArgs<__Marker>>::bind(#args)),
            Binding::GivenAdapter => quote!(#r::bind_default(#r::PhantomData::<#app>, #adapter)),
            Binding::Given => quote!(#r::bind(#r::PhantomData::<#app>, #adapter, #args)),
        }
    }

    /// The call that binds what was declared, without type arguments: the compiler would point at these, not at the
    /// adapter. The first argument says for which application.
    fn bind_declared(&self, declared: &DeclaredAdapter) -> TokenStream {
        let (r, app) = (self.runtime, self.app());
        let app = quote!(#r::PhantomData::<#app>);
        match declared {
            DeclaredAdapter::Own { key, adapter, args } => {
                let bind = self.path(*key, "bind");
                let args = args.as_ref().map_or_else(|| self.default_of(adapter), |args| quote!(#args));
                quote!(#bind(#app, #adapter, #args))
            }
            DeclaredAdapter::Hub { key, url, bearer } => {
                let (bind, client) = (self.path(*key, "bind_default"), self.path(*key, "HubClient"));
                let bearer = bearer.iter().map(|value| {
                    let bearer = placed("bearer", *key);
                    quote!(.#bearer(#value))
                });
                quote!(#bind(#app, #client::new(#url) #(#bearer)*))
            }
        }
    }

    /// `DefaultArgs::default_args()` placed on the adapter whose `Args` have no default.
    fn default_of(&self, adapter: &Expr) -> TokenStream {
        let tokens = || quote!(#adapter).into_iter();
        let span =
            |token: Option<proc_macro2::TokenTree>| token.map_or_else(Span::call_site, |token| token.span());
        let (first, last) = (generated(span(tokens().next())), generated(span(tokens().last())));
        let runtime = Ident::new(&self.runtime.to_string(), first);
        let default = quote_spanned!(last=> default_args());
        quote!(#runtime::DefaultArgs::#default)
    }

    /// The calls on the builder.
    fn settings(&self, settings: &Settings) -> TokenStream {
        let Settings { krate: _, application: _, appid, base_url, expires_in } = settings;
        let r = self.runtime;
        let appid = appid.iter().map(|Keyed { key, value }| {
            let appid = placed("appid", *key);
            quote!(.#appid(#value))
        });
        let of_application = self.application_settings();
        let base_url = base_url.iter().map(|Keyed { key, value }| {
            let base_url = placed("base_url", *key);
            quote!(.#base_url(#value))
        });
        let expires_in = expires_in.iter().map(|Keyed { key, value }| {
            let (seconds, u64) = (local("__seconds"), placed("u64", *key));
            let value = quote!({
                let #seconds: #u64 = #value;
                #seconds
            });
            quote!(.expires_in(#r::Duration::from_secs(#value)))
        });
        quote!(#(#appid)* #of_application #(#base_url)* #(#expires_in)*)
    }

    /// The path of a name of the runtime, placed at a key.
    fn path(&self, key: Span, name: &str) -> TokenStream {
        let (runtime, name) = (placed(&self.runtime.to_string(), key), placed(name, key));
        quote_spanned!(generated(key)=> #runtime::#name)
    }
}

/// A name for a value that the user's expressions cannot see.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A name of the runtime's, or of the language's, at the place of a user's token.
fn placed(name: &str, place: Span) -> Ident {
    Ident::new(name, generated(place))
}

/// The place of a user's token, for a token that is the macro's.
fn generated(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}
