//! The signature of a push, of a reply and of the handshake.

use std::fmt::Write;

use sha1::{Digest, Sha1};

/// The SHA-1, in lower-case hex, of the parts sorted bytewise and put together: token, timestamp and nonce
/// for `signature`; those and the encrypted text for `msg_signature`.
pub(crate) fn signature<const N: usize>(mut parts: [&str; N]) -> String {
    parts.sort_unstable();
    hex(&Sha1::digest(parts.concat()))
}

/// The name by which messages call an account: `gh_` and twelve hex digits, the same for the same appid.
pub(crate) fn user_name(appid: &str) -> String {
    let mut name = hex(&Sha1::digest(appid));
    name.truncate(12);
    format!("gh_{name}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn the_official_examples_are_signed_alike() {
        // The worked examples of the message-push page.
        assert_eq!(
            signature(["AAAAA", "1714036504", "1514711492"]),
            "f464b24fc39322e44b38aa78f5edd27bd1441696"
        );
        assert_eq!(
            signature(["AAAAA", "1714037059", "486452656"]),
            "899cf89e464efb63f54ddac96b0a0a235f53aa78"
        );
        let other_nonce = signature(["123456", "1411443780", "437374424"]);
        assert_ne!(other_nonce, "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96");
    }
}
