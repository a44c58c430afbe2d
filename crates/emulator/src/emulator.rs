//! The emulator as a whole: how it starts and how it stops.

mod assembly;
mod options;

pub use options::EmulatorOptions;

use crate::core::account::Account;
#[cfg(feature = "fuzzing")]
use crate::core::open_files;
use crate::core::panics;
use crate::core::region::{Region, RegionCell};
use crate::core::temp_folder::{self, TempFolder};
use crate::fault_injection::Faults;
use crate::server;
use crate::server::app::App;
#[cfg(feature = "fuzzing")]
use crate::services::apigateway::websocket::Gateway;
use crate::services::kinesis::Streams;
use crate::storage::{Checkpoints, Restored, Storage, StorageError};
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use parking_lot::Mutex;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long clients and calls have to finish when the emulator stops; those still open then are cut off.
pub const STOP_MAX: Duration = Duration::from_secs(5);
/// How long those that are cut off may take to end: no more than killing a process takes.
const CUT_MAX: Duration = Duration::from_secs(1);

/// A running emulator. Clones are the same emulator.
#[derive(Clone)]
pub struct Emulator {
    account: Account,
    pub(crate) app: Arc<App>,
    running: Arc<Running>,
}

struct Running {
    address: SocketAddr,
    /// Nothing more is accepted; what is open may finish.
    stop: CancellationToken,
    /// What is still open is cut off.
    cut: CancellationToken,
    tasks: TaskTracker,
    storage: Option<Storage>,
    /// Functions' code and temporary files; removed when the emulator stops.
    temp_folder: Mutex<Option<TempFolder>>,
}

impl Emulator {
    /// Starts an empty emulator on a socket. Fails if the socket has no address, no folder for functions' code can be
    /// made, or the data folder cannot be used.
    pub async fn start(listener: TcpListener, options: EmulatorOptions) -> std::io::Result<Self> {
        panics::watch();
        let address = listener.local_addr()?;
        let temp_folder = TempFolder::create()?;
        // It runs beside the start.
        drop(tokio::task::spawn_blocking(temp_folder::remove_stale));
        let stored = match options.data_dir.clone() {
            Some(path) => Some(open_storage(path, options.account.region.clone()).await?),
            None => None,
        };
        if options.is_starting {
            // The stack is created at once, not on a call that could decide.
            options.account.region.settle(Region::default());
        }
        let emulator = Self::assemble(address, options, temp_folder, stored).await;
        let Running { stop, cut, tasks, .. } = &*emulator.running;
        tasks.spawn(server::serve(emulator.app.clone(), listener, stop.clone(), cut.clone()));
        tasks.close();
        Ok(emulator)
    }

    /// An emulator without a listener.
    pub(crate) async fn assemble(
        address: SocketAddr,
        options: EmulatorOptions,
        temp_folder: TempFolder,
        stored: Option<(Storage, Restored)>,
    ) -> Self {
        let account = options.account.clone();
        let storage = stored.as_ref().map(|(storage, _)| storage.clone());
        let app = assembly::app(endpoint_url(address), options, &temp_folder, stored).await;
        let running = Running {
            address,
            stop: CancellationToken::new(),
            cut: CancellationToken::new(),
            tasks: TaskTracker::new(),
            storage,
            temp_folder: Mutex::new(Some(temp_folder)),
        };
        Self { account, app: Arc::new(app), running: Arc::new(running) }
    }

    /// Serves one client on a socket that does not come from the port.
    #[cfg(feature = "fuzzing")]
    pub async fn attend<S>(&self, socket: S, peer: SocketAddr)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let stop = self.running.stop.child_token();
        server::serve_connection(self.app.clone(), socket, peer, open_files::Room::Enough, stop).await;
    }

    /// The WebSocket data plane, to publish a stage without the control plane.
    #[cfg(feature = "fuzzing")]
    pub fn gateway(&self) -> &Gateway {
        &self.app.gateway
    }

    pub fn account(&self) -> &Account {
        &self.account
    }

    pub fn faults(&self) -> &Faults {
        &self.app.faults
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// `http://127.0.0.1:{port}`, the `AWS_ENDPOINT_URL` of functions and clients on this machine.
    pub fn endpoint_url(&self) -> String {
        endpoint_url(self.running.address)
    }

    /// Answers one AWS API call, from the port or from inside the process.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Body> {
        self.app.call(request).await
    }

    /// The whole emulator's control state, normalised, so that two emulators can be compared.
    pub async fn state(&self) -> Value {
        self.app.state().await
    }

    pub fn metrics(&self) -> String {
        self.app.metrics()
    }

    /// Closes every connection and gives calls in flight [`STOP_MAX`] to finish. Then it cuts off what is open, ends
    /// every function, and closes the data folder.
    pub async fn stop(&self) {
        let Running { stop, cut, tasks, storage, temp_folder, .. } = &*self.running;
        stop.cancel();
        self.app.streams.shutdown();
        let orderly = async {
            self.app.mappings.shutdown().await;
            tokio::join!(self.app.gateway.shutdown(), tasks.wait());
        };
        if timeout(STOP_MAX, orderly).await.is_err() {
            tracing::warn!(
                "cut off connections and calls that were still open after {} s",
                STOP_MAX.as_secs()
            );
        }
        cut.cancel();
        let gone = async { tokio::join!(self.app.functions.shutdown(), tasks.wait()) };
        if timeout(CUT_MAX, gone).await.is_err() {
            tracing::warn!("some connections or functions did not end in time: left running");
        }
        if let Some(storage) = storage.clone() {
            let _ = tokio::task::spawn_blocking(move || storage.close()).await;
        }
        // Clones of the emulator may outlive this in a client's connection. The folder must not.
        drop(temp_folder.lock().take());
    }
}

async fn open_storage(path: PathBuf, region: RegionCell) -> std::io::Result<(Storage, Restored)> {
    let opened = tokio::task::spawn_blocking(move || {
        let (storage, restored) = Storage::open(&path)?;
        for check in [Checkpoints::check, Streams::check] {
            check(&restored.documents).map_err(|(key, problem)| StorageError::Document {
                folder: path.clone(),
                key,
                problem,
            })?;
        }
        settle(&region, &restored).map_err(|(found, own)| StorageError::Region {
            folder: path,
            found,
            own,
        })?;
        Ok::<_, StorageError>((storage, restored))
    });
    opened.await?.map_err(std::io::Error::other)
}

/// A data folder's streams decide the region, if nothing did before. Errors: their region, and the emulator's.
fn settle(region: &RegionCell, restored: &Restored) -> Result<(), (Region, Region)> {
    match Streams::region(&restored.documents) {
        Some(found) => {
            let own = region.settle(found.clone());
            if *own == found { Ok(()) } else { Err((found, own.clone())) }
        }
        None => {
            if !restored.tails.is_empty() {
                // Definitions that were lost are made anew, with an ARN.
                region.settle(Region::default());
            }
            Ok(())
        }
    }
}

/// If the emulator listens everywhere, its own functions call it over loopback.
fn endpoint_url(address: SocketAddr) -> String {
    let is_loopback = address.ip().is_loopback() && address.is_ipv4();
    if is_loopback || address.ip().is_unspecified() {
        format!("http://127.0.0.1:{}", address.port())
    } else {
        format!("http://{address}")
    }
}
