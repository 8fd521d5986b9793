//! One account as a test declares it.

use std::collections::HashMap;
use std::fmt;

use crate::content::{self, Follower, Material};

/// How long a token lives unless the test says otherwise, in seconds.
const EXPIRES_IN: u64 = 7200;

/// An account of the platform: its credentials, what it holds, and how the platform treats it.
///
/// A bare app has a few followers (one of whom does not follow), materials with Chinese names and
/// one template; declaring any of a kind replaces the defaults of that kind.
///
/// ```
/// use wechat_simulator::{App, Follower};
///
/// let app = App::new("wx1f2e3d4c5b6a7988", "secret")
///     .expires_in(300)
///     .follower(Follower::new("o6_bmjrPTlm6_2sgVt7hMZOPfL2M").nickname("小明"))
///     .daily_limit("/cgi-bin/token", 3);
/// # drop(app);
/// ```
#[derive(Clone)]
pub struct App {
    pub(crate) appid: String,
    pub(crate) secret: String,
    pub(crate) expires_in: u64,
    pub(crate) secret_frozen: bool,
    pub(crate) address_allowed: bool,
    pub(crate) daily_limits: HashMap<String, u64>,
    pub(crate) forced_limit: u64,
    pub(crate) media_limit: Option<u64>,
    pub(crate) empty_ticket: bool,
    pub(crate) followers: Option<Vec<Follower>>,
    pub(crate) materials: Option<Vec<Material>>,
    pub(crate) templates: Option<Vec<String>>,
    pub(crate) ip_list: Vec<String>,
}

impl App {
    /// An account with the defaults of every other setting.
    #[must_use]
    pub fn new(appid: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            appid: appid.into(),
            secret: secret.into(),
            expires_in: EXPIRES_IN,
            secret_frozen: false,
            address_allowed: true,
            daily_limits: HashMap::new(),
            forced_limit: 20,
            media_limit: None,
            empty_ticket: false,
            followers: None,
            materials: None,
            templates: None,
            ip_list: content::IP_LIST.map(str::to_owned).to_vec(),
        }
    }

    /// Sets how long a new token lives, in seconds; 7200 by default, 0 is allowed.
    #[must_use]
    pub fn expires_in(mut self, seconds: u64) -> Self {
        self.expires_in = seconds;
        self
    }

    /// Freezes the secret: what wants it answers 40243, tokens already issued keep working.
    #[must_use]
    pub fn secret_frozen(mut self, frozen: bool) -> Self {
        self.secret_frozen = frozen;
        self
    }

    /// Says whether callers are on the account's IP whitelist; if not, token endpoints answer 40164.
    #[must_use]
    pub fn address_allowed(mut self, allowed: bool) -> Self {
        self.address_allowed = allowed;
        self
    }

    /// Sets how often a path may be called in one Beijing day before it answers 45009.
    ///
    /// The defaults are the platform's: `/cgi-bin/token` 2000, `/cgi-bin/stable_token` 500,000,
    /// `user/info` 5,000,000, `user/get` 500, `menu/create` 1000, `media/upload` 100,000, `media/get` 200,000,
    /// `qrcode/create` 100,000; the others have none.
    #[must_use]
    pub fn daily_limit(mut self, path: impl Into<String>, calls: u64) -> Self {
        self.daily_limits.insert(path.into(), calls);
        self
    }

    /// Sets how many forced refreshes of the stable token a Beijing day has; 20 by default.
    #[must_use]
    pub fn forced_limit(mut self, refreshes: u64) -> Self {
        self.forced_limit = refreshes;
        self
    }

    /// Sets the most bytes that an upload of any kind may have before it is answered 45001.
    ///
    /// The defaults are the platform's: a picture 2 MiB, a sound 5 MiB, a film 10 MiB, a thumb 64 KiB, and
    /// 1 MiB for `media/uploadimg`. An upload above 32 MiB needs a
    /// [`Builder::body_limit`](crate::Builder::body_limit) as well.
    #[must_use]
    pub fn media_limit(mut self, bytes: u64) -> Self {
        self.media_limit = Some(bytes);
        self
    }

    /// Says whether `getticket` answers success with an empty ticket; false by default.
    #[must_use]
    pub fn empty_ticket(mut self, empty: bool) -> Self {
        self.empty_ticket = empty;
        self
    }

    /// Adds a user; the first one replaces the default users.
    #[must_use]
    pub fn follower(mut self, follower: Follower) -> Self {
        self.followers.get_or_insert_default().push(follower);
        self
    }

    /// Adds a material; the first one replaces the default materials.
    #[must_use]
    pub fn material(mut self, material: Material) -> Self {
        self.materials.get_or_insert_default().push(material);
        self
    }

    /// Adds a message template; the first one replaces the default template.
    #[must_use]
    pub fn template(mut self, template_id: impl Into<String>) -> Self {
        self.templates.get_or_insert_default().push(template_id.into());
        self
    }

    /// Sets what `getcallbackip` answers.
    #[must_use]
    pub fn ip_list<I>(mut self, addresses: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.ip_list = addresses.into_iter().map(Into::into).collect();
        self
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("appid", &self.appid).finish_non_exhaustive()
    }
}
