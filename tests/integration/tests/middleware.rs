//! The token injection in a stack of middlewares: what those outside and inside of it see, and what is kept.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use wechat_integration_tests::{Agency, PATH, World, http, inside, is_generated, stack};
use wechat_runtime::reqwest::{self, Body, Request, redirect::Policy};
use wechat_runtime::{AuthorizerAppid, Client, Common, ErrorKind, Response, TokenInjection, async_trait};
use wechat_simulator::Fault;

const SEND: &str = "/cgi-bin/message/template/send";

/// A stack with another middleware outside of the injection.
fn outside(client: &Client<Common>, other: impl Middleware) -> ClientWithMiddleware {
    let plain = http().redirect(Policy::none()).build().unwrap();
    ClientBuilder::new(plain).with(other).with(TokenInjection::new(client)).build()
}

/// Notes the URL of each request and of each response.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Middleware for Notes {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        self.0.lock().unwrap().push(request.url().to_string());
        let response = next.run(request, extensions).await?;
        self.0.lock().unwrap().push(format!("{response:?}"));
        Ok(response)
    }
}

#[tokio::test]
async fn what_is_outside_of_the_injection_never_sees_the_token() {
    let world = World::new().await;
    let notes = Notes::default();
    let stack = outside(&world.client(), notes.clone());
    let url = format!("{}{PATH}?a=1#part", world.sim.base_url());
    let answer = stack.get(&url).send().await.unwrap();
    assert_eq!(answer.url().as_str(), format!("{}{PATH}?a=1", world.sim.base_url()));
    let token = world.shelf.value(&world.appid).unwrap();
    let notes = notes.0.lock().unwrap();
    assert!(notes.len() == 2 && notes.iter().all(|note| !note.contains(&token)), "{notes:?}");
}

/// So that a retry policy further outside can see what it is to retry.
#[tokio::test]
async fn any_status_is_passed_on_by_the_middleware() {
    let world = World::new().await;
    let stack = stack(&world.client());
    let url = format!("{}{PATH}", world.sim.base_url());
    world.sim.fault(PATH, Fault::drop_before().times(1));
    stack.get(&url).send().await.unwrap_err();
    assert_eq!(world.calls(PATH), 1, "how often is the stack's to say");
    world.sim.fault(PATH, Fault::status(502).times(1));
    assert_eq!(stack.get(&url).send().await.unwrap().status(), 502);
    assert_eq!(stack.get(&url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_redirect_that_was_followed_is_an_error() {
    let world = World::new().await;
    let following = http().build().unwrap();
    let stack = ClientBuilder::new(following).with(TokenInjection::new(&world.client())).build();
    let to = format!("{}/cgi-bin/get_api_domain_ip", world.sim.base_url());
    world.sim.fault(PATH, Fault::redirect(to).times(1));
    let url = format!("{}{PATH}", world.sim.base_url());
    let error = inside(stack.get(url).send().await.unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Status);
    assert!(error.to_string().contains("Policy::none"), "{error}");
}

/// Fails, and repeats what it was asked to send.
struct Tattler;

#[async_trait]
impl Middleware for Tattler {
    async fn handle(
        &self,
        request: Request,
        _: &mut http::Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        Err(reqwest_middleware::Error::middleware(std::io::Error::other(format!("lost {}", request.url()))))
    }
}

#[tokio::test]
async fn what_fails_further_inside_is_told_without_the_token() {
    let world = World::new().await;
    let stack = ClientBuilder::new(http().build().unwrap())
        .with(TokenInjection::new(&world.client()))
        .with(Tattler)
        .build();
    let error = inside(stack.get(format!("{}{PATH}", world.sim.base_url())).send().await.unwrap_err());
    let token = world.shelf.value(&world.appid).unwrap();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("lost http") && !shown.contains(&token), "{shown}");
}

#[tokio::test]
async fn a_file_streams_through_the_middleware() {
    let world = World::new().await;
    let long = world.account().put_generated_media("long.mp3", 3_000_000);
    let stack = stack(&world.client());
    let url = format!("{}/cgi-bin/media/get?media_id={long}", world.sim.base_url());
    let answer = stack.get(&url).send().await.unwrap();
    assert_eq!(answer.content_length(), Some(3_000_000));
    assert_eq!(answer.headers()["content-type"], "audio/mpeg");
    let bytes = answer.bytes().await.unwrap();
    assert!(is_generated(&bytes, 3_000_000));
}

#[tokio::test]
async fn an_answer_of_the_stack_is_asked_for_its_errcode() {
    let world = World::new().await;
    let stack = stack(&world.client());
    world.sim.fault(PATH, Fault::errcode(48001).times(1));
    let answer = stack.get(format!("{}{PATH}", world.sim.base_url())).send().await.unwrap();
    let error = Response::read(answer).await.unwrap().error_for_errcode().unwrap_err();
    assert_eq!((error.kind(), error.endpoint()), (ErrorKind::PermissionDenied, Some(PATH)));
}

#[tokio::test]
async fn a_stream_of_unknown_length_is_an_error_before_anything_is_sent() {
    struct Unknown;
    impl http_body::Body for Unknown {
        type Data = Bytes;
        type Error = std::io::Error;
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<std::io::Result<http_body::Frame<Bytes>>>> {
            std::task::Poll::Ready(None)
        }
    }
    let world = World::new().await;
    let stack = stack(&world.client());
    let call = stack.post(format!("{}{SEND}", world.sim.base_url())).body(Body::wrap(Unknown));
    assert_eq!(inside(call.send().await.unwrap_err()).kind(), ErrorKind::Request);
    assert_eq!(world.sim.ledger().calls().count(), 0);
}

#[tokio::test]
async fn what_a_response_of_the_stack_knows_is_kept() {
    let world = World::new().await;
    let stack = stack(&world.client());
    let url = format!("{}{PATH}", world.sim.base_url());
    let answer = stack.get(&url).send().await.unwrap();
    assert!(answer.remote_addr().is_some() && answer.content_length().is_some());
    assert_eq!(answer.version(), http::Version::HTTP_11);
}

#[tokio::test]
async fn a_requests_own_time_holds_while_its_token_is_obtained() {
    let world = World::new().await;
    let stack = stack(&world.client());
    world.sim.fault("/cgi-bin/stable_token", Fault::hang().times(1));
    let call = stack.get(format!("{}{PATH}", world.sim.base_url())).timeout(Duration::from_millis(100));
    let in_time = tokio::time::timeout(Duration::from_secs(3), call.send());
    let error = inside(in_time.await.expect("it ends in its own time").unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_component_applications_request_is_for_the_account_of_its_extension() {
    let agency = Agency::new().await;
    let client = agency.client();
    let (one, other) = (agency.authorizer(&client).await, agency.authorizer(&client).await);
    let through = stack(&agency.builder().authorizer_appid(one.appid()).build().unwrap());
    let url = format!("{}{PATH}", agency.sim.base_url());
    for (extension, appid) in [(None, one.appid()), (Some(other.appid()), other.appid())] {
        let mut request = through.get(&url);
        if let Some(appid) = extension {
            request = request.with_extension(AuthorizerAppid(appid.to_owned()));
        }
        let answer = Response::read(request.send().await.unwrap()).await.unwrap();
        answer.error_for_errcode().unwrap();
        let ledger = agency.sim.ledger();
        assert_eq!(ledger.calls_to(PATH).last().and_then(|call| call.appid()), Some(appid));
    }
}
