//! The programs are in `src/bin`. This library holds nothing: it has the code of the READMEs compiled as part of
//! `cargo test`, and run where that needs no network.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../wechat-runtime/README.md")]
struct RuntimeReadme;
