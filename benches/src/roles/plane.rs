//! Our plane with the project's stack, as `sluicegate dev` runs it, with functions that are built already.

use crate::plane::{BenchPlane, Order};
use serde::{Deserialize, Serialize};

/// Where it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Its WebSocket.
    pub uri: String,
    /// Its port.
    pub port: u16,
    /// Its stream's name.
    pub stream: String,
}

pub(super) async fn run(order: Order) -> anyhow::Result<()> {
    let plane = BenchPlane::start(&order).await?;
    super::greet(&Answer {
        uri: plane.uri(),
        port: plane.plane.address().port(),
        stream: plane.stack.stream_name(),
    })?;
    super::parent_left().await;
    plane.plane.stop().await;
    Ok(())
}
