//! The connection to Redis: made when it is needed, made anew when it is lost, and never waited for too long.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, Value};
use tokio::runtime::{Handle, Id};

use super::error::{Failure, RedisError};
use super::script::Question;
use crate::flight::lock;

/// How many async runtimes are told apart before the connections of earlier ones are dropped.
const MANY_RUNTIMES: usize = 16;

/// One connection, which all commands share, for each async runtime: a connection is driven by the runtime that made it.
///
/// It is not the library's `ConnectionManager`, because that fails the first command after each loss, and waits before it
/// connects again.
pub(super) struct Connection {
    client: redis::Client,
    /// `host:port`, for errors.
    address: Arc<str>,
    timeout: Duration,
    lanes: Mutex<Vec<(Id, Arc<Lane>)>>,
}

/// The connection of one runtime.
#[derive(Default)]
struct Lane(Mutex<Current>);

#[derive(Default)]
struct Current {
    /// How many attempts to connect were begun.
    attempts: u64,
    /// The last of them, unless it has failed, or the connection that it made was lost.
    attempt: Option<Attempt>,
}

/// An attempt to connect, for all who wait for it. It is a task of its own, so that nobody who goes away ends it.
type Attempt = Shared<BoxFuture<'static, Result<MultiplexedConnection, RedisError>>>;

impl Connection {
    pub(super) fn new(client: redis::Client, timeout: Duration) -> Self {
        let address = client.get_connection_info().addr().to_string().into();
        Self { client, address, timeout, lanes: Mutex::default() }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Asks Redis, and connects first where there is no connection.
    ///
    /// Where the connection is lost meanwhile, it is asked once more over another: every question can be asked twice.
    pub(super) async fn ask<T: FromRedisValue>(&self, question: &Question<'_>) -> Result<T, RedisError> {
        let lane = self.lane();
        let mut used = None;
        let answer = tokio::time::timeout(self.timeout, self.answer(&lane, question, &mut used)).await;
        let Ok(answer) = answer else {
            // It may lead to where nobody is any more: the next command has another.
            if let Some(number) = used {
                lane.forget(number);
            }
            return Err(timed_out(&self.address, self.timeout));
        };
        redis::from_redis_value(answer?).map_err(|_| RedisError::Refused { code: "PROTOCOL".to_owned() })
    }

    async fn answer(
        &self,
        lane: &Arc<Lane>,
        question: &Question<'_>,
        used: &mut Option<u64>,
    ) -> Result<Value, RedisError> {
        let mut may_ask_again = true;
        loop {
            let (number, attempt) = self.attempt(lane);
            let mut connection = attempt.await.inspect_err(|_| lane.forget(number))?;
            *used = Some(number);
            let mut answer = self.send(&mut connection, question.in_short()).await;
            if matches!(answer, Err(Failure::NoScript)) {
                answer = self.send(&mut connection, question.in_full()).await;
            }
            match answer {
                Ok(answer) => return Ok(answer),
                Err(Failure::Disconnected(_)) if may_ask_again => {
                    lane.forget(number);
                    may_ask_again = false;
                }
                Err(failure) => {
                    if matches!(failure, Failure::Disconnected(_) | Failure::Demoted(_)) {
                        lane.forget(number);
                    }
                    return Err(failure.into_error());
                }
            }
        }
    }

    async fn send(&self, connection: &mut MultiplexedConnection, command: Cmd) -> Result<Value, Failure> {
        let answer = command.query_async::<Value>(connection).await;
        answer.map_err(|error| Failure::of(&error, &self.address))
    }

    /// The connection that there is, or one that is being made: a crowd does not knock one by one.
    fn attempt(&self, lane: &Arc<Lane>) -> (u64, Attempt) {
        let mut current = lock(&lane.0);
        if let Some(attempt) = &current.attempt {
            return (current.attempts, attempt.clone());
        }
        current.attempts += 1;
        let number = current.attempts;
        let (client, address, timeout) = (self.client.clone(), self.address.clone(), self.timeout);
        let lane = lane.clone();
        let task = tokio::spawn(async move {
            // What limits commands is the time of each.
            let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
            let made = client.get_multiplexed_async_connection_with_config(&config);
            let made = match tokio::time::timeout(timeout, made).await {
                Ok(made) => made.map_err(|error| RedisError::of(&error, &address)),
                Err(_) => Err(timed_out(&address, timeout)),
            };
            if made.is_err() {
                // Who comes now tries anew, also where nobody waits any more.
                lane.forget(number);
            }
            made
        });
        let address = self.address.clone();
        let ended = move |_| {
            // The task panicked, or its runtime has gone.
            let cause = "connecting was broken off".to_owned();
            Err(RedisError::Unreachable { address: address.to_string(), cause })
        };
        let attempt = task.map(|made| made.unwrap_or_else(ended)).boxed().shared();
        current.attempt = Some(attempt.clone());
        (number, attempt)
    }

    fn lane(&self) -> Arc<Lane> {
        let runtime = Handle::current().id();
        let mut lanes = lock(&self.lanes);
        if let Some((_, lane)) = lanes.iter().find(|(id, _)| *id == runtime) {
            return lane.clone();
        }
        if lanes.len() == MANY_RUNTIMES {
            lanes.remove(0);
        }
        let lane = Arc::new(Lane::default());
        lanes.push((runtime, lane.clone()));
        lane
    }
}

impl Lane {
    /// Lets go of a connection, unless there is another already.
    fn forget(&self, number: u64) {
        let mut current = lock(&self.0);
        if current.attempts == number {
            current.attempt = None;
        }
    }
}

fn timed_out(address: &str, after: Duration) -> RedisError {
    RedisError::TimedOut { address: address.to_owned(), after }
}
