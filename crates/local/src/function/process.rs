//! A function's process: the variables it is given, its group, its end.

use super::config::{FunctionConfig, LogFormat};
use super::environment::Surroundings;
use crate::identity::Credentials;
use rustix::process::{Pid, Signal, kill_process_group};
use std::process::{ExitStatus, Stdio};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A running process. Dropping it ends the process and whatever it started.
pub(super) struct Process {
    pub pid: u32,
    exited: watch::Receiver<Option<ExitStatus>>,
    kill: CancellationToken,
}

/// What an environment tells its process beside its settings.
pub(super) struct Told<'a> {
    pub credentials: &'a Credentials,
    /// Host and port of the Runtime API.
    pub runtime_api: &'a str,
    pub log_stream: &'a str,
}

impl Process {
    /// Starts `bootstrap`.
    ///
    /// # Errors
    /// Where it cannot be started; the text names the file.
    pub fn start(
        config: &FunctionConfig,
        surroundings: &Surroundings,
        told: &Told<'_>,
    ) -> std::io::Result<(Self, Option<ChildStdout>, Option<ChildStderr>)> {
        let bootstrap = config.code_dir.join("bootstrap");
        let mut command = Command::new(&bootstrap);
        variables(&mut command, config, surroundings, told);
        command
            .current_dir(&config.code_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C in a terminal reaches the plane alone, which then ends its functions in order.
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| {
            std::io::Error::new(error.kind(), format!("failed to start {}: {error}", bootstrap.display()))
        })?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let pid = child.id().unwrap_or_default();
        let (exit, exited) = watch::channel(None);
        let kill = CancellationToken::new();
        tokio::spawn(wait_for_exit(child, kill.clone(), exit));
        Ok((Self { pid, exited, kill }, stdout, stderr))
    }

    /// Begins to end it.
    pub fn kill(&self) {
        self.kill.cancel();
    }

    /// Whether it has ended or is about to.
    pub fn is_over(&self) -> bool {
        self.kill.is_cancelled() || self.exited.borrow().is_some()
    }

    /// Waits for its end.
    pub async fn exited(&self) -> Option<ExitStatus> {
        // An error means that the waiting task is gone, and the process with it.
        self.exited.clone().wait_for(Option::is_some).await.ok().and_then(|status| *status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill.cancel();
    }
}

/// The environment variables of docs/aws-behaviour.md#lambda-environment, and `AWS_ENDPOINT_URL`, which is the
/// plane's own. A function's settings cannot name those that Lambda reserves; `PATH`, `LD_LIBRARY_PATH` and `TZ` they
/// may replace.
fn variables(command: &mut Command, config: &FunctionConfig, surroundings: &Surroundings, told: &Told<'_>) {
    let region = &surroundings.account.region;
    let task_root = config.code_dir.to_string_lossy();
    command
        .env_clear()
        .env("LD_LIBRARY_PATH", format!("{task_root}:{task_root}/lib:/opt/lib"))
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("TZ", ":UTC")
        .envs(&config.environment)
        .env("_HANDLER", &config.handler)
        .env("AWS_ACCESS_KEY_ID", &told.credentials.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &told.credentials.secret_access_key)
        .env("AWS_SESSION_TOKEN", &told.credentials.session_token)
        .env("AWS_REGION", region)
        .env("AWS_DEFAULT_REGION", region)
        .env("AWS_ENDPOINT_URL", &surroundings.endpoint_url)
        .env("AWS_LAMBDA_FUNCTION_NAME", &config.name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", config.memory_mb.to_string())
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", &config.log_group)
        .env("AWS_LAMBDA_LOG_STREAM_NAME", told.log_stream)
        .env("AWS_LAMBDA_RUNTIME_API", told.runtime_api)
        .env("LAMBDA_TASK_ROOT", &config.code_dir)
        .env("LAMBDA_RUNTIME_DIR", "/var/runtime");
    if config.log_format == LogFormat::Json {
        command.env("AWS_LAMBDA_LOG_FORMAT", "JSON");
        command.env("AWS_LAMBDA_LOG_LEVEL", config.application_log_level.as_deref().unwrap_or("INFO"));
    }
}

/// Owns the process: ends it when told to, reaps it either way, and leaves nothing of its group behind.
async fn wait_for_exit(mut child: Child, kill: CancellationToken, exit: watch::Sender<Option<ExitStatus>>) {
    // Its group is named after it.
    let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    let end_group = || {
        if let Some(group) = group {
            // It fails only where nothing of the group is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    };
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.cancelled() => {
            end_group();
            child.wait().await
        }
    };
    end_group();
    match status {
        Ok(status) => {
            exit.send_replace(Some(status));
        }
        Err(error) => tracing::warn!(%error, "failed to wait for a function's process"),
    }
}
