//! What is read, and what is refused.

use super::*;

fn read(content_type: &str, body: &str) -> Result<Vec<Part>, Malformed> {
    parse(content_type, &Bytes::copy_from_slice(body.as_bytes()))
}

fn disposition(value: &str) -> Result<Disposition, Malformed> {
    let body = format!("--b\r\nContent-Disposition: {value}\r\n\r\nx\r\n--b--\r\n");
    let mut parts = read("multipart/form-data; boundary=b", &body)?;
    assert_eq!(parts.len(), 1);
    Ok(parts.remove(0).disposition)
}

fn file_name(quoted: &str) -> Option<String> {
    disposition(&format!("form-data; name=\"media\"; filename=\"{quoted}\"")).ok()?.file_name
}

#[test]
fn parts_are_read_in_order_with_their_headers_as_they_came() {
    let body = "--b\r\ncontent-TYPE: image/png\r\nContent-Disposition: form-data; name=\"media\"; filename=\"图.png\"\r\n\r\n\
                \r\n--bb\r\n--\r\n\r\n--b\r\nContent-Disposition: form-data; name=type\r\n\r\nimage\r\n--b--epilogue";
    let parts = read("Multipart/Form-Data; charset=utf-8; boundary=\"b\"", body).unwrap();
    assert_eq!(parts[0].headers[0], ("content-TYPE".to_owned(), "image/png".to_owned()));
    assert_eq!(parts[0].header("content-type"), Some("image/png"));
    assert_eq!(parts[0].disposition.file_name.as_deref(), Some("图.png"));
    assert_eq!(parts[0].body, "\r\n--bb\r\n--\r\n", "what only looks like a delimiter is content");
    let names: Vec<_> = parts.iter().map(|part| part.disposition.name.as_str()).collect();
    assert_eq!(names, ["media", "type"]);
    assert_eq!(parts[1].disposition.file_name, None);
    assert_eq!(parts[1].body, "image");
}

#[test]
fn an_empty_form_has_no_parts_and_an_empty_part_no_bytes() {
    assert_eq!(read("multipart/form-data; boundary=b", "--b--").unwrap().len(), 0);
    let body = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--b--\r\n";
    assert!(read("multipart/form-data; boundary=b", body).unwrap()[0].body.is_empty());
}

#[test]
fn a_missing_boundary_is_told_by_the_first_line() {
    let body = "--x-y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x-y--\r\n";
    assert_eq!(read("multipart/form-data", body).unwrap()[0].body, "1");
    assert_eq!(read("multipart/form-data; boundary=z", body).unwrap_err(), Malformed, "a wrong one is not");
}

#[test]
fn every_way_to_escape_a_quote_or_a_line_break_is_understood() {
    let cases = [
        ("a.png", "a.png"),
        ("a%22b.png", "a\"b.png"),
        ("a\\\"b.png", "a\"b.png"),
        ("a%0D%0Ab.png", "a\r\nb.png"),
        ("a%0d%0ab.png", "a\r\nb.png"),
        ("C:\\图\\a.png", "C:\\图\\a.png"),
        ("100%25; name=x.png", "100%25; name=x.png"),
        ("", ""),
    ];
    for (quoted, name) in cases {
        assert_eq!(file_name(quoted).as_deref(), Some(name), "{quoted}");
    }
}

#[test]
fn a_name_that_breaks_out_of_its_header_is_refused() {
    let cases = [
        "a\"b.png",
        "a\"; filename=\"b.png",
        "a\"; name=\"type",
        "a\r\nb.png",
        "a\nb.png",
        "a\rb.png",
        "a.png\"\r\nX-Own: \"1",
        "a.png\"\r\nContent-Disposition: form-data; name=\"type",
        "a.png\r\n\r\nb",
        "a.png\\",
    ];
    for quoted in cases {
        assert_eq!(file_name(quoted), None, "{quoted}");
    }
}

#[test]
fn a_file_name_in_another_charset_s_parameter_is_none() {
    let read = disposition("form-data; name=\"media\"; filename*=UTF-8''%E5%9B%BE.png").unwrap();
    assert_eq!(read, Disposition { name: "media".to_owned(), file_name: None });
}

#[test]
fn a_disposition_that_is_none_is_refused() {
    for value in
        ["", "attachment; name=\"a\"", "form-data", "form-data; name", "form-data; name=", "form-data; =x"]
    {
        assert_eq!(disposition(value), Err(Malformed), "{value}");
    }
}

#[test]
fn a_body_that_is_no_form_is_refused() {
    let part = "Content-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
    let cases = [
        ("application/json", format!("--b\r\n{part}--b--")),
        ("multipart/mixed; boundary=b", format!("--b\r\n{part}--b--")),
        ("multipart/form-data; boundary=b", String::new()),
        ("multipart/form-data", String::new()),
        ("multipart/form-data; boundary=", format!("--\r\n{part}----")),
        ("multipart/form-data; boundary=b", format!("preamble\r\n--b\r\n{part}--b--")),
        ("multipart/form-data; boundary=b", format!("--b\r\n{part}")),
        ("multipart/form-data; boundary=b", format!("--b\r\n{part}--b")),
        ("multipart/form-data; boundary=b", format!("--b\n{part}--b--")),
        ("multipart/form-data; boundary=b", "--b\r\n\r\n1\r\n--b--".to_owned()),
        ("multipart/form-data; boundary=b", "--b\r\nno header\r\n\r\n1\r\n--b--".to_owned()),
        ("multipart/form-data; boundary=b", format!("--b\r\nX-Own: 1\r\n{part}--b--")),
        (
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=a\r\n--b--".to_owned(),
        ),
    ];
    for (content_type, body) in cases {
        assert!(read(content_type, &body).is_err(), "{content_type}: {body:?}");
    }
}

#[test]
fn a_text_is_found_wherever_it_begins() {
    for length in 0..40 {
        let body = [vec![b'-'; length], b"--boundary".to_vec(), vec![b'y'; 3]].concat();
        assert_eq!(search(&body, b"--boundary", 0), Some(length));
        assert_eq!(search(&body, b"--boundary", length + 1), None);
    }
    assert_eq!(search(b"ab", b"abc", 0), None);
    assert_eq!(search(b"ab", b"b", 7), None);
}
