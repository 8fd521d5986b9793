//! The connection to Redis: made when it is needed, made anew when it is lost, and never waited for too long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
    address: String,
    timeout: Duration,
    lanes: std::sync::Mutex<Vec<(Id, Arc<Lane>)>>,
}

#[derive(Default)]
struct Lane {
    current: std::sync::Mutex<Option<Numbered>>,
    /// Whoever holds it connects, for all; with the last error of one who did.
    gate: tokio::sync::Mutex<Option<RedisError>>,
    /// How many attempts to connect have ended.
    attempts: AtomicU64,
}

/// A connection with the number of the attempt that made it.
#[derive(Clone)]
struct Numbered {
    number: u64,
    connection: MultiplexedConnection,
}

impl Connection {
    pub(super) fn new(client: redis::Client, timeout: Duration) -> Self {
        let address = client.get_connection_info().addr().to_string();
        Self { client, address, timeout, lanes: std::sync::Mutex::default() }
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
            lane.forget(used);
            return Err(RedisError::TimedOut { address: self.address.clone(), after: self.timeout });
        };
        redis::from_redis_value(answer?).map_err(|_| RedisError::Refused { code: "PROTOCOL".to_owned() })
    }

    async fn answer(
        &self,
        lane: &Lane,
        question: &Question<'_>,
        used: &mut Option<u64>,
    ) -> Result<Value, RedisError> {
        let mut may_ask_again = true;
        loop {
            let Numbered { number, mut connection } = self.connected(lane).await?;
            *used = Some(number);
            let mut answer = self.send(&mut connection, question.in_short()).await;
            if matches!(answer, Err(Failure::NoScript)) {
                answer = self.send(&mut connection, question.in_full()).await;
            }
            match answer {
                Ok(answer) => return Ok(answer),
                Err(Failure::Disconnected(_)) if may_ask_again => {
                    lane.forget(Some(number));
                    may_ask_again = false;
                }
                Err(failure) => {
                    if matches!(failure, Failure::Disconnected(_) | Failure::Demoted(_)) {
                        lane.forget(Some(number));
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

    async fn connected(&self, lane: &Lane) -> Result<Numbered, RedisError> {
        if let Some(current) = lane.current() {
            return Ok(current);
        }
        let ended = lane.attempts.load(Ordering::Acquire);
        let mut last_error = lane.gate.lock().await;
        if let Some(current) = lane.current() {
            return Ok(current);
        }
        // Who waited while another tried has its answer: a crowd does not knock one by one.
        if let Some(error) = &*last_error
            && lane.attempts.load(Ordering::Acquire) != ended
        {
            return Err(error.clone());
        }
        // What limits them is the time of the whole command.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let made = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let number = lane.attempts.fetch_add(1, Ordering::AcqRel);
        match made {
            Ok(connection) => {
                *last_error = None;
                let made = Numbered { number, connection };
                *lock(&lane.current) = Some(made.clone());
                Ok(made)
            }
            Err(error) => {
                let error = RedisError::of(&error, &self.address);
                *last_error = Some(error.clone());
                Err(error)
            }
        }
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
    fn current(&self) -> Option<Numbered> {
        lock(&self.current).clone()
    }

    /// Lets go of a connection, unless there is another already.
    fn forget(&self, number: Option<u64>) {
        let mut current = lock(&self.current);
        if current.as_ref().map(|current| current.number) == number {
            *current = None;
        }
    }
}
