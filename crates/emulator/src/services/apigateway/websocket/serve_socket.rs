//! For tests and fuzzing: a gateway without a control plane, and a client after its handshake on any socket, without a
//! port or a request.

use super::connections::{Connection, NewConnection};
#[cfg(test)]
use super::deployed::Deployed;
use super::gateway::{Deps, Gateway};
use super::limits::Timers;
use super::{handshake, ids, socket};
use crate::core::account::Account;
use crate::core::clock;
use crate::core::identity::Unrestricted;
use crate::core::logs::LogSink;
use crate::fault_injection::Faults;
use crate::services::iam::Iam;
use crate::services::kinesis::{self, Streams, SubscriptionTimers, WriteLimits};
use crate::services::lambda::invocation::{self, Functions, INIT_MAX};
use crate::services::sqs::Queues;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

impl Gateway {
    /// A gateway that allows everyone everything, and its streams; without stages and streams.
    pub async fn alone(logs: Arc<dyn LogSink>, timers: Timers) -> (Self, Streams) {
        let (account, permissions) = (Account::default(), Arc::new(Unrestricted));
        let faults = Faults::new(Default::default());
        let streams = Streams::start(kinesis::Deps {
            account: account.clone(),
            permissions: permissions.clone(),
            write_limits: WriteLimits::Lifted,
            subscription_timers: SubscriptionTimers::default(),
            faults: faults.clone(),
            stored: None,
        })
        .await;
        let functions = Functions::new(invocation::Deps {
            account: account.clone(),
            permissions: permissions.clone(),
            logs: logs.clone(),
            endpoint_url: String::new(),
            faults: faults.clone(),
            init_max: INIT_MAX,
            freeze: invocation::Freeze::default(),
            processes: invocation::Processes::default(),
        });
        let iam = Iam::new(account.clone());
        let deps = Deps {
            account: account.clone(),
            streams: streams.clone(),
            functions,
            queues: Arc::new(Queues::new(account, Arc::new(iam))),
            permissions,
            logs,
            timers,
            faults,
            is_starting: false,
        };
        (Self::new(deps), streams)
    }

    /// Serves a stage's client until it is gone.
    pub async fn attend<S: AsyncRead + AsyncWrite + Unpin>(&self, api_id: &str, stage: &str, socket: S) {
        let now_ms = clock::now_ms();
        let (connection, outbox) = Connection::new(NewConnection {
            id: ids::id(now_ms),
            api_id: api_id.into(),
            stage: stage.into(),
            domain_name: "127.0.0.1".into(),
            connected_at_ms: now_ms,
            source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_agent: None,
        });
        self.shared.connections.insert(connection.clone());
        let ended = socket::serve(self, &connection, socket, outbox, self.shared.stop.child_token()).await;
        handshake::forget(self, &connection, &ended).await;
    }

    /// Every served stage; each stays the same until it is published again.
    #[cfg(test)]
    pub(crate) fn stages(&self) -> Vec<Arc<Deployed>> {
        self.shared.stages.iter().map(|stage| stage.clone()).collect()
    }

    pub fn connection_count(&self) -> u64 {
        let mut open = Default::default();
        self.shared.connections.count_by_stage(&mut open);
        open.values().sum()
    }
}
