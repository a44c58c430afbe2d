//! One execution environment: a function's own process, its Runtime API and its log stream.

use super::config::FunctionConfig;
use super::context::Deps;
use super::log_stream::LogStream;
use super::memory::Memory;
use super::output::Output;
use super::process::{Process, ProcessEnv, StartError};
use super::result::{Failure, InvocationResult, Report, platform_line};
use super::runtime_api::{Job, Phase, Reply, RuntimeApi};
use crate::core::clock;
use crate::core::identity::Credentials;
use crate::core::open_files;
use bytes::Bytes;
use futures_util::future::join_all;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;

/// A running environment. Dropping it ends its process.
pub struct Environment {
    config: Arc<FunctionConfig>,
    deps: Arc<Deps>,
    credentials: Credentials,
    log_stream: Arc<LogStream>,
    running: Running,
    init: Init,
    /// When its last invocation ended.
    idle_since: Instant,
}

/// An environment's process and its servers.
struct Running {
    process: Process,
    jobs: mpsc::Sender<Job>,
    phase: watch::Receiver<Phase>,
    outputs: Vec<Output>,
    memory: Memory,
    _runtime_api: AbortOnDropHandle<()>,
}

/// Why an environment's runtime cannot take an event.
enum NotReady {
    Exhausted(StartError),
    Failed(Failure),
}

impl From<StartError> for NotReady {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Exhausted(_) => Self::Exhausted(error),
            StartError::Failed(error) => Self::Failed(Failure::NotStarted(error.to_string())),
        }
    }
}

/// Whether the runtime has asked for its first event, and how long that took.
#[derive(Clone, Copy)]
enum Init {
    Since(Instant),
    /// Done; only the first invocation's report has the duration.
    Took(Option<Duration>),
}

impl Environment {
    /// Starts a function's process. Fails if the process or its Runtime API cannot be started; the text names the file.
    pub async fn start(config: Arc<FunctionConfig>, deps: Arc<Deps>) -> Result<Self, StartError> {
        let credentials = deps.permissions.issue(&config.role_arn, &session_name(&config.name));
        let log_stream = Arc::new(LogStream::new(&config, deps.clone()));
        let running = Running::start(&config, &deps, &credentials, &log_stream)
            .await
            .inspect_err(|_| deps.permissions.revoke(&credentials.access_key_id))?;
        let init = Init::Since(Instant::now());
        let idle_since = Instant::now();
        Ok(Self { config, deps, credentials, log_stream, running, init, idle_since })
    }

    /// Whether this environment is alive and has exactly these settings and this code.
    pub fn is_fit_for(&self, config: &Arc<FunctionConfig>) -> bool {
        (Arc::ptr_eq(&self.config, config) || *self.config == **config) && !self.is_spent()
    }

    /// Runs one invocation of `target`, a name with or without a qualifier. Afterwards the environment may be spent (see
    /// [`Environment::is_spent`]). Fails if the function did not run, because its process had to be restarted and the
    /// emulator lacks the resources.
    pub async fn invoke(
        &mut self,
        target: &str,
        request_id: &str,
        payload: Bytes,
    ) -> Result<InvocationResult, StartError> {
        self.running.process.freeze(false);
        let initialised = match self.initialise().await {
            Err(NotReady::Exhausted(error)) => return Err(error),
            Err(NotReady::Failed(failure)) => Err(failure),
            Ok(()) => Ok(()),
        };
        let version = &self.config.version;
        self.platform("platform.start", json!({"requestId": request_id, "version": version}), || {
            format!("START RequestId: {request_id} Version: {version}")
        });
        let begun = Instant::now();
        let answer = match initialised {
            Ok(()) => self.answer(target, request_id, payload).await,
            Err(failure) => Err(failure),
        };
        let (ended, failure) = match answer {
            Ok(body) => (InvocationResult::Response(body), None),
            Err(failure) => (InvocationResult::Error(failure.payload(request_id)), Some(failure)),
        };
        self.running.outputs_so_far().await;
        self.report(request_id, begun.elapsed(), failure.as_ref());
        self.idle_since = Instant::now();
        Ok(ended)
    }

    /// Stops its processes until the next invocation.
    pub fn freeze(&self) {
        self.running.process.freeze(true);
    }

    /// Freezes it if it has been idle for `idle_min`. Returns whether it is frozen.
    pub fn freeze_if_idle(&self, idle_min: Duration) -> bool {
        if !self.running.process.is_frozen() && self.idle_since.elapsed() >= idle_min {
            self.freeze();
        }
        self.running.process.is_frozen()
    }

    /// Keeps the end of the log from now on, for [`Environment::take_log_tail`].
    pub fn keep_log_tail(&self) {
        self.log_stream.keep_tail();
    }

    /// The end of the log, if it was kept.
    pub fn take_log_tail(&self) -> Option<String> {
        self.log_stream.take_tail()
    }

    /// Whether it can take no more invocations.
    pub fn is_spent(&self) -> bool {
        self.running.process.is_over()
    }

    /// Waits until the runtime is ready. One that takes too long is restarted, on the invocation's own time.
    async fn initialise(&mut self) -> Result<(), NotReady> {
        let Init::Since(started) = self.init else { return Ok(()) };
        let ready = tokio::time::timeout(self.deps.init_max, self.running.ready()).await;
        let (status, result) = match ready {
            Ok(Ok(())) => {
                self.init = Init::Took(Some(started.elapsed()));
                return Ok(());
            }
            Ok(Err(failure)) => {
                self.running.process.kill();
                ("error", Err(NotReady::Failed(failure)))
            }
            Err(_) => {
                self.init = Init::Took(None);
                self.running.process.kill();
                let running =
                    Running::start(&self.config, &self.deps, &self.credentials, &self.log_stream).await;
                let restarted = running.map(|running| self.running = running);
                ("timeout", restarted.map_err(NotReady::from))
            }
        };
        let init_ms = started.elapsed().as_secs_f64() * 1_000.0;
        let record = json!({
            "initializationType": "on-demand", "phase": "init", "status": status, "metrics": {"durationMs": init_ms},
        });
        self.platform("platform.initReport", record, || {
            format!("INIT_REPORT Init Duration: {init_ms:.2} ms\tPhase: init\tStatus: {status}")
        });
        result
    }

    /// Delivers the event and waits for the answer, within the function's timeout.
    async fn answer(&mut self, target: &str, request_id: &str, payload: Bytes) -> Result<Bytes, Failure> {
        let timeout_s = self.config.timeout_s;
        let timeout = Duration::from_secs(timeout_s.into());
        let (outcome, reply) = oneshot::channel();
        let deadline_ms = clock::now_ms() + timeout.as_millis() as u64;
        let is_qualified = target.contains(':');
        let function_arn = is_qualified.then(|| self.deps.account.function_arn(target));
        let job = Job { request_id: request_id.into(), function_arn, payload, deadline_ms, outcome };
        let _ = self.running.jobs.send(job).await;
        let answer = tokio::time::timeout(timeout, self.running.reply(reply)).await;
        let answer = answer.unwrap_or(Err(Failure::TimedOut { timeout_s }));
        self.running.memory.look_back();
        let answer = if self.running.memory.is_exceeded() { Err(Failure::OutOfMemory) } else { answer };
        if let Err(Failure::TimedOut { .. } | Failure::OutOfMemory | Failure::Exited(_)) = answer {
            self.running.process.kill();
        }
        answer
    }

    fn report(&mut self, request_id: &str, duration: Duration, failure: Option<&Failure>) {
        let now_ms = clock::now_ms();
        if let Some(line) = failure.and_then(|failure| failure.log_line(request_id, now_ms)) {
            self.log_stream.append(&line);
        }
        let init = match &mut self.init {
            Init::Took(took) => took.take(),
            Init::Since(_) => None,
        };
        let report = Report {
            request_id,
            duration,
            init,
            memory_mb: self.config.memory_mb,
            memory_peak_mb: self.running.memory.peak_mb(),
            failure,
        };
        let end = json!({"requestId": request_id});
        self.platform("platform.runtimeDone", end, || format!("END RequestId: {request_id}"));
        self.platform("platform.report", report.json(), || report.text());
    }

    fn platform(&self, kind: &str, record: serde_json::Value, text: impl Fn() -> String) {
        let line = platform_line(self.config.log_format, kind, &record, &text, clock::now_ms());
        self.log_stream.append_as(&line, text);
    }
}

impl Running {
    async fn start(
        config: &Arc<FunctionConfig>,
        deps: &Arc<Deps>,
        credentials: &Credentials,
        log_stream: &Arc<LogStream>,
    ) -> Result<Self, StartError> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        if !open_files::has_room_for_function(&listener) {
            return Err(StartError::Exhausted(open_files::exhausted()));
        }
        let runtime_api = listener.local_addr()?.to_string();
        let env = ProcessEnv { credentials, runtime_api: &runtime_api, log_stream: log_stream.name() };
        let (process, stdout, stderr) = Process::start(config, deps, &env)?;
        let (jobs, receiver) = mpsc::channel(1);
        let api = RuntimeApi::new(receiver, &deps.account.function_arn(&config.name));
        let phase = api.phase();
        let emit = || {
            let log_stream = log_stream.clone();
            move |line: &str| log_stream.append(line)
        };
        let stdout = stdout.map(|source| Output::copy(source, emit()));
        let stderr = stderr.map(|source| Output::copy(source, emit()));
        Ok(Self {
            memory: Memory::new(process.pid, config.memory_mb),
            process,
            jobs,
            phase,
            outputs: stdout.into_iter().chain(stderr).collect(),
            _runtime_api: AbortOnDropHandle::new(tokio::spawn(api.serve(listener))),
        })
    }

    /// Waits until the runtime asks for its first event.
    async fn ready(&mut self) -> Result<(), Failure> {
        tokio::select! {
            biased;
            phase = self.phase.wait_for(|phase| *phase != Phase::Init) => match phase.map(|phase| phase.clone()) {
                Ok(Phase::InitError(body)) => Err(Failure::Reported(body)),
                Ok(_) => Ok(()),
                Err(_) => Err(Failure::exited(None)),
            },
            status = self.process.exited() => Err(Failure::exited(status)),
            () = self.memory.exceeded() => Err(Failure::OutOfMemory),
        }
    }

    /// Waits for the answer to the event.
    async fn reply(&mut self, reply: oneshot::Receiver<Reply>) -> Result<Bytes, Failure> {
        tokio::select! {
            biased;
            reply = reply => match reply {
                Ok(Reply::Response(body)) => Ok(body),
                Ok(Reply::Error(body)) => Err(Failure::Reported(body)),
                Ok(Reply::TooLarge(bytes)) => Err(Failure::TooLarge(bytes)),
                // The Runtime API is gone, and the process soon will be.
                Err(_) => Err(Failure::exited(self.process.exited().await)),
            },
            status = self.process.exited() => Err(Failure::exited(status)),
            () = self.memory.exceeded() => Err(Failure::OutOfMemory),
        }
    }

    /// Waits until everything that the process has printed is in the log.
    async fn outputs_so_far(&mut self) {
        if self.process.is_over() {
            for output in &mut self.outputs {
                output.finish().await;
            }
        } else {
            join_all(self.outputs.iter().map(Output::flush)).await;
        }
    }
}

/// The session of a function's credentials has the function's name; session names need two characters.
fn session_name(function: &str) -> String {
    if function.len() == 1 { format!("{function}@lambda_function") } else { function.to_owned() }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.deps.permissions.revoke(&self.credentials.access_key_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/aws-behaviour.md#lambda-role-session
    #[test]
    fn a_session_is_named_after_its_function() {
        assert_eq!(session_name("echo"), "echo");
        assert_eq!(session_name("e"), "e@lambda_function");
    }
}
