//! What the programs in `src/bin` share. Besides, it has the code of the READMEs compiled as part of `cargo test`, and
//! run where that needs no network.

pub mod given;
pub mod show;
pub mod simulated;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../wechat-runtime/README.md")]
struct RuntimeReadme;
