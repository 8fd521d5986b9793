//! How the programs print what they tell. A reader who has gone away, as `head` does, is no reason to fail.

use std::env;
use std::fmt::Display;
use std::io::{IsTerminal, Write as _, stdout};

/// Columns of text before a line is broken.
const WIDTH: usize = 76;

/// A line as it is.
pub fn line(text: impl Display) {
    let _ = writeln!(stdout(), "{text}");
}

/// Begins a step of what is told.
pub fn step(number: u8, title: &str) {
    let bold = stdout().is_terminal() && env::var_os("NO_COLOR").is_none();
    let (begin, end) = if bold { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    line(format_args!("\n{begin}{number}  {title}{end}"));
}

/// A line about the step.
pub fn note(text: &str) {
    line(format_args!("   {text}"));
}

/// A fact: what it is about, and what it is.
pub fn fact(about: &str, what: impl Display) {
    line(format_args!("     {about:<16} {what}"));
}

/// A long text, broken between words.
pub fn paragraph(text: &str) {
    let mut row = String::new();
    for word in text.split_whitespace() {
        if !row.is_empty() && row.chars().count() + word.chars().count() >= WIDTH {
            line(format_args!("     {row}"));
            row.clear();
        }
        if !row.is_empty() {
            row.push(' ');
        }
        row.push_str(word);
    }
    line(format_args!("     {row}"));
}
