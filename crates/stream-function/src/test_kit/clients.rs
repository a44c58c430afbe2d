//! Clients in memory: they record what they receive, and can be set to be gone, slow or throttled.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use crate::batch::lock;
use crate::connections::{BoxFuture, ConnectionInfo, Connections, Delivery, SendError};
use crate::jitter::Jitter;
use crate::limits::REQUEST_TIMEOUT;

/// The behaviour of calls for one client.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Behaviour {
    #[default]
    Connected,
    Gone,
    Slow(Duration),
    Throttled(usize),
    Unavailable(usize),
    Forbidden,
}

/// A fixed seed, so that a failing test fails again.
const SEED: u64 = 1;

#[derive(Default)]
pub(super) struct FakeConnections(Mutex<State>);

#[derive(Default)]
struct State {
    behaviours: HashMap<String, Behaviour>,
    sent: Vec<(String, String)>,
    closed: Vec<String>,
    /// Random failures of calls for connected clients: their share, their kind and the random numbers.
    chance: Option<(f64, Behaviour, Jitter)>,
}

impl FakeConnections {
    pub fn set(&self, id: &str, behaviour: Behaviour) {
        lock(&self.0).behaviours.insert(id.to_owned(), behaviour);
    }

    pub fn fail_by_chance(&self, share: f64, behaviour: Behaviour) {
        lock(&self.0).chance = Some((share, behaviour, Jitter::seeded(SEED)));
    }

    pub fn sent(&self) -> Vec<(String, String)> {
        lock(&self.0).sent.clone()
    }

    pub fn closed(&self) -> Vec<String> {
        lock(&self.0).closed.clone()
    }

    /// Makes one call, with the client's delay and result.
    async fn call(&self, id: &str) -> Result<Delivery, SendError> {
        match self.take(id) {
            Behaviour::Connected => Ok(Delivery::Delivered),
            Behaviour::Gone => Ok(Delivery::Gone),
            Behaviour::Slow(time) if time >= REQUEST_TIMEOUT => {
                sleep(REQUEST_TIMEOUT).await;
                Err(SendError::Unavailable(format!("no answer within {} s", REQUEST_TIMEOUT.as_secs())))
            }
            Behaviour::Slow(time) => {
                sleep(time).await;
                Ok(Delivery::Delivered)
            }
            Behaviour::Throttled(_) => Err(SendError::Throttled("too many calls".into())),
            Behaviour::Unavailable(_) => Err(SendError::Unavailable("503: out of order".into())),
            Behaviour::Forbidden => Err(SendError::Forbidden("not authorized".into())),
        }
    }

    /// The client's behaviour for one call. A behaviour for a number of calls is reduced by one.
    fn take(&self, id: &str) -> Behaviour {
        let mut state = lock(&self.0);
        let Some(behaviour) = state.behaviours.get_mut(id) else {
            return state.by_chance();
        };
        let taken = *behaviour;
        match behaviour {
            Behaviour::Throttled(calls) | Behaviour::Unavailable(calls) => match calls.checked_sub(1) {
                Some(left) => *calls = left,
                None => {
                    *behaviour = Behaviour::Connected;
                    return Behaviour::Connected;
                }
            },
            _ => {}
        }
        taken
    }
}

impl State {
    fn by_chance(&self) -> Behaviour {
        match &self.chance {
            Some((share, behaviour, dice)) if dice.next() < *share => *behaviour,
            _ => Behaviour::Connected,
        }
    }
}

impl Connections for FakeConnections {
    fn post<'a>(&'a self, id: &'a str, message: Bytes) -> BoxFuture<'a, Result<Delivery, SendError>> {
        Box::pin(async move {
            let delivery = self.call(id).await?;
            if delivery == Delivery::Delivered {
                let message = String::from_utf8_lossy(&message).into_owned();
                lock(&self.0).sent.push((id.to_owned(), message));
            }
            Ok(delivery)
        })
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<ConnectionInfo>, SendError>> {
        Box::pin(async move {
            let info = ConnectionInfo { connected_at: None, last_active_at: None, identity: None };
            Ok((self.call(id).await? == Delivery::Delivered).then_some(info))
        })
    }

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            if self.call(id).await? == Delivery::Delivered {
                let mut state = lock(&self.0);
                state.behaviours.insert(id.to_owned(), Behaviour::Gone);
                state.closed.push(id.to_owned());
            }
            Ok(())
        })
    }
}
