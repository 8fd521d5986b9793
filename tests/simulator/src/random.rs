//! Random texts of the kind that the platform's credentials and ids are made of.

const URL_SAFE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A text of url-safe characters.
pub(crate) fn url_safe(length: usize) -> String {
    let character = || char::from(URL_SAFE[fastrand::usize(..URL_SAFE.len())]);
    std::iter::repeat_with(character).take(length).collect()
}

/// A text of letters and digits.
pub(crate) fn alphanumeric(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(length).collect()
}

/// 16 random bytes in base64.
pub(crate) fn base64_of_16_bytes() -> String {
    // The last character holds two bits only.
    let last = ['A', 'Q', 'g', 'w'][fastrand::usize(..4)];
    format!("{}{last}==", alphanumeric(21))
}
