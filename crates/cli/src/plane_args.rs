//! What `dev` and `serve` have in common: where a plane listens and how it differs from the usual one.

use crate::flow_log;
use anyhow::Context as _;
use local::plane::{Plane, PlaneOptions};
use local::stream::WriteLimits;
use std::net::{IpAddr, SocketAddr};
use tokio::net::TcpListener;

/// Arguments of every command that runs a plane.
#[derive(clap::Args)]
pub struct PlaneArgs {
    /// Port of the plane: AWS APIs, WebSockets and @connections alike
    #[arg(long, default_value_t = 4566, env = "SLUICEGATE_PORT")]
    port: u16,
    /// Address to listen on; anything but loopback opens the plane to the network
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind: IpAddr,
    /// Print warnings only, not a line per event
    #[arg(long, short)]
    quiet: bool,
    /// Lift each shard's write limit of 1 MiB and 1,000 records a second, for load tests
    #[arg(long)]
    no_write_limits: bool,
}

impl PlaneArgs {
    /// Sends the plane's own log to the terminal.
    pub fn install_log(&self) {
        flow_log::install(self.quiet);
    }

    /// Binds the plane's socket, or says what is in the way.
    pub async fn listen(&self) -> anyhow::Result<TcpListener> {
        let address = SocketAddr::new(self.bind, self.port);
        TcpListener::bind(address).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
                "port {} is in use: stop what listens there (another `dev`, LocalStack?), or choose another with --port",
                address.port()
            ),
            _ => anyhow::Error::new(error).context(format!("cannot listen on {address}")),
        })
    }

    /// Starts the plane on a socket.
    pub async fn start(&self, listener: TcpListener) -> anyhow::Result<Plane> {
        let write_limits = if self.no_write_limits { WriteLimits::Lifted } else { WriteLimits::Enforced };
        let options = PlaneOptions { write_limits, ..PlaneOptions::default() };
        Plane::start(listener, options).await.context("cannot start the plane")
    }
}
