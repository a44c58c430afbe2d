//! The emulator as a whole: what it is made of, how it starts and how it stops.

use crate::core::account::Account;
use crate::core::metrics::Page;
#[cfg(feature = "fuzzing")]
use crate::core::open_files;
use crate::core::panics;
use crate::core::temp_folder;
use crate::core::temp_folder::TempFolder;
use crate::dispatch::AwsApi;
use crate::fault_injection::{FaultSettings, Faults};
use crate::server;
use crate::server::guard::{Access, Guard};
use crate::services::apigateway::control::ApiGateway;
use crate::services::apigateway::websocket;
use crate::services::apigateway::websocket::{Gateway, Timers};
use crate::services::iam::Iam;
use crate::services::kinesis;
use crate::services::kinesis::{Streams, SubscriptionTimers, WriteLimits};
use crate::services::lambda;
use crate::services::lambda::control::Lambda;
use crate::services::lambda::event_source_mapping;
use crate::services::lambda::event_source_mapping::Mappings;
use crate::services::lambda::invocation;
use crate::services::lambda::invocation::{Functions, Processes};
use crate::services::logs::Logs;
use crate::services::sqs::Queues;
use crate::storage::{Checkpoints, Restored, Storage, StorageError};
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
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

/// How an emulator differs from the usual one.
#[derive(Debug, Clone, Default)]
pub struct EmulatorOptions {
    /// The account that it plays.
    pub account: Account,
    /// How long connections last.
    pub timers: Timers,
    /// Whether shards refuse what is over their write limit.
    pub write_limits: WriteLimits,
    /// What is to go wrong from the start; [`Emulator::faults`] changes it later.
    pub faults: FaultSettings,
    /// How long subscriptions to shards last.
    pub subscription_timers: SubscriptionTimers,
    /// Where streams, records and checkpoints outlive the process; `None`: memory only.
    pub data_dir: Option<PathBuf>,
    /// How long a function's init may take before it is begun again; `None`: as on AWS, [`invocation::INIT_MAX`].
    pub init_max: Option<Duration>,
    /// Who may use the port beside who always may: nobody.
    pub access: Access,
    /// Whether [`crate::provision::compose`] follows at once: until it is through, a handshake for a stage that is not
    /// there is told to come again (503) instead of refused for good (403).
    pub is_starting: bool,
}

/// A running emulator. Clones are the same emulator.
#[derive(Clone)]
pub struct Emulator {
    pub(crate) gateway: Gateway,
    pub(crate) streams: Streams,
    faults: Faults,
    pub(crate) aws_api: Arc<AwsApi>,
    pub(crate) served: Arc<Served>,
    running: Arc<Running>,
}

/// The parts that end with the emulator.
pub(crate) struct Served {
    account: Account,
    gateway: Gateway,
    pub(crate) functions: Functions,
    pub(crate) mappings: Mappings,
}

struct Running {
    address: SocketAddr,
    /// Nothing more is accepted; what is open may end.
    stop: CancellationToken,
    /// What is still open is cut off.
    cut: CancellationToken,
    tasks: TaskTracker,
    storage: Option<Storage>,
    guard: Guard,
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
        tasks.spawn(server::serve(emulator.clone(), listener, stop.clone(), cut.clone()));
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
        let EmulatorOptions {
            account,
            timers,
            write_limits,
            faults,
            subscription_timers,
            data_dir: _,
            init_max,
            access,
            is_starting,
        } = options;
        let faults = Faults::new(faults);
        let storage = stored.as_ref().map(|(storage, _)| storage.clone());
        let iam = Arc::new(Iam::new(account.clone()));
        let logs = Arc::new(Logs::new(account.clone()));
        let endpoint_url = endpoint_url(address);
        let queues = Arc::new(Queues::new(account.clone(), iam.clone()));
        let streams = Streams::start(kinesis::Deps {
            account: account.clone(),
            permissions: iam.clone(),
            write_limits,
            subscription_timers,
            faults: faults.clone(),
            stored,
        })
        .await;
        let functions = Functions::new(invocation::Deps {
            account: account.clone(),
            permissions: iam.clone(),
            logs: logs.clone(),
            endpoint_url,
            faults: faults.clone(),
            init_max: init_max.unwrap_or(invocation::INIT_MAX),
            processes: Processes::in_folder(&temp_folder),
        });
        let mappings = Mappings::new(event_source_mapping::Deps {
            account: account.clone(),
            streams: streams.clone(),
            functions: functions.clone(),
            permissions: iam.clone(),
            destinations: queues.clone(),
            checkpoints: Checkpoints::new(storage.clone()),
            faults: faults.clone(),
        });
        let gateway = Gateway::new(websocket::Deps {
            account: account.clone(),
            streams: streams.clone(),
            functions: functions.clone(),
            permissions: iam.clone(),
            logs: logs.clone(),
            timers,
            faults: faults.clone(),
            is_starting,
        });
        let guard = Guard::new(access, iam.clone());
        let api_gateway = ApiGateway::new(iam.clone(), gateway.clone());
        let lambda = Lambda::new(lambda::control::Deps {
            account: account.clone(),
            iam: iam.clone(),
            logs: logs.clone(),
            functions: functions.clone(),
            mappings: mappings.clone(),
            streams: streams.clone(),
            data_dir: temp_folder.code(),
        });
        let served =
            Arc::new(Served { account: account.clone(), gateway: gateway.clone(), functions, mappings });
        let aws_api = Arc::new(AwsApi::new(account, iam, logs, queues, api_gateway, lambda));
        let running = Running {
            address,
            stop: CancellationToken::new(),
            cut: CancellationToken::new(),
            tasks: TaskTracker::new(),
            storage,
            guard,
            temp_folder: Mutex::new(Some(temp_folder)),
        };
        Self { gateway, streams, faults, aws_api, served, running: Arc::new(running) }
    }

    /// Serves one client on a socket that is no port's.
    #[cfg(feature = "fuzzing")]
    pub async fn attend<S>(&self, socket: S, peer: SocketAddr)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let stop = self.running.stop.child_token();
        server::serve_connection(self.clone(), socket, peer, open_files::Room::Enough, stop).await;
    }

    /// The front door, to publish a stage at without the control plane.
    #[cfg(feature = "fuzzing")]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Decides who may use the port.
    pub(crate) fn guard(&self) -> &Guard {
        &self.running.guard
    }

    /// The account that it plays.
    pub fn account(&self) -> &Account {
        &self.served.account
    }

    /// What goes wrong on it because somebody wants it to.
    pub fn faults(&self) -> &Faults {
        &self.faults
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
        let (parts, body) = request.into_parts();
        let target =
            parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        if target.starts_with(kinesis::TARGET_PREFIX) {
            return self.streams.handle(parts, body).await;
        }
        self.aws_api.handle(parts, body).await.map(|body| Body::new(body.map_err(|never| match never {})))
    }

    /// The whole emulator's control state, normalised: what two emulators that serve the same have in common.
    pub async fn state(&self) -> Value {
        let mut state = self.aws_api.state();
        state["streams"] = self.streams.state().await;
        state
    }

    /// What is counted, as Prometheus reads it.
    pub fn metrics(&self) -> String {
        let mut page = Page::default();
        self.gateway.write_metrics(&mut page);
        self.streams.write_metrics(&mut page);
        self.served.mappings.write_metrics(&mut page);
        self.served.functions.write_metrics(&mut page);
        page.family(
            panics::PANICS,
            "counter",
            "Panics of tasks in this process: each is a fault of this program.",
        );
        page.sample(panics::PANICS, &[], panics::count());
        page.into_text()
    }

    /// Closes every connection and lets calls in flight finish, for [`STOP_MAX`]; then cuts off whatever is open, ends
    /// every function, and closes the data folder.
    pub async fn stop(&self) {
        let Running { stop, cut, tasks, storage, temp_folder, .. } = &*self.running;
        stop.cancel();
        self.streams.shutdown();
        let orderly = async {
            self.served.mappings.shutdown().await;
            tokio::join!(self.served.gateway.shutdown(), tasks.wait());
        };
        if timeout(STOP_MAX, orderly).await.is_err() {
            tracing::warn!("cut off what was still open after {} s", STOP_MAX.as_secs());
        }
        cut.cancel();
        let gone = async { tokio::join!(self.served.functions.shutdown(), tasks.wait()) };
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
