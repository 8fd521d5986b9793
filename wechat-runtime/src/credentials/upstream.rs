//! Asking WeChat for a credential: one request, one answer.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::json;

use crate::answer::{self, Lenient};
use crate::base::Base;
use crate::clock::Moment;
use crate::credential::{Credential, Grant};
use crate::errcode::{ErrorKind, Origin};
use crate::{Error, Secret, TokenKind};

/// An answer of a token endpoint is a few hundred bytes.
const MOST_BYTES: usize = 64 * 1024;

/// The path that grants a credential.
pub(super) fn endpoint(credential: &Credential) -> &'static str {
    match credential {
        Credential::AccessToken(TokenKind::Stable) => "/cgi-bin/stable_token",
        Credential::AccessToken(TokenKind::Classic) => "/cgi-bin/token",
    }
}

/// The request that asks for a credential. `force` has a meaning for stable tokens only.
pub(super) fn request(
    credential: &Credential,
    base: &Base,
    appid: &str,
    secret: &Secret,
    force: bool,
) -> reqwest::Request {
    let mut url = base.url(endpoint(credential));
    match credential {
        Credential::AccessToken(TokenKind::Classic) => {
            url.query_pairs_mut()
                .append_pair("grant_type", "client_credential")
                .append_pair("appid", appid)
                .append_pair("secret", secret.expose());
            reqwest::Request::new(Method::GET, url)
        }
        Credential::AccessToken(TokenKind::Stable) => {
            let body = json!({
                "grant_type": "client_credential",
                "appid": appid,
                "secret": secret.expose(),
                "force_refresh": force,
            });
            let mut request = reqwest::Request::new(Method::POST, url);
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.to_string().into());
            request
        }
    }
}

/// Sends the request and reads the grant in the answer, which begins to live at `now`.
pub(super) async fn ask(
    http: &reqwest::Client,
    request: reqwest::Request,
    credential: &Credential,
    secret: &Secret,
    now: Moment,
) -> Result<Grant, Error> {
    let response = http.execute(request).await.map_err(Error::transport)?;
    let status = response.status();
    let body = answer::read(response, MOST_BYTES).await?;
    if let Some(answered) = answer::errcode(&body).filter(|answered| answered.code != 0) {
        let message = answer::tidy(&answered.message, &[secret.expose().to_owned()]);
        let error = Error::answered(answered.code, message, Origin::Grant);
        return Err(error.with_status(status));
    }
    if !status.is_success() {
        return Err(Error::new(ErrorKind::Status, "no token was granted").with_status(status));
    }
    let granted: Granted = answer::json(&body)?;
    granted.at(now, credential).ok_or_else(|| Error::new(ErrorKind::Body, "the answer holds no token"))
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    expires_in: Lenient,
}

impl Granted {
    fn at(self, now: Moment, credential: &Credential) -> Option<Grant> {
        let Credential::AccessToken(kind) = *credential;
        let expires_in = u64::try_from(self.expires_in.0).ok()?;
        let usable = !self.access_token.expose().is_empty();
        usable.then_some(Grant { value: self.access_token, kind, timestamp: now.unix(), expires_in })
    }
}
