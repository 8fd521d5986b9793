//! The page on which an account authorizes a component application.

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::json;

use super::Client;
use crate::answer::Lenient;
use crate::application::Component;
use crate::base::plain_url;
use crate::errcode::ErrorKind;
use crate::request::RequestBuilder;
use crate::routes::CREATE_PREAUTHCODE;
use crate::storage::adapter::{Adapter, DefaultArgs};
use crate::{Error, Secret};

/// The page for computers, on which the owner scans a code.
const FOR_COMPUTERS: &str = "https://mp.weixin.qq.com/cgi-bin/componentloginpage";

/// The page that is opened in WeChat itself.
const FOR_PHONES: &str = "https://open.weixin.qq.com/wxaopen/safe/bindcomponent";

/// Which kinds of account an owner can choose from on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthType {
    /// Official Accounts.
    OfficialAccount,
    /// Mini Programs.
    MiniProgram,
    /// Both of them.
    #[default]
    Both,
}

impl AuthType {
    fn written(self) -> &'static str {
        match self {
            Self::OfficialAccount => "1",
            Self::MiniProgram => "2",
            Self::Both => "3",
        }
    }
}

/// A call for the address of the page on which an account authorizes the component: await it, after saying what is
/// otherwise than usual.
#[must_use = "nothing is done until it is awaited"]
pub struct PreauthCall {
    call: RequestBuilder<Component>,
    component: Option<String>,
    redirect_uri: String,
    auth_type: AuthType,
    biz_appid: Option<String>,
    mobile: bool,
}

/// The address of the page on which an account authorizes the component.
///
/// [`as_str`](Self::as_str) gives it out; it does not display itself, because it has a code in it that is good for one
/// authorization. Send a browser there from a page of yours, whose host is the
/// one that the component has registered.
#[derive(Clone)]
pub struct PreauthUrl {
    url: Secret,
    expires_in: Duration,
}

impl PreauthUrl {
    /// The address itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.expose()
    }

    /// For how long it is good: 30 min, by what was seen.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.expires_in
    }
}

impl fmt::Debug for PreauthUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreauthUrl").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl Client<Component> {
    /// The address of the page on which an account authorizes the component.
    ///
    /// WeChat sends the browser to `redirect_uri` in the end, with `auth_code` and `expires_in` in its query. Call
    /// `/cgi-bin/component/api_query_auth` with that code, or leave it to the event `authorized`: either keeps the
    /// account's tokens.
    ///
    /// Follows the page on [authorization](https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Authorization_Process_Technical_Description.html).
    ///
    /// ```no_run
    /// # use wechat_runtime::{AuthType, Client, Component, Error};
    /// # async fn f(platform: Client<Component>) -> Result<(), Error> {
    /// let for_computers = platform.preauth_url("https://platform.example/authorized").await?;
    /// let for_phones = platform
    ///     .preauth_url("https://platform.example/authorized")
    ///     .auth_type(AuthType::OfficialAccount)
    ///     .mobile()
    ///     .await?;
    /// println!("{}", for_computers.as_str());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`fetch_component_access_token`](Self::fetch_component_access_token) and of `api_create_preauthcode`; a
    /// `redirect_uri` that is no URL ([`Request`](ErrorKind::Request)).
    pub fn preauth_url(&self, redirect_uri: impl Into<String>) -> PreauthCall {
        PreauthCall {
            call: self.post(CREATE_PREAUTHCODE).json(&json!({})),
            component: self.appid().map(str::to_owned),
            redirect_uri: redirect_uri.into(),
            auth_type: AuthType::default(),
            biz_appid: None,
            mobile: false,
        }
    }
}

impl PreauthCall {
    /// Which kinds of account the owner can choose from: both Official Accounts and Mini Programs by default.
    pub fn auth_type(self, auth_type: AuthType) -> Self {
        Self { auth_type, ..self }
    }

    /// Lets the owner authorize for this account alone.
    pub fn biz_appid(self, authorizer_appid: impl Into<String>) -> Self {
        Self { biz_appid: Some(authorizer_appid.into()), ..self }
    }

    /// The page that is opened in WeChat, on a phone, in place of the one for computers.
    pub fn mobile(self) -> Self {
        Self { mobile: true, ..self }
    }

    /// Does it for this component, whatever was declared.
    pub fn appid(self, component_appid: impl Into<String>) -> Self {
        let component_appid = component_appid.into();
        Self { call: self.call.appid(&component_appid), component: Some(component_appid), ..self }
    }

    /// Takes the component's token from this storage, whatever was declared.
    pub fn adapter_storage<S, M>(self, adapter: S) -> Self
    where
        S: Adapter<Component, M>,
        S::Args: DefaultArgs,
    {
        Self { call: self.call.adapter_storage(adapter), ..self }
    }

    /// Takes the component's token from this storage with these arguments, whatever was declared.
    pub fn adapter_storage_with<S, M>(self, adapter: S, args: S::Args) -> Self
    where
        S: Adapter<Component, M>,
    {
        Self { call: self.call.adapter_storage_with(adapter, args), ..self }
    }

    async fn make(self) -> Result<PreauthUrl, Error> {
        #[derive(Deserialize)]
        struct Created {
            pre_auth_code: Secret,
            expires_in: Lenient,
        }

        let wrong = |why| {
            Error::new(ErrorKind::Request, format!("the redirect_uri {why}"))
                .advising("write it whole, like `https://platform.example/authorized`")
        };
        let without_query = self.redirect_uri.split('?').next().unwrap_or_default();
        plain_url(without_query).map_err(wrong)?;
        let Created { pre_auth_code, expires_in } = self.call.send().await?.json()?;
        let component = self.component.as_deref().unwrap_or_default();
        let mut query = form_urlencoded::Serializer::new(String::new());
        if self.mobile {
            query.append_pair("action", "bindcomponent").append_pair("no_scan", "1");
        }
        query
            .append_pair("component_appid", component)
            .append_pair("pre_auth_code", pre_auth_code.expose())
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("auth_type", self.auth_type.written());
        if let Some(biz_appid) = &self.biz_appid {
            query.append_pair("biz_appid", biz_appid);
        }
        let query = query.finish();
        let url = if self.mobile {
            format!("{FOR_PHONES}?{query}#wechat_redirect")
        } else {
            format!("{FOR_COMPUTERS}?{query}")
        };
        let expires_in = Duration::from_secs(u64::try_from(expires_in.0).unwrap_or(0));
        Ok(PreauthUrl { url: url.into(), expires_in })
    }
}

impl IntoFuture for PreauthCall {
    type Output = Result<PreauthUrl, Error>;
    type IntoFuture = BoxFuture<'static, Result<PreauthUrl, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}

impl fmt::Debug for PreauthCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreauthCall").field("call", &self.call).finish_non_exhaustive()
    }
}
