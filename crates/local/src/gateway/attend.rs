//! For tests and fuzzing: a client that is past its handshake, on any socket, without a port or a request.

use super::Gateway;
use super::connections::{Connection, NewConnection};
use super::{handshake, ids, socket};
use crate::clock;
use std::net::{IpAddr, Ipv4Addr};
use tokio::io::{AsyncRead, AsyncWrite};

impl Gateway {
    /// Serves a client of a stage until it is gone.
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
        self.connections.insert(connection.clone());
        let ended = socket::serve(self, &connection, socket, outbox, self.stop.child_token()).await;
        handshake::forget(self, &connection, &ended).await;
    }

    /// How many connections there are.
    pub fn connection_count(&self) -> u64 {
        let mut open = Default::default();
        self.connections.count_by_stage(&mut open);
        open.values().sum()
    }
}
