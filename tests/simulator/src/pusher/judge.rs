//! Reading: what an answer of status 200 comes to.

use super::{Sending, SignedPush, lossy};
use crate::callback::{Cipher, Format, Mode, signature};
use crate::delivery::{Answer, ReceivedReply};
use crate::document::Document;

/// The replies that the platform knows, each with the fields that must be there and not be empty.
const REPLIES: &[(&str, &[&str])] = &[
    ("text", &["Content"]),
    ("image", &["Image/MediaId"]),
    ("voice", &["Voice/MediaId"]),
    ("video", &["Video/MediaId"]),
    ("music", &["Music/ThumbMediaId"]),
    ("news", &["ArticleCount", "Articles/item/Title"]),
    ("transfer_customer_service", &[]),
];

/// Fields that have to be whole numbers wherever they are.
const NUMBERS: &[&str] = &["CreateTime", "ArticleCount"];

impl Sending {
    /// What the platform makes of the body of an answer of status 200.
    ///
    /// `success` is taken to the letter, without a line break behind it.
    pub(super) fn judge(&self, signed: &SignedPush, body: &[u8]) -> Answer {
        if body == b"success" || (body.is_empty() && !signed.is_info) {
            return Answer::Success;
        }
        match self.read(signed, body) {
            Ok(reply) => Answer::Reply(reply),
            Err(why) => Answer::NotUnderstood { why, body: lossy(body) },
        }
    }

    fn read(&self, signed: &SignedPush, body: &[u8]) -> Result<ReceivedReply, String> {
        if signed.is_info {
            return Err("a push with an InfoType is answered `success` and nothing else".to_owned());
        }
        let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8")?;
        let envelope = Document::read(text, self.callback.format)?;
        let reply = match (envelope.get("Encrypt"), &self.cipher) {
            (Some(_), None) => return Err("it is encrypted, and the account is in plain mode".to_owned()),
            (None, Some(_)) if self.callback.mode == Mode::Encrypted => {
                return Err("it is not encrypted, and the account is in safe mode".to_owned());
            }
            (None, _) => ReceivedReply { document: envelope, raw: text.to_owned(), encrypted: false },
            (Some(encrypt), Some(cipher)) => {
                let raw = self.open(signed, &envelope, encrypt, cipher)?;
                let document = Document::read(&raw, self.callback.format)
                    .map_err(|why| format!("of the decrypted text: {why}"))?;
                ReceivedReply { document, raw, encrypted: true }
            }
        };
        self.check(signed, &reply)?;
        Ok(reply)
    }

    /// Checks an envelope and decrypts what is in it. That the nonce has to be the request's is decided here:
    /// the documentation says to use it, not that it is looked at.
    fn open(
        &self,
        signed: &SignedPush,
        envelope: &Document,
        encrypt: &str,
        cipher: &Cipher,
    ) -> Result<String, String> {
        let field = |name: &str| envelope.get(name).ok_or_else(|| format!("the envelope has no {name}"));
        let (timestamp, nonce) = (field("TimeStamp")?, field("Nonce")?);
        number("TimeStamp", timestamp)?;
        if field("MsgSignature")? != signature([self.callback.token.as_str(), timestamp, nonce, encrypt]) {
            return Err(
                "MsgSignature is not that of the token, TimeStamp, Nonce and Encrypt (-40001)".to_owned()
            );
        }
        if nonce != signed.nonce {
            return Err(format!("Nonce is {nonce:?}, and the request's was {:?}", signed.nonce));
        }
        cipher.unseal(encrypt, self.envelope_appid()).map_err(|error| error.to_string())
    }

    fn check(&self, signed: &SignedPush, reply: &ReceivedReply) -> Result<(), String> {
        let wanted = [
            ("ToUserName", signed.openid.as_deref()),
            ("FromUserName", signed.openid.is_some().then_some(self.user_name.as_str())),
        ];
        for (name, wanted) in wanted {
            let value = reply.get(name).ok_or_else(|| format!("the reply has no {name}"))?;
            if let Some(wanted) = wanted.filter(|wanted| *wanted != value) {
                return Err(format!("{name} is {value:?} in place of {wanted:?}"));
            }
        }
        reply.get("CreateTime").ok_or("the reply has no CreateTime")?;
        for name in NUMBERS {
            if let Some(value) = reply.get(name) {
                number(name, value)?;
            }
        }
        let msg_type = reply.get("MsgType").ok_or("the reply has no MsgType")?;
        let known = REPLIES.iter().find(|(known, _)| *known == msg_type);
        let (_, needed) = known.ok_or_else(|| format!("there is no reply of MsgType {msg_type:?}"))?;
        // A list is elements called `item` in XML, and an array in JSON.
        let path = |path: &str| match self.callback.format {
            Format::Xml => path.to_owned(),
            Format::Json => path.replace("/item/", "/"),
        };
        match needed.iter().find(|needed| reply.get(&path(needed)).is_none_or(str::is_empty)) {
            Some(path) => Err(format!("a reply of MsgType {msg_type} needs {path}")),
            None => Ok(()),
        }
    }
}

fn number(name: &str, value: &str) -> Result<(), String> {
    match value.parse::<u64>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{name} is {value:?}, which is no whole number")),
    }
}
