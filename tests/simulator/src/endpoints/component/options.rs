//! The options of an account, in both spellings of their paths: with `api_` and without.

use serde::Serialize;
use serde_json::Value;

use super::authorizer;
use crate::answer::{self, Reply};
use crate::endpoints::Exchange;
use crate::errcode::Refusal;
use crate::state::{AuthorizerState, State};
use crate::sync::lock;

/// One option of an account.
struct AccountOption {
    name: &'static str,
    values: &'static [&'static str],
}

/// The options; the first value of each is what an account has until it is set.
static OPTIONS: [AccountOption; 3] = [
    AccountOption { name: "location_report", values: &["0", "1", "2"] },
    AccountOption { name: "voice_recognize", values: &["0", "1"] },
    AccountOption { name: "customer_service", values: &["0", "1"] },
];

#[derive(Serialize)]
struct OptionBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer_appid: Option<&'a str>,
    option_name: &'a str,
    option_value: &'a str,
}

/// `api_get_authorizer_option`.
pub(crate) fn get_option(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    let (appid, authorizer) = authorizer(call, &mut state)?;
    let (option, value) = look_up(call, authorizer)?;
    answer::json(&OptionBody { authorizer_appid: Some(appid), option_name: option.name, option_value: value })
}

/// `get_authorizer_option`, whose answer does not name the account.
pub(crate) fn get_option_unnamed(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    let (option, value) = look_up(call, authorizer_of_token(call, &mut state)?)?;
    answer::json(&OptionBody { authorizer_appid: None, option_name: option.name, option_value: value })
}

/// Both spellings of setting. The order of the checks: the account, `option_name` (61012), read-only (61025),
/// `option_value` (61013).
pub(crate) fn set_option(call: &Exchange<'_>) -> Result<Reply, Refusal> {
    let mut state = lock(&call.platform.state);
    let details = authorizer_of_token(call, &mut state)?.details_mut();
    let option = named(call)?;
    if details.read_only.contains(option.name) {
        return Err(Refusal::new(61025));
    }
    let wanted = call.arguments.get("option_value").and_then(Value::as_str);
    let value = option.values.iter().find(|value| Some(**value) == wanted);
    let value = value.ok_or_else(|| Refusal::new(61013))?;
    details.options.insert(option.name.to_owned(), (*value).to_owned());
    answer::ok()
}

/// The account of an authorizer's token, else the one that the body names.
fn authorizer_of_token<'a>(
    call: &'a Exchange<'_>,
    state: &'a mut State,
) -> Result<&'a mut AuthorizerState, Refusal> {
    match call.component {
        Some(component) => state.component(component)?.authorizers.authorized(call.appid),
        None => authorizer(call, state).map(|(_, authorizer)| authorizer),
    }
}

fn named(call: &Exchange<'_>) -> Result<&'static AccountOption, Refusal> {
    let name = call.text("option_name", 61012)?;
    OPTIONS.iter().find(|option| option.name == name).ok_or_else(|| Refusal::new(61012))
}

fn look_up<'a>(
    call: &Exchange<'_>,
    authorizer: &'a AuthorizerState,
) -> Result<(&'static AccountOption, &'a str), Refusal> {
    let option = named(call)?;
    let set = authorizer.details.as_ref().and_then(|details| details.options.get(option.name));
    Ok((option, set.map_or(option.values[0], String::as_str)))
}
