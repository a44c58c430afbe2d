//! The emulator as a whole: what it is made of, how it starts and how it stops.

mod assembly;
mod options;

pub use options::EmulatorOptions;

use crate::core::account::Account;
#[cfg(feature = "fuzzing")]
use crate::core::open_files;
use crate::core::panics;
use crate::core::temp_folder;
use crate::core::temp_folder::TempFolder;
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

/// How long clients and calls have to end in order when the emulator stops; what is open then is cut off.
pub const STOP_MAX: Duration = Duration::from_secs(5);
/// How long what is cut off may take to be gone: no more than killing takes.
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
    /// Nothing more is accepted; what is open may end.
    stop: CancellationToken,
    /// What is still open is cut off.
    cut: CancellationToken,
    tasks: TaskTracker,
    storage: Option<Storage>,
    /// Functions' code and temporary files, until the emulator stops.
    temp_folder: Mutex<Option<TempFolder>>,
}

impl Emulator {
    /// Starts an empty emulator on a socket.
    ///
    /// # Errors
    /// Where the socket has no address, no folder for functions' code can be made, or the data folder cannot be
    /// used.
    pub async fn start(listener: TcpListener, options: EmulatorOptions) -> std::io::Result<Self> {
        panics::watch();
        let address = listener.local_addr()?;
        let temp_folder = TempFolder::create()?;
        // Nobody waits for it.
        drop(tokio::task::spawn_blocking(temp_folder::remove_stale));
        let stored = match options.data_dir.clone() {
            Some(path) => Some(open_storage(path).await?),
            None => None,
        };
        let emulator = Self::assemble(address, options, temp_folder, stored).await;
        let Running { stop, cut, tasks, .. } = &*emulator.running;
        tasks.spawn(server::serve(emulator.app.clone(), listener, stop.clone(), cut.clone()));
        tasks.close();
        Ok(emulator)
    }

    /// An emulator that nobody serves yet.
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

    /// Serves one client on a socket that is no port's.
    #[cfg(feature = "fuzzing")]
    pub async fn attend<S>(&self, socket: S, peer: SocketAddr)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let stop = self.running.stop.child_token();
        server::serve_connection(self.app.clone(), socket, peer, open_files::Room::Enough, stop).await;
    }

    /// The front door, to publish a stage at without the control plane.
    #[cfg(feature = "fuzzing")]
    pub fn gateway(&self) -> &Gateway {
        &self.app.gateway
    }

    /// The account that it plays.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// What goes wrong on it because somebody wants it to.
    pub fn faults(&self) -> &Faults {
        &self.app.faults
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// `http://127.0.0.1:{port}`, what functions and clients on this machine set `AWS_ENDPOINT_URL` to.
    pub fn endpoint_url(&self) -> String {
        endpoint_url(self.running.address)
    }

    /// Answers one AWS API call, whether it came by the port or from inside the process.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Body> {
        self.app.call(request).await
    }

    /// The whole emulator's control state, normalised: what two emulators that serve the same have in common.
    pub async fn state(&self) -> Value {
        self.app.state().await
    }

    /// What is counted, as Prometheus reads it.
    pub fn metrics(&self) -> String {
        self.app.metrics()
    }

    /// Closes every connection and lets calls in flight finish, for [`STOP_MAX`]; then cuts off whatever is open, ends
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
            tracing::warn!("cut off what was still open after {} s", STOP_MAX.as_secs());
        }
        cut.cancel();
        let gone = async { tokio::join!(self.app.functions.shutdown(), tasks.wait()) };
        if timeout(CUT_MAX, gone).await.is_err() {
            tracing::warn!("something does not end: it is left behind");
        }
        if let Some(storage) = storage.clone() {
            let _ = tokio::task::spawn_blocking(move || storage.close()).await;
        }
        // Clones of the emulator may live on in a client's connection: the folder must not.
        drop(temp_folder.lock().take());
    }
}

async fn open_storage(path: PathBuf) -> std::io::Result<(Storage, Restored)> {
    let opened = tokio::task::spawn_blocking(move || {
        let (storage, restored) = Storage::open(&path)?;
        for check in [Checkpoints::check, Streams::check] {
            check(&restored.documents).map_err(|(key, problem)| StorageError::Document {
                folder: path.clone(),
                key,
                problem,
            })?;
        }
        Ok::<_, StorageError>((storage, restored))
    });
    opened.await?.map_err(std::io::Error::other)
}

/// An emulator that listens everywhere is still called by its own functions over loopback.
fn endpoint_url(address: SocketAddr) -> String {
    let is_loopback = address.ip().is_loopback() && address.is_ipv4();
    if is_loopback || address.ip().is_unspecified() {
        format!("http://127.0.0.1:{}", address.port())
    } else {
        format!("http://{address}")
    }
}
