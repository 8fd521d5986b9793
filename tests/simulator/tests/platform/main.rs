//! What must hold of the platform, asked over real HTTP.

mod support;
mod tokens;
