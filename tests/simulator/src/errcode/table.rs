//! The error table as data. Texts are those seen on the wire where one was seen.

use super::Errcode;

const fn row(code: i32, errmsg: &'static str, meaning: &'static str) -> Errcode {
    Errcode::new(code, errmsg, meaning)
}

/// Every error code that the simulator knows, in ascending order.
///
/// Any of them, and any other number, can be made to come back with
/// [`Fault::errcode`](crate::Fault::errcode).
pub static ERRCODES: &[Errcode] = &[
    row(-1, "system error", "the platform is busy; try again"),
    row(
        40001,
        "invalid credential, access_token is invalid or not latest, could get access_token by \
         getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r",
        "the token is unknown or replaced by a newer one; at a token endpoint, a wrong secret",
    )
    .on_sns("invalid credential, access_token is invalid or not latest"),
    row(40002, "invalid grant_type", "grant_type is not what this endpoint wants"),
    row(40003, "invalid openid", "no user with this openid"),
    row(40004, "invalid media type", "not one of image, voice, video, news"),
    row(40007, "invalid media_id", "no media with this id"),
    row(40013, "invalid appid", "no account with this appid"),
    row(40014, "invalid access_token", "the token is malformed or belongs to another account"),
    row(40015, "invalid menu type", "the menu is of an unknown type"),
    row(40016, "invalid button size", "a menu has one to three buttons"),
    row(40017, "invalid button type", "a button is of an unknown type"),
    row(40018, "invalid button name size", "a button has no name or one that is too long"),
    row(40019, "invalid button key size", "a button has no key or one that is too long"),
    row(40020, "invalid button url size", "a button has no url or one that is too long"),
    row(40021, "invalid menu version", "the menu's version is unknown"),
    row(40022, "invalid sub_menu level", "sub-menus do not nest"),
    row(40023, "invalid sub button size", "a sub-menu has one to five buttons"),
    row(40024, "invalid sub button type", "a sub-menu button is of an unknown type"),
    row(40025, "invalid sub button name size", "a sub-menu button has no name or one that is too long"),
    row(40026, "invalid sub button key size", "a sub-menu button has no key or one that is too long"),
    row(40027, "invalid sub button url size", "a sub-menu button has no url or one that is too long"),
    row(40029, "invalid code", "the OAuth code is unknown"),
    row(40030, "invalid refresh_token", "the user's refresh_token is unknown"),
    row(
        40033,
        "invalid charset. please check your request, if include \\uxxxx will create fail!",
        "the request has a character that is not allowed, or a \\uXXXX escape",
    ),
    row(40037, "invalid template_id", "the account has no template with this id"),
    row(40054, "invalid sub button url domain", "the url of a sub-menu button is not allowed"),
    row(40055, "invalid button url domain", "the url of a button is not allowed"),
    row(40066, "invalid url", "there is no such path"),
    row(40113, "unsupported file type", "the file name has no known extension"),
    row(40125, "invalid appsecret", "the secret is wrong"),
    row(40163, "code been used", "the OAuth code was used before"),
    row(40164, "invalid ip {} ipv6 ::ffff:{}, not in whitelist", "the caller's address is not allowed")
        .about("127.0.0.1"),
    row(40170, "args count exceed count limit", "count is outside of what is allowed"),
    row(40226, "code blocked", "the user is considered a high risk"),
    row(40243, "appsecret is frozen", "the owner froze the secret"),
    row(41001, "access_token missing", "there is no access_token in the query"),
    row(41002, "appid missing", "there is no appid"),
    row(41004, "appsecret missing", "there is no secret, or an empty one"),
    row(41005, "media data missing", "the upload has no file"),
    row(41008, "missing code", "there is no OAuth code"),
    row(41018, "missing component_appid", "there is no component_appid"),
    row(41021, "missing component_access_token", "there is no component_access_token"),
    row(42001, "access_token expired", "the token reached the end of its life"),
    row(42002, "refresh_token expired", "the user's refresh_token is over 30 days old"),
    row(42003, "code expired", "the OAuth code is over 5 minutes old"),
    row(42006, "component_access_token expired", "the component's token reached the end of its life"),
    row(
        42007,
        "access_token and refresh_token exception",
        "the user changed the password and must authorize again",
    ),
    row(42009, "client tmp token expired", "a temporary client token reached the end of its life"),
    row(43001, "require GET method", "this path wants GET"),
    row(43002, "require POST method", "this path wants POST"),
    row(43004, "require subscribe", "the user does not follow the account"),
    row(43101, "user refuse to accept the msg", "the user refuses messages"),
    row(44002, "empty post data", "the body is empty"),
    row(45002, "content size out of limit", "the message is too long"),
    row(
        45009,
        "reach max api daily quota limit",
        "the daily quota is used up; it refills at 00:00 Beijing time",
    ),
    row(
        45011,
        "api minute-quota reach limit, must slower, retry next minute",
        "too many calls within this minute",
    ),
    row(47001, "data format error", "the body is not a JSON object of the wanted shape"),
    row(47003, "argument invalid! {} is empty", "a template parameter is empty or invalid").about("data"),
    row(48001, "api unauthorized", "the account may not use this API"),
    row(48004, "api forbidden for irregularities", "the account lost this API as a punishment"),
    row(
        48006,
        "forbid to clear quota because of reaching the limit",
        "the quota was cleared ten times this month",
    ),
    row(50001, "user unauthorized", "the user did not authorize this API"),
    row(50002, "user limited", "the user is restricted"),
    row(
        50004,
        "user not allow to use accesstoken, maybe for punishment",
        "the account may not use access tokens",
    ),
    row(50007, "account frozen", "the account is frozen"),
    row(61003, "component is not authorized by this account", "the account did not authorize the component"),
    row(61004, "access clientip is not registered requestIP: {}", "the component's address is not allowed")
        .about("127.0.0.1"),
    row(61005, "component ticket is expired", "the verify ticket is too old"),
    row(61006, "component ticket is invalid", "the verify ticket is unknown"),
    row(61007, "api is unauthorized to component", "the account did not grant this permission set"),
    row(61009, "code is invalid", "the authorization code is used or unknown"),
    row(61010, "code is expired", "the authorization code is too old"),
    row(61011, "invalid component", "no component with this appid"),
    row(61012, "invalid option name", "the authorizer has no such option"),
    row(61013, "invalid option value", "the option cannot have this value"),
    row(
        61014,
        "must use component token for component api",
        "an account's token was used where the component's belongs",
    ),
    row(
        61015,
        "must use biz token, not component",
        "the component's token was used where an account's belongs",
    ),
    row(61023, "refresh_token is invalid", "the authorizer's refresh_token is wrong, null or revoked"),
    row(
        61024,
        "must use api(api_component_token) to get token for component acct",
        "an account's token endpoint was asked with a component's appid",
    ),
    row(61025, "option is read only", "the option cannot be set"),
    row(76003, "invalid cgi_path", "no such path to ask the quota of"),
    row(76022, "this api does not support quota query", "paths below /sns/ have no quota to ask for"),
    row(89501, "ip confirmation pending", "the administrator has yet to confirm the caller's address"),
    row(89503, "ip not confirmed", "the caller's address is new; the administrator is asked to confirm it"),
    row(
        89506,
        "ip refused twice within 24 hours",
        "the administrator refused the address twice; blocked for 24 hours",
    ),
    row(89507, "ip refused within 1 hour", "the administrator refused the address; blocked for 1 hour"),
];
