//! `qrcode/create`.

use serde::Serialize;
use serde_json::Value;

use super::Exchange;
use crate::answer::{self, Reply};
use crate::errcode::Refusal;
use crate::random;

/// How long a temporary code lives unless the caller says otherwise, in seconds.
const LIFE: u64 = 30;

/// The longest life that a caller may ask for, 30 days.
const LONGEST_LIFE: u64 = 2_592_000;

/// The longest text of a scene, in characters.
const LONGEST_SCENE: usize = 64;

/// What one kind of code wants.
struct Kind {
    action_name: &'static str,
    temporary: bool,
    scene: Scene,
}

enum Scene {
    /// `scene_id`, from 1 to this number.
    Id(u64),
    /// `scene_str`.
    Text,
}

static KINDS: [Kind; 4] = [
    Kind { action_name: "QR_SCENE", temporary: true, scene: Scene::Id(u32::MAX as u64) },
    Kind { action_name: "QR_STR_SCENE", temporary: true, scene: Scene::Text },
    Kind { action_name: "QR_LIMIT_SCENE", temporary: false, scene: Scene::Id(100_000) },
    Kind { action_name: "QR_LIMIT_STR_SCENE", temporary: false, scene: Scene::Text },
];

#[derive(Serialize)]
struct CodeBody {
    ticket: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_seconds: Option<u64>,
    url: String,
}

/// Makes a code: 40052 for its kind, 40053 for its scene, 40097 for a life of 0 or over 30 days, of which
/// the documentation only says that it is not allowed.
pub(crate) fn create(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let action_name = call.text("action_name", 40052)?;
    let kind = KINDS.iter().find(|kind| kind.action_name == action_name);
    let kind = kind.ok_or_else(|| Refusal::new(40052))?;
    let scene = call.arguments.get("action_info").and_then(|info| info.get("scene"));
    if !scene.is_some_and(|scene| kind.scene.takes(scene)) {
        return Err(Refusal::new(40053));
    }
    let expire_seconds = if kind.temporary { Some(life(call)?) } else { None };
    answer::json(&CodeBody {
        // It ends as base64 does, so that whoever forgets to encode it notices.
        ticket: format!("gQ{}==", random::url_safe(92)),
        expire_seconds,
        url: format!("http://weixin.qq.com/q/{}", random::alphanumeric(20)),
    })
}

fn life(call: &Exchange<'_>) -> Result<u64, Refusal> {
    if !call.arguments.contains_key("expire_seconds") {
        return Ok(LIFE);
    }
    let seconds = call.number("expire_seconds")?;
    if (1..=LONGEST_LIFE).contains(&seconds) { Ok(seconds) } else { Err(Refusal::new(40097)) }
}

impl Scene {
    fn takes(&self, scene: &Value) -> bool {
        match self {
            Scene::Id(most) => {
                scene.get("scene_id").and_then(Value::as_u64).is_some_and(|id| (1..=*most).contains(&id))
            }
            Scene::Text => {
                let text = scene.get("scene_str").and_then(Value::as_str);
                text.is_some_and(|text| (1..=LONGEST_SCENE).contains(&text.chars().count()))
            }
        }
    }
}
