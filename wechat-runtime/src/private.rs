//! What the expansion of `#[wechat_client]` may name. Not part of the public interface.

pub use std::clone::Clone;
pub use std::default::Default;
pub use std::fmt;
pub use std::marker::PhantomData;
pub use std::ops::Deref;
pub use std::sync::OnceLock;
pub use std::time::Duration;

pub use crate::adapters::HubClient;
pub use crate::storage::DefaultArgs;
pub use crate::{Adapter, Bound, Call, Client, ClientBuilder, Common, Component, TokenKind};

use crate::Application;

/// A type that the attribute has declared.
pub trait Declared: Sized {
    /// The kind of application it was declared for.
    type App: Application;

    /// Makes it of the client it wraps.
    fn from_client(client: Client<Self::App>) -> Self;
}

/// Binds the declared adapter to its arguments, for this kind of application.
pub fn bind<App: Application, S, M>(_: PhantomData<App>, adapter: S, args: S::Args) -> Bound<App>
where
    S: Adapter<App, M>,
{
    Bound::new(adapter, args)
}

/// Binds the declared adapter to the default of its arguments, for this kind of application.
pub fn bind_default<App: Application, S, M>(_: PhantomData<App>, adapter: S) -> Bound<App>
where
    S: Adapter<App, M>,
    S::Args: DefaultArgs,
{
    Bound::new(adapter, S::Args::default_args())
}

/// Holds when `S` is an adapter: checks it where it is declared.
pub const fn assert_adapter<App: Application, S, M>()
where
    S: Adapter<App, M>,
{
}

/// Begins a declared client.
pub fn builder<T: Declared>(bound: Bound<T::App>) -> ClientBuilder<T::App, T> {
    ClientBuilder::new(bound, T::from_client)
}

/// Makes a declared client. What is wrong with its settings is the error of each call.
#[must_use]
pub fn declared<App: Application, T>(builder: ClientBuilder<App, T>) -> T {
    builder.build_deferring()
}

/// Shows a declared client, without what is secret.
///
/// # Errors
///
/// Those of the formatter.
pub fn debug<App: Application>(name: &str, client: &Client<App>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    client.debug(name, f)
}
