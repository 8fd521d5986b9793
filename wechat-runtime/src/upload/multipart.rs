//! A form of files and fields as it goes over the wire.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::Upload;
use super::measured::{Measured, Segment};
use crate::Error;
use crate::errcode::ErrorKind;
use crate::random;

/// Writes the parts down, and finds out how long the files are.
pub(crate) async fn write(upload: Upload) -> Result<Measured, Error> {
    let Upload { files, texts, listener } = upload;
    if files.is_empty() && texts.is_empty() {
        return Err(Error::new(ErrorKind::Request, "the form to be uploaded has neither file nor field")
            .advising("add one by `Upload::file` or `Upload::text`"));
    }
    let boundary = format!("----wechat-{}", random::word());
    let mut segments = Vec::new();
    let mut head = String::new();
    for (name, file) in files {
        if file.file_name.is_empty() {
            return Err(Error::new(ErrorKind::Request, "a file to be uploaded has no name")
                .advising("give it one by `file_name`: WeChat tells its type by the extension"));
        }
        begin_part(&mut head, &boundary, &name);
        let _ = write!(head, "; filename=\"{}\"", escaped(&file.file_name));
        let content_type = file.content_type_or_guess();
        if content_type.chars().any(char::is_control) {
            return Err(Error::new(ErrorKind::Request, "a content_type has control characters in it"));
        }
        let _ = write!(head, "\r\nContent-Type: {content_type}\r\n\r\n");
        segments.push(Segment::Bytes(std::mem::take(&mut head).into()));
        segments.push(Segment::of(file).await?);
        head.push_str("\r\n");
    }
    for (name, value) in texts {
        begin_part(&mut head, &boundary, &name);
        let _ = write!(head, "\r\n\r\n{value}\r\n");
    }
    let _ = write!(head, "--{boundary}--\r\n");
    segments.push(Segment::Bytes(head.into()));
    let content_type = format!("multipart/form-data; boundary={boundary}");
    Ok(Measured::new(Some(content_type), segments, listener))
}

fn begin_part(to: &mut String, boundary: &str, name: &str) {
    let _ = write!(to, "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", escaped(name));
}

/// A name as it stands between quotes: raw UTF-8, with what could end the quotes or the line escaped as browsers
/// do. WeChat takes no `filename*=`.
fn escaped(name: &str) -> Cow<'_, str> {
    let ends = |c: char| matches!(c, '"' | '\\') || c.is_control();
    if !name.contains(ends) {
        return name.into();
    }
    let mut safe = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        if ends(c) {
            let _ = write!(safe, "%{:02X}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_gets_out_of_its_quotes() {
        assert_eq!(escaped("图 片😀.png"), "图 片😀.png");
        assert_eq!(escaped("a\"; x=\"\r\nX: y\\"), "a%22; x=%22%0D%0AX: y%5C");
        assert_eq!(escaped("a\0\u{7f}b"), "a%00%7Fb");
    }
}
