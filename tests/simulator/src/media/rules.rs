//! Which files are taken, as data.

use super::MediaKind;
use crate::errcode::Refusal;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// What a file has to be like.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The extensions that its name may have, in lower case.
    extensions: &'static [&'static str],
    /// The most bytes that it may have.
    limit: u64,
}

/// What is taken of each kind. A voice message may also last 60 s at most, which is not looked at.
static RULES: [(MediaKind, Rule); 4] = [
    (MediaKind::Image, Rule { extensions: &["bmp", "png", "jpeg", "jpg", "gif"], limit: 2 * MIB }),
    (MediaKind::Voice, Rule { extensions: &["mp3", "wma", "wav", "amr", "speex", "spx"], limit: 5 * MIB }),
    (MediaKind::Video, Rule { extensions: &["mp4"], limit: 10 * MIB }),
    (MediaKind::Thumb, Rule { extensions: &["jpg", "jpeg"], limit: 64 * KIB }),
];

/// What `media/uploadimg` takes.
pub(crate) static ARTICLE_PICTURE: Rule = Rule { extensions: &["jpg", "png"], limit: MIB };

/// The Content-Type of each extension.
const CONTENT_TYPES: [(&str, &str); 12] = [
    ("bmp", "image/bmp"),
    ("png", "image/png"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("gif", "image/gif"),
    ("mp3", "audio/mpeg"),
    ("wma", "audio/x-ms-wma"),
    ("wav", "audio/wav"),
    ("amr", "audio/amr"),
    ("speex", "voice/speex"),
    ("spx", "voice/speex"),
    ("mp4", "video/mp4"),
];

/// The Content-Type of what is none of them.
const ANYTHING: &str = "application/octet-stream";

impl Rule {
    /// The rule of a kind.
    pub(crate) fn of(kind: MediaKind) -> &'static Self {
        let [image, voice, video, thumb] = &RULES;
        match kind {
            MediaKind::Image => &image.1,
            MediaKind::Voice => &voice.1,
            MediaKind::Video => &video.1,
            MediaKind::Thumb => &thumb.1,
        }
    }

    /// Judges a file: 44001 for one without content, 40113 for its extension, 45001 for its size, which
    /// the test may have limited otherwise.
    pub(crate) fn check(&self, file_name: &str, length: u64, limit: Option<u64>) -> Result<(), Refusal> {
        if length == 0 {
            return Err(Refusal::new(44001));
        }
        let extension = extension_of(file_name).to_ascii_lowercase();
        if !self.extensions.contains(&extension.as_str()) {
            return Err(Refusal::new(40113));
        }
        if length > limit.unwrap_or(self.limit) {
            return Err(Refusal::new(45001));
        }
        Ok(())
    }
}

/// The extension of a file name, without the dot; empty if it has none.
pub(crate) fn extension_of(file_name: &str) -> &str {
    file_name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The Content-Type that a file name suggests.
pub(crate) fn content_type_of(file_name: &str) -> &'static str {
    let extension = extension_of(file_name).to_ascii_lowercase();
    let row = CONTENT_TYPES.iter().find(|(known, _)| *known == extension);
    row.map_or(ANYTHING, |(_, content_type)| content_type)
}

/// The first kind that an extension is taken for.
pub(super) fn kind_of(extension: &str) -> Option<MediaKind> {
    let extension = extension.to_ascii_lowercase();
    let row = RULES.iter().find(|(_, rule)| rule.extensions.contains(&extension.as_str()));
    row.map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_stand_in_the_order_of_the_kinds() {
        for (kind, (named, rule)) in MediaKind::ALL.into_iter().zip(&RULES) {
            assert_eq!(kind, *named);
            assert!(std::ptr::eq(Rule::of(kind), rule));
        }
    }

    #[test]
    fn every_extension_has_a_content_type() {
        for extension in RULES.iter().flat_map(|(_, rule)| rule.extensions) {
            assert_ne!(content_type_of(&format!("a.{extension}")), ANYTHING, "{extension}");
        }
    }
}
