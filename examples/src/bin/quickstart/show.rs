//! How the tour is printed.

use std::env;
use std::fmt::Display;
use std::io::{IsTerminal, stdout};

/// Columns of text before a line is broken.
const WIDTH: usize = 76;

pub(crate) fn step(number: u8, title: &str) {
    let bold = stdout().is_terminal() && env::var_os("NO_COLOR").is_none();
    let (begin, end) = if bold { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    println!("\n{begin}{number}  {title}{end}");
}

/// A line about the step.
pub(crate) fn note(text: &str) {
    println!("   {text}");
}

/// A fact: what it is about, and what it is.
pub(crate) fn fact(about: &str, what: impl Display) {
    println!("     {about:<16} {what}");
}

/// A long text, broken between words.
pub(crate) fn paragraph(text: &str) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + word.chars().count() >= WIDTH {
            println!("     {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    println!("     {line}");
}
