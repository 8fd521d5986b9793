//! A strict reader of multipart/form-data: what it does not understand for certain, it refuses.
//!
//! A part has Content-Disposition, and at most once each Content-Type, Content-Length and
//! Content-Transfer-Encoding; RFC 7578 allows no other header. So a file name that breaks out of its
//! quotes or its line leaves a header that is unfinished, unknown or there twice, and is refused with it.

mod disposition;

use bytes::Bytes;

pub(crate) use disposition::Disposition;

/// The headers that a part may have, in lower case.
const HEADERS: [&str; 4] =
    ["content-disposition", "content-type", "content-length", "content-transfer-encoding"];

/// The longest boundary that RFC 2046 allows, in characters.
const LONGEST_BOUNDARY: usize = 70;

/// One part of a form.
#[derive(Debug)]
pub(crate) struct Part {
    /// The headers as they came, names included.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) disposition: Disposition,
    pub(crate) body: Bytes,
}

/// A body that is no well-formed multipart/form-data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Part {
    /// The value of a header, its name given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

/// Reads a form. A Content-Type without a boundary is put up with, as WeChat does: the body's first line
/// then tells it.
pub(crate) fn parse(content_type: &str, body: &Bytes) -> Result<Vec<Part>, Malformed> {
    let boundary = match boundary_parameter(content_type)? {
        Some(boundary) => boundary,
        None => boundary_of_first_line(body).ok_or(Malformed)?,
    };
    if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY {
        return Err(Malformed);
    }
    let delimiter = [b"\r\n--", boundary.as_slice()].concat();
    // The first delimiter has no line break before it.
    let mut at = delimiter.len() - 2;
    if !body.starts_with(&delimiter[2..]) {
        return Err(Malformed);
    }
    let mut parts = Vec::new();
    while !body[at..].starts_with(b"--") {
        if !body[at..].starts_with(b"\r\n") {
            return Err(Malformed);
        }
        let end = end_of_part(body, &delimiter, at).ok_or(Malformed)?;
        parts.push(part(body, at + 2, end)?);
        at = end + delimiter.len();
    }
    Ok(parts)
}

/// Where the delimiter after a part begins. The delimiter's text with anything but a line break or `--`
/// after it is content.
fn end_of_part(body: &[u8], delimiter: &[u8], from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let end = search(body, delimiter, from)?;
        let rest = &body[end + delimiter.len()..];
        if rest.starts_with(b"\r\n") || rest.starts_with(b"--") {
            return Some(end);
        }
        from = end + 1;
    }
}

/// Reads the part between two delimiters, from the start of its first header.
fn part(body: &Bytes, start: usize, end: usize) -> Result<Part, Malformed> {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut at = start;
    loop {
        // The part's last line break belongs to the delimiter, but may end an empty header section.
        let line_end = search(&body[..(end + 2).min(body.len())], b"\r\n", at).ok_or(Malformed)?;
        let line = &body[at..line_end];
        at = line_end + 2;
        if line.is_empty() {
            break;
        }
        let (name, value) = header(line)?;
        if find(&headers, &name.to_ascii_lowercase()).is_some() {
            return Err(Malformed);
        }
        headers.push((name, value));
    }
    let disposition = Disposition::parse(find(&headers, "content-disposition").ok_or(Malformed)?)?;
    Ok(Part { headers, disposition, body: body.slice(at.min(end)..end) })
}

fn header(line: &[u8]) -> Result<(String, String), Malformed> {
    let line = std::str::from_utf8(line).map_err(|_| Malformed)?;
    let (name, value) = line.split_once(':').ok_or(Malformed)?;
    let known = HEADERS.contains(&name.to_ascii_lowercase().as_str());
    let value = value.trim_matches([' ', '\t']);
    if !known || value.contains(|character: char| character.is_control() && character != '\t') {
        return Err(Malformed);
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// The boundary that a Content-Type names; malformed if it is not that of a form.
fn boundary_parameter(content_type: &str) -> Result<Option<Vec<u8>>, Malformed> {
    let mut pieces = content_type.split(';');
    let media_type = pieces.next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("multipart/form-data") {
        return Err(Malformed);
    }
    let boundary = pieces.find_map(|piece| {
        let (name, value) = piece.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"').as_bytes().to_vec())
    });
    Ok(boundary)
}

fn boundary_of_first_line(body: &[u8]) -> Option<Vec<u8>> {
    // A longer line is none that could be told by its boundary.
    let start = &body[..body.len().min(LONGEST_BOUNDARY + 4)];
    let end = search(start, b"\r\n", 0)?;
    Some(start[..end].strip_prefix(b"--")?.to_vec())
}

/// Where a text begins in a body at or after a place, by Horspool's method: a file of 200 MB has to be
/// searched in a moment, in debug builds too.
fn search(body: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let last = wanted.len().checked_sub(1)?;
    let mut skips = [wanted.len(); 256];
    for (index, byte) in wanted[..last].iter().enumerate() {
        skips[usize::from(*byte)] = last - index;
    }
    let mut at = from;
    while let Some(window) = body.get(at..at + wanted.len()) {
        if window == wanted {
            return Some(at);
        }
        at += skips[usize::from(window[last])];
    }
    None
}

#[cfg(test)]
mod tests;
