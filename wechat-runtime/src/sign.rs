//! The signatures of a page's front end: what is signed, how, and as what the page takes it.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use sha1_smol::Sha1;

use crate::errcode::ErrorKind;
use crate::{Error, Secret};

/// Signs a page's use of the JS-SDK.
///
/// `url` is the page's own address as its browser shows it; what follows its first `#` is not signed. Nothing is
/// encoded or sorted: the values are signed as they are. `timestamp` is in Unix seconds.
///
/// Follows appendix 1 of the
/// [JS-SDK's page](https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html). Most pages want
/// [`jssdk_config`](crate::Client::jssdk_config), which comes by the ticket itself.
///
/// ```
/// use wechat_runtime::{Secret, sign_jssdk};
///
/// let ticket = Secret::from(
///     "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
/// );
/// let url = "http://mp.weixin.qq.com?params=value#part";
/// let signature = sign_jssdk(&ticket, "Wm3WZYTPz0wzccnW", 1_414_587_457, url)?;
/// assert_eq!(signature, "0f9de62fce790f9a083d5c99e95740ceb90c27ed");
/// # Ok::<(), wechat_runtime::Error>(())
/// ```
///
/// # Errors
///
/// An empty ticket or nonce, or a `url` that is not a page's whole address ([`Request`](ErrorKind::Request)).
pub fn sign_jssdk(jsapi_ticket: &Secret, noncestr: &str, timestamp: u64, url: &str) -> Result<String, Error> {
    check_filled(jsapi_ticket, noncestr)?;
    let url = page(url)?;
    let ticket = jsapi_ticket.expose();
    Ok(sha1(&[
        "jsapi_ticket=",
        ticket,
        "&noncestr=",
        noncestr,
        "&timestamp=",
        &timestamp.to_string(),
        "&url=",
        url,
    ]))
}

/// Signs a card: the ticket and all `values`, sorted by their bytes and joined.
///
/// `values` are everything else that is signed: `timestamp`, `nonce_str` and `card_id` always, `code`, `openid` and
/// `balance` where the card has them. Follows appendix 4 of the
/// [JS-SDK's page](https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html). Most pages want
/// [`card_signature`](crate::Client::card_signature), which comes by the ticket itself.
///
/// ```
/// use wechat_runtime::{Secret, sign_card};
///
/// let ticket = Secret::from("ojZ8YtyVyr30HheH3CM73y7h4jJE");
/// let values = ["1404896688", "123", "pjZ8Yt1XGILfi-FUsewpnnolGgZk", "1434008071"];
/// assert_eq!(sign_card(&ticket, &values)?, "f137ab68b7f8112d20ee528ab6074564e2796250");
/// # Ok::<(), wechat_runtime::Error>(())
/// ```
///
/// # Errors
///
/// An empty ticket, or no values ([`Request`](ErrorKind::Request)).
pub fn sign_card(api_ticket: &Secret, values: &[&str]) -> Result<String, Error> {
    check_filled(api_ticket, &values.concat())?;
    let mut parts = [&[api_ticket.expose()], values].concat();
    parts.sort_unstable();
    Ok(sha1(&parts))
}

/// What is signed of a page's address.
pub(crate) fn page(url: &str) -> Result<&str, Error> {
    let url = url.split('#').next().unwrap_or_default();
    let has_host = ["http://", "https://"].iter().any(|scheme| {
        url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?']))
    });
    if has_host && !url.contains(|c: char| c.is_control() || c == ' ') {
        return Ok(url);
    }
    Err(Error::new(ErrorKind::Request, "the url to be signed is not the whole address of a page")
        .advising("give the page's own location, as in `https://example.com/page?id=1`"))
}

/// Refuses an address that no browser has: a page signed for it would only be told `invalid signature`.
pub(crate) fn check_page(url: &str) -> Result<(), Error> {
    if page(url)?.is_ascii() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Request, "the url to be signed has characters that no browser's address has")
        .advising("give the page's `location.href` as the browser has it, percent-encoded"))
}

/// A signature over nothing secret is one that everybody can make.
fn check_filled(ticket: &Secret, values: &str) -> Result<(), Error> {
    if ticket.expose().is_empty() {
        return Err(Error::new(ErrorKind::Request, "the ticket to sign with is empty")
            .advising("get one by /cgi-bin/ticket/getticket"));
    }
    if values.is_empty() {
        return Err(Error::new(ErrorKind::Request, "what is to be signed is empty"));
    }
    Ok(())
}

/// The digest of the parts joined, in lower-case hexadecimal digits.
pub(crate) fn sha1(parts: &[&str]) -> String {
    let mut digest = Sha1::new();
    for part in parts {
        digest.update(part.as_bytes());
    }
    digest.digest().to_string()
}

/// What a page gives to `wx.config`: it serialises as that object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct JssdkConfig {
    /// Whether the SDK shows in the page what it does; not by default.
    #[serde(default)]
    pub debug: bool,
    /// The account that the page belongs to.
    pub app_id: String,
    /// When it was signed, in Unix seconds.
    pub timestamp: u64,
    /// The word that was signed with it.
    pub nonce_str: String,
    /// The signature of this page's address.
    pub signature: String,
    /// The interfaces that the page calls, by their names.
    #[serde(default)]
    pub js_api_list: Vec<String>,
    /// The open tags that the page has, by their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_tag_list: Vec<String>,
}

impl JssdkConfig {
    /// Names the interfaces that the page calls (`"scanQRCode"`).
    #[must_use]
    pub fn with_js_api_list<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.js_api_list = names.into_iter().map(Into::into).collect();
        self
    }

    /// Names the open tags that the page has (`"wx-open-launch-weapp"`).
    #[must_use]
    pub fn with_open_tag_list<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.open_tag_list = names.into_iter().map(Into::into).collect();
        self
    }

    /// The object as JavaScript that can stand inside a `<script>`: `wx.config(…)` takes it as it is.
    #[must_use]
    pub fn to_script(&self) -> String {
        script(self)
    }
}

/// As JSON that can stand inside a `<script>`: no `</script>` in a value ends it.
fn script(value: &impl Serialize) -> String {
    // Only strings can have these characters, and there JSON takes the escape for the same.
    let json = serde_json::to_string(value).unwrap_or_default();
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// A card to be handed out by `wx.addCard`.
#[derive(Clone, Default)]
#[must_use = "a card is signed by `card_signature`"]
pub struct AddCard {
    card_id: String,
    code: Option<String>,
    openid: Option<String>,
    balance: Option<String>,
}

impl AddCard {
    /// The card of this `card_id`.
    pub fn new(card_id: impl Into<String>) -> Self {
        Self { card_id: card_id.into(), ..Self::default() }
    }

    /// The code that the card is to have, where it has codes of the merchant's.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The only user who may take the card.
    pub fn openid(mut self, openid: impl Into<String>) -> Self {
        self.openid = Some(openid.into());
        self
    }

    /// The balance of a red-packet card, in fen.
    pub fn balance(mut self, balance: impl Into<String>) -> Self {
        self.balance = Some(balance.into());
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.card_id.is_empty() {
            return Err(Error::new(ErrorKind::Request, "the card to be signed has no card_id"));
        }
        Ok(())
    }

    pub(crate) fn sign(self, by: &Signer<'_>) -> Result<SignedCard, Error> {
        let timestamp = by.timestamp.to_string();
        let optional = [&self.code, &self.openid, &self.balance];
        let mut values = vec![timestamp.as_str(), by.nonce, &self.card_id];
        values.extend(optional.into_iter().flatten().map(String::as_str));
        let signature = sign_card(by.ticket, &values)?;
        let card_ext = CardExt {
            code: self.code,
            openid: self.openid,
            balance: self.balance,
            timestamp,
            nonce_str: by.nonce.to_owned(),
            signature,
        };
        Ok(SignedCard { card_id: self.card_id, card_ext })
    }
}

/// An entry of the `cardList` that a page gives to `wx.addCard`: it serialises as that object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignedCard {
    /// Which card.
    pub card_id: String,
    /// How it is signed. The page takes it as JSON in a string.
    #[serde(serialize_with = "as_json_text")]
    pub card_ext: CardExt,
}

impl SignedCard {
    /// The object as JavaScript that can stand inside a `<script>`, as an entry of `cardList`.
    #[must_use]
    pub fn to_script(&self) -> String {
        script(self)
    }
}

/// How a card is signed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CardExt {
    /// The code that the card is to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The only user who may take the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openid: Option<String>,
    /// The balance of a red-packet card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<String>,
    /// When it was signed, in Unix seconds: a string, as the page takes it.
    pub timestamp: String,
    /// The word that was signed with it.
    pub nonce_str: String,
    /// The signature.
    pub signature: String,
}

/// Which cards the user is shown by `wx.chooseCard`: all that the account has, unless it is narrowed.
#[derive(Clone, Debug, Default)]
#[must_use = "a choice is signed by `choose_card_signature`"]
pub struct ChooseCard {
    shop_id: String,
    card_type: String,
    card_id: String,
}

impl ChooseCard {
    /// All cards of the account.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of this shop (`location_id`).
    pub fn shop_id(mut self, shop_id: impl Into<String>) -> Self {
        self.shop_id = shop_id.into();
        self
    }

    /// Those of this type (`"GROUPON"`).
    pub fn card_type(mut self, card_type: impl Into<String>) -> Self {
        self.card_type = card_type.into();
        self
    }

    /// Those of this `card_id`.
    pub fn card_id(mut self, card_id: impl Into<String>) -> Self {
        self.card_id = card_id.into();
        self
    }

    pub(crate) fn sign(self, by: &Signer<'_>) -> Result<SignedChoice, Error> {
        let timestamp = by.timestamp.to_string();
        let values = [by.appid, &self.shop_id, &timestamp, by.nonce, &self.card_id, &self.card_type];
        let card_sign = sign_card(by.ticket, &values)?;
        Ok(SignedChoice {
            shop_id: self.shop_id,
            card_type: self.card_type,
            card_id: self.card_id,
            timestamp: by.timestamp,
            nonce_str: by.nonce.to_owned(),
            sign_type: "SHA1".to_owned(),
            card_sign,
        })
    }
}

/// What a page gives to `wx.chooseCard`: it serialises as that object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignedChoice {
    /// Which shop's cards.
    pub shop_id: String,
    /// Which type of cards.
    pub card_type: String,
    /// Which card.
    pub card_id: String,
    /// When it was signed, in Unix seconds.
    pub timestamp: u64,
    /// The word that was signed with it.
    pub nonce_str: String,
    /// `SHA1`.
    pub sign_type: String,
    /// The signature.
    pub card_sign: String,
}

impl SignedChoice {
    /// The object as JavaScript that can stand inside a `<script>`: `wx.chooseCard(…)` takes it as it is.
    #[must_use]
    pub fn to_script(&self) -> String {
        script(self)
    }
}

/// What a signature is made with.
pub(crate) struct Signer<'a> {
    pub(crate) ticket: &'a Secret,
    pub(crate) appid: &'a str,
    pub(crate) timestamp: u64,
    pub(crate) nonce: &'a str,
}

impl Signer<'_> {
    /// Signs a page's address.
    pub(crate) fn page(&self, url: &str) -> Result<JssdkConfig, Error> {
        Ok(JssdkConfig {
            debug: false,
            app_id: self.appid.to_owned(),
            timestamp: self.timestamp,
            nonce_str: self.nonce.to_owned(),
            signature: sign_jssdk(self.ticket, self.nonce, self.timestamp, url)?,
            js_api_list: Vec::new(),
            open_tag_list: Vec::new(),
        })
    }
}

/// Without the code: who has it has the card.
impl fmt::Debug for AddCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddCard").field("card_id", &self.card_id).finish_non_exhaustive()
    }
}

/// Without the code: who has it has the card.
impl fmt::Debug for CardExt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardExt")
            .field("timestamp", &self.timestamp)
            .field("nonce_str", &self.nonce_str)
            .field("signature", &self.signature)
            .finish_non_exhaustive()
    }
}

fn as_json_text<S: Serializer>(card_ext: &CardExt, serializer: S) -> Result<S::Ok, S::Error> {
    let text = serde_json::to_string(card_ext).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(&text)
}
