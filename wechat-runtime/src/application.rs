//! The two kinds of application, as types.

pub(crate) use self::sealed::Kind;
use self::sealed::Sealed;

/// A kind of application: what its client can be told and which storage it takes.
///
/// Sealed: [`Common`] and [`Component`] are two, and nothing outside this crate can be.
pub trait Application: Sealed + Send + Sync + 'static {}

/// A common application: one Official Account or Mini Program that calls WeChat for itself.
#[derive(Debug)]
pub enum Common {}

/// A component application (third-party platform): it calls WeChat for the accounts that have authorized it.
#[derive(Debug)]
pub enum Component {}

impl Application for Common {}
impl Application for Component {}

mod sealed {
    /// The kind of application, as a value.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Kind {
        Common,
        Component,
    }

    pub trait Sealed {
        const KIND: Kind;
    }

    impl Sealed for super::Common {
        const KIND: Kind = Kind::Common;
    }

    impl Sealed for super::Component {
        const KIND: Kind = Kind::Component;
    }
}
