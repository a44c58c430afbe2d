//! A function's process: its variables, its group, its end.

use super::config::{FunctionConfig, LogFormat};
use super::context::Deps;
use crate::core::identity::Credentials;
use crate::core::open_files;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A running process. Dropping it ends it and everything that it started.
pub(super) struct Process {
    pub pid: u32,
    exited: watch::Receiver<Option<ExitStatus>>,
    kill: CancellationToken,
    is_frozen: watch::Sender<bool>,
}

/// What a process gets besides the function's settings.
pub(super) struct ProcessEnv<'a> {
    pub credentials: &'a Credentials,
    /// Host and port of the Runtime API.
    pub runtime_api: &'a str,
    pub log_stream: &'a str,
}

/// Why a process was not started.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    /// The emulator lacks a file, process or memory for it; the function is not at fault.
    #[error("the emulator lacks what a process needs: {0}")]
    Exhausted(io::Error),
    /// The function's file cannot be run, or something else failed.
    #[error("{0}")]
    Failed(io::Error),
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        if open_files::is_exhausted(&error) { Self::Exhausted(error) } else { Self::Failed(error) }
    }
}

impl Process {
    /// Starts `bootstrap`. Fails if it cannot be started; the text names the file.
    pub fn start(
        config: &FunctionConfig,
        deps: &Arc<Deps>,
        env: &ProcessEnv<'_>,
    ) -> Result<(Self, Option<ChildStdout>, Option<ChildStderr>), StartError> {
        let bootstrap = config.code_dir.join("bootstrap");
        let processes = &deps.processes;
        let temp_dir = processes.temp_dir()?;
        let mut command = Command::new(&bootstrap);
        command.env_clear().env("TMPDIR", temp_dir.path());
        variables(&mut command, config, deps, env);
        command
            .current_dir(&*config.code_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C in a terminal reaches only the emulator, which then ends its functions in order.
            .process_group(0)
            .kill_on_drop(true);
        processes.watcher.prepare();
        let mut child = command.spawn().map_err(|error| match StartError::from(error) {
            StartError::Failed(error) => {
                let text = format!("failed to start {}: {error}", bootstrap.display());
                StartError::Failed(io::Error::new(error.kind(), text))
            }
            exhausted @ StartError::Exhausted(_) => exhausted,
        })?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let pid = child.id().unwrap_or_default();
        // Its group has the process's id.
        let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(group) = group {
            processes.watcher.began(group.as_raw_pid());
        }
        let (exit, exited) = watch::channel(None);
        let (is_frozen, frozen) = watch::channel(false);
        let kill = processes.kill_token();
        let (kill_now, watched, code) = (kill.clone(), deps.clone(), config.code_dir.clone());
        processes.follow(async move {
            wait_for_exit(child, group, kill_now, frozen, exit).await;
            if let Some(group) = group {
                watched.processes.watcher.ended(group.as_raw_pid());
            }
            let _ = tokio::task::spawn_blocking(move || drop((temp_dir, code))).await;
        });
        Ok((Self { pid, exited, kill, is_frozen }, stdout, stderr))
    }

    /// Starts to end it.
    pub fn kill(&self) {
        self.kill.cancel();
    }

    /// Stops everything of it, or lets it go on.
    pub fn freeze(&self, freeze: bool) {
        self.is_frozen.send_if_modified(|is_frozen| std::mem::replace(is_frozen, freeze) != freeze);
    }

    pub fn is_frozen(&self) -> bool {
        *self.is_frozen.borrow()
    }

    /// Whether it has ended or is about to.
    pub fn is_over(&self) -> bool {
        self.kill.is_cancelled() || self.exited.borrow().is_some()
    }

    /// Waits for its end.
    pub async fn exited(&self) -> Option<ExitStatus> {
        // An error means that the waiting task is gone, and so is the process.
        self.exited.clone().wait_for(Option::is_some).await.ok().and_then(|status| *status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill.cancel();
    }
}

/// The environment variables of docs/aws-behaviour.md#lambda-environment, and `AWS_ENDPOINT_URL`, which only the
/// emulator sets. A function's settings cannot have names that Lambda reserves; they may replace `PATH`,
/// `LD_LIBRARY_PATH`, `TZ` and `TMPDIR`.
fn variables(command: &mut Command, config: &FunctionConfig, deps: &Deps, env: &ProcessEnv<'_>) {
    let region = deps.account.region();
    let task_root = config.code_dir.to_string_lossy();
    command
        .env("LD_LIBRARY_PATH", format!("{task_root}:{task_root}/lib:/opt/lib"))
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("TZ", ":UTC")
        .envs(&config.environment)
        .env("_HANDLER", &config.handler)
        .env("AWS_ACCESS_KEY_ID", &env.credentials.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &env.credentials.secret_access_key)
        .env("AWS_SESSION_TOKEN", &env.credentials.session_token)
        .env("AWS_REGION", region)
        .env("AWS_DEFAULT_REGION", region)
        .env("AWS_ENDPOINT_URL", &deps.endpoint_url)
        .env("AWS_LAMBDA_FUNCTION_NAME", &config.name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", &config.version)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", config.memory_mb.to_string())
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", &config.log_group)
        .env("AWS_LAMBDA_LOG_STREAM_NAME", env.log_stream)
        .env("AWS_LAMBDA_RUNTIME_API", env.runtime_api)
        .env("LAMBDA_TASK_ROOT", &*config.code_dir)
        .env("LAMBDA_RUNTIME_DIR", "/var/runtime");
    if config.log_format == LogFormat::Json {
        command.env("AWS_LAMBDA_LOG_FORMAT", "JSON");
        command.env("AWS_LAMBDA_LOG_LEVEL", config.application_log_level.as_deref().unwrap_or("INFO"));
    }
}

/// Owns the process: freezes and ends it on request, reaps it in any case, and leaves nothing of its group. It alone sends
/// signals, since a process that is reaped may have left its id to another.
async fn wait_for_exit(
    mut child: Child,
    group: Option<Pid>,
    kill: CancellationToken,
    mut frozen: watch::Receiver<bool>,
    exit: watch::Sender<Option<ExitStatus>>,
) {
    let signal = |signal| {
        if let Some(group) = group {
            // It fails only if nothing of the group is left.
            let _ = kill_process_group(group, signal);
        }
    };
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            () = kill.cancelled() => {
                signal(Signal::KILL);
                break child.wait().await;
            }
            // An error means that the environment is gone, and `kill` with it.
            Ok(()) = frozen.changed() => {
                let is_frozen = *frozen.borrow_and_update();
                signal(if is_frozen { Signal::STOP } else { Signal::CONT });
            }
        }
    };
    signal(Signal::KILL);
    match status {
        Ok(status) => {
            exit.send_replace(Some(status));
        }
        Err(error) => tracing::warn!(%error, "failed to wait for a function's process"),
    }
}
