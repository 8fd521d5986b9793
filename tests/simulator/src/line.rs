//! The separate kinds of token that an account has.

use std::fmt;

use serde::Serialize;

/// A kind of credential. An account's lines never affect each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Line {
    /// The access token of `GET /cgi-bin/token`: every fetch replaces it.
    Classic,
    /// The access token of `POST /cgi-bin/stable_token`: the same one until its last 5 minutes.
    Stable,
}

impl Line {
    /// Every line there is.
    pub const ALL: [Line; 2] = [Line::Classic, Line::Stable];

    /// The line's name in `/_sim/` paths and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Line::Classic => "classic",
            Line::Stable => "stable",
        }
    }

    /// The line of a name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Line::ALL.into_iter().find(|line| line.name() == name)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
