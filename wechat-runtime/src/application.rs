//! The two kinds of application, as types.

/// A kind of application: what its client can be told and which storage it takes.
///
/// Sealed: [`Common`] is one, and nothing outside this crate can be.
pub trait Application: sealed::Sealed + Send + Sync + 'static {}

/// A common application: one Official Account or Mini Program that calls WeChat for itself.
#[derive(Debug)]
pub enum Common {}

impl Application for Common {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Common {}
}
