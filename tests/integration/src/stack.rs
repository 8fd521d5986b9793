//! A stack of middlewares with the token injection in it.

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use wechat_runtime::reqwest::redirect::Policy;
use wechat_runtime::{Application, Client, Error, TokenInjection};

use crate::http;

/// A stack of nothing but the injection of this client.
pub fn stack<App: Application>(client: &Client<App>) -> ClientWithMiddleware {
    let plain = http().redirect(Policy::none()).build().expect("the settings are right");
    ClientBuilder::new(plain).with(TokenInjection::new(client)).build()
}

/// The error inside a middleware's.
pub fn inside(error: reqwest_middleware::Error) -> Error {
    match error {
        reqwest_middleware::Error::Middleware(error) => error.downcast().expect("the error is ours"),
        reqwest_middleware::Error::Reqwest(error) => panic!("an error without ours in it: {error}"),
    }
}
