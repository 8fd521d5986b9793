//! The programs are in `src/bin`. This library holds nothing: it has the code of the workspace's README compiled,
//! and run where it can be, as part of `cargo test`.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
