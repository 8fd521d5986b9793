//! `menu/create`.

use serde_json::Value;

use super::Exchange;
use crate::answer::{self, Reply};
use crate::errcode::Refusal;

/// The codes of one level of the menu, and the most buttons it holds.
struct Level {
    most: usize,
    size: i32,
    kind: i32,
    name: i32,
    key: i32,
    url: i32,
    /// The level that its buttons may open.
    below: Option<&'static Level>,
}

static TOP: Level =
    Level { most: 3, size: 40016, kind: 40017, name: 40018, key: 40019, url: 40020, below: Some(&SUB) };
static SUB: Level =
    Level { most: 5, size: 40023, kind: 40024, name: 40025, key: 40026, url: 40027, below: None };

/// What a button of a type needs.
enum Need {
    Key,
    Url,
    Other,
}

/// The types of button and what they need.
const TYPES: [(&str, Need); 12] = [
    ("click", Need::Key),
    ("view", Need::Url),
    ("scancode_push", Need::Key),
    ("scancode_waitmsg", Need::Key),
    ("pic_sysphoto", Need::Key),
    ("pic_photo_or_album", Need::Key),
    ("pic_weixin", Need::Key),
    ("location_select", Need::Key),
    ("miniprogram", Need::Url),
    ("media_id", Need::Other),
    ("view_limited", Need::Other),
    ("article_id", Need::Other),
];

/// Checks a menu and accepts it.
pub(crate) fn create(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    if call.platform.quirks.menu_refuses_unicode_escapes && has_unicode_escape(&call.request.body) {
        return Err(Refusal::new(40033));
    }
    check_level(call.arguments.get("button"), &TOP)?;
    answer::ok()
}

fn check_level(buttons: Option<&Value>, level: &Level) -> Result<(), Refusal> {
    let buttons = buttons.and_then(Value::as_array).ok_or_else(|| Refusal::new(level.size))?;
    if !(1..=level.most).contains(&buttons.len()) {
        return Err(Refusal::new(level.size));
    }
    buttons.iter().try_for_each(|button| check_button(button, level))
}

fn check_button(button: &Value, level: &Level) -> Result<(), Refusal> {
    let text = |name: &str, missing: i32| {
        let text = button.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or_else(|| Refusal::new(missing))
    };
    text("name", level.name)?;
    let sub_buttons = button.get("sub_button").filter(|sub| sub.as_array().is_none_or(|sub| !sub.is_empty()));
    if let Some(sub_buttons) = sub_buttons {
        let below = level.below.ok_or_else(|| Refusal::new(40022))?;
        return check_level(Some(sub_buttons), below);
    }
    let kind = text("type", level.kind)?;
    match TYPES.iter().find(|(name, _)| *name == kind) {
        None => Err(Refusal::new(level.kind)),
        Some((_, Need::Key)) => text("key", level.key).map(drop),
        Some((_, Need::Url)) => text("url", level.url).map(drop),
        Some((_, Need::Other)) => Ok(()),
    }
}

/// Whether JSON text has a `\uXXXX` escape in it.
fn has_unicode_escape(json: &[u8]) -> bool {
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        // What follows a backslash belongs to it, so that `\\u` is no escape.
        if *byte == b'\\' && bytes.next() == Some(&b'u') {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_unicode_escape;

    #[test]
    fn an_escaped_backslash_before_u_is_no_unicode_escape() {
        assert!(has_unicode_escape(br#"{"name":"\u4eca"}"#));
        assert!(has_unicode_escape(br#"{"name":"\\\u4eca"}"#));
        assert!(!has_unicode_escape(br#"{"name":"\\u4eca"}"#));
    }
}
