//! The numbers of refreshing: defaults that suit production, all of them settable.

use std::time::Duration;

/// When credentials are refreshed, how often at most, and how long everything may take.
///
/// ```
/// use std::time::Duration;
/// use wechat_runtime::RefreshSettings;
///
/// let mut settings = RefreshSettings::default();
/// settings.margin = Duration::from_secs(120);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RefreshSettings {
    /// How long before a token's end it is refreshed while it is still served: 300 s, and at most a
    /// quarter of what was granted.
    pub margin: Duration,
    /// How long a token is taken to live at least, whatever WeChat says, so that a grant of no time does not
    /// cause a fetch for each call: 60 s.
    pub shortest_life: Duration,
    /// How far apart two refreshes caused by refused tokens are at least, and how old a token must be to
    /// be replaced at all: 30 s.
    pub gap: Duration,
    /// How many refreshes refused tokens may cause in one Beijing day: 100.
    pub refusals_per_day: u32,
    /// How many calls of `/cgi-bin/token` by name may bring a new token in one Beijing day: 100.
    pub renewals_per_day: u32,
    /// How many refreshes may be forced (`force_refresh` of `stable_token`): 20, which is WeChat's own limit.
    pub forced_per_day: u32,
    /// How long one call to a token endpoint may take: 5 s.
    pub upstream_timeout: Duration,
    /// How long one callback of a storage adapter, or of its coordinator, may take: 5 s.
    pub storage_timeout: Duration,
    /// How long a whole refresh may take: 15 s. A caller waits for it at most this long and one
    /// [`upstream_timeout`](Self::upstream_timeout) more, and never past its own deadline. Where several processes agree by a
    /// [`Coordinator`](crate::storage::Coordinator), another takes over then from one that has died.
    pub lease: Duration,
    /// How far apart two attempts to refresh a token that is still served are at least: 1 s.
    pub background_pause: Duration,
    /// How long nobody asks again after WeChat has refused to grant: by the reason, from 1 s to 24 h.
    pub cool_downs: CoolDowns,
}

impl Default for RefreshSettings {
    fn default() -> Self {
        Self {
            margin: Duration::from_secs(300),
            shortest_life: Duration::from_secs(60),
            gap: Duration::from_secs(30),
            refusals_per_day: 100,
            renewals_per_day: 100,
            forced_per_day: 20,
            upstream_timeout: Duration::from_secs(5),
            storage_timeout: Duration::from_secs(5),
            lease: Duration::from_secs(15),
            background_pause: Duration::from_secs(1),
            cool_downs: CoolDowns::default(),
        }
    }
}

/// How long nobody asks again after WeChat has refused to grant a credential, by the reason.
///
/// One call is made per cool-down; everybody else gets the same error with its
/// [`retry_after`](crate::Error::retry_after). Where several processes agree by a
/// [`Coordinator`](crate::storage::Coordinator), that is so for all of them; but one that has no connection to WeChat, or whose
/// storage fails, pauses alone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CoolDowns {
    /// Busy, a server error, no connection, no answer in time, an answer that is not JSON: 1 s, doubling
    /// to 30 s.
    pub transient: Backoff,
    /// Wrong appid or secret: 60 s, doubling to 10 min. Another secret from the adapter ends it.
    pub configuration: Backoff,
    /// The address is not allowed: 60 s, doubling to 10 min.
    pub address: Backoff,
    /// Frozen or forbidden: 10 min.
    pub frozen: Duration,
    /// Waiting for the administrator to confirm the address (89501): 60 s.
    pub confirmation_pending: Duration,
    /// Refused by the administrator once (89507): 1 h.
    pub confirmation_refused: Duration,
    /// Refused by the administrator twice (89506): 24 h.
    pub confirmation_barred: Duration,
    /// The day's quota is used up (45009): until midnight in Beijing, with one probe in this time: 1 h.
    /// A successful `clear_quota` through the client ends it.
    pub quota_probe: Duration,
    /// A refresh token is refused (61023), or the account has not authorized the component (61003), or is not in its list:
    /// 10 min. Another refresh token that is saved ends it. Two more pauses have no length: a verify ticket that is refused
    /// (61005, 61006) is not shown again, and so the next one ends the pause.
    pub reauthorization: Duration,
    /// By how many per cent at most the cool-downs that end for many processes at once are lengthened at
    /// random: 20.
    pub jitter_percent: u32,
}

impl Default for CoolDowns {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            transient: Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(30) },
            configuration: Backoff { first: minutes(1), longest: minutes(10) },
            address: Backoff { first: minutes(1), longest: minutes(10) },
            frozen: minutes(10),
            confirmation_pending: minutes(1),
            confirmation_refused: minutes(60),
            confirmation_barred: minutes(24 * 60),
            quota_probe: minutes(60),
            reauthorization: minutes(10),
            jitter_percent: 20,
        }
    }
}

/// A pause that doubles from `first` to `longest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause.
    pub first: Duration,
    /// What it never exceeds.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after `failures` failures in a row, the first of which is number 0.
    pub(crate) fn pause(self, failures: u32) -> Duration {
        self.first.saturating_mul(2_u32.saturating_pow(failures)).min(self.longest)
    }
}

/// A time at random, in whole milliseconds, at most `percent` per cent of `pause`.
pub(crate) fn jitter(pause: Duration, percent: u32) -> Duration {
    let most = u64::try_from((pause / 100).saturating_mul(percent).as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(fastrand::u64(0..=most))
}
