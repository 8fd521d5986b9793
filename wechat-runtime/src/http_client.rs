//! The HTTP client, made so that nothing secret leaves by it and nothing is sent twice behind our back.

use std::sync::Arc;
use std::time::Duration;

use crate::Error;
use crate::errcode::ErrorKind;

/// Makes the client as its builder says, but for what would hand a token away, or send a POST twice.
pub(crate) fn tamed(
    builder: reqwest::ClientBuilder,
    connect_timeout: Duration,
) -> Result<reqwest::Client, Error> {
    let client = builder
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connection_verbose(false)
        // With a limit of none, it does not copy each request either.
        .retry(reqwest::retry::never().max_retries_per_request(0))
        .connect_timeout(connect_timeout)
        .build();
    client.map_err(|error| {
        Error::new(ErrorKind::Configuration, "the HTTP client cannot be made")
            .caused_by(Arc::new(error.without_url()))
    })
}
