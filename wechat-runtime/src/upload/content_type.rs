//! What a file is, by its extension: the types of file that WeChat takes.

const BY_EXTENSION: &[(&[&str], &str)] = &[
    (&["jpg", "jpeg"], "image/jpeg"),
    (&["png"], "image/png"),
    (&["gif"], "image/gif"),
    (&["bmp"], "image/bmp"),
    (&["mp3"], "audio/mpeg"),
    (&["amr"], "audio/amr"),
    (&["wma"], "audio/x-ms-wma"),
    (&["wav"], "audio/wav"),
    (&["mp4"], "video/mp4"),
    (&["json"], "application/json"),
    (&["pdf"], "application/pdf"),
    (&["txt"], "text/plain"),
];

const ANYTHING: &str = "application/octet-stream";

pub(super) fn of(extension: Option<&str>) -> &'static str {
    let extension = extension.unwrap_or_default();
    let row =
        BY_EXTENSION.iter().find(|(names, _)| names.iter().any(|name| name.eq_ignore_ascii_case(extension)));
    row.map_or(ANYTHING, |(_, content_type)| content_type)
}
