//! A function's process on the emulator's own function host, invoked batch by batch.

use crate::emulator::BenchEmulator;
use crate::process::Process;
use anyhow::{Context as _, bail};
use bytes::Bytes;
use emulator::core::identity::Unrestricted;
use emulator::core::logs::LogSink;
use emulator::services::lambda::code_folder::CodeFolder;
use emulator::services::lambda::invocation::config::{FunctionConfig, LATEST, LogFormat};
use emulator::services::lambda::invocation::{Deps, Functions, InvocationResult};
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const NAME: &str = "function";
/// An invocation without work: the function answers as soon as it has started.
const EMPTY_BATCH: &[u8] = br#"{"Records":[]}"#;

/// A function that has started and answers.
pub struct RunningFunction {
    functions: Functions,
    process: Process,
    invocations: u64,
}

impl RunningFunction {
    /// Starts the `bootstrap` in a folder like the stack's `echo`. Also returns how long it took from before the
    /// process was created until it asked for its first event.
    pub async fn start(emulator: &BenchEmulator, code: &Path) -> anyhow::Result<(Self, Duration)> {
        Self::start_with(emulator, code, BTreeMap::new()).await
    }

    /// The same, with additional environment variables.
    pub async fn start_with(
        emulator: &BenchEmulator,
        code: &Path,
        variables: BTreeMap<String, String>,
    ) -> anyhow::Result<(Self, Duration)> {
        let first_start = Arc::new(FirstStart::default());
        let functions = Functions::new(Deps {
            account: emulator.emulator.account().clone(),
            permissions: Arc::new(Unrestricted),
            logs: first_start.clone(),
            endpoint_url: emulator.emulator.endpoint_url(),
            faults: emulator.emulator.faults().clone(),
            init_max: emulator::services::lambda::invocation::INIT_MAX,
            freeze: emulator::services::lambda::invocation::Freeze::default(),
            processes: emulator::services::lambda::invocation::Processes::default(),
        });
        let mut config = config(emulator, code)?;
        config.environment.extend(variables);
        functions.put(config);
        let begun = Instant::now();
        answered(functions.invoke(NAME, &request_id(0), EMPTY_BATCH.into()).await?)?;
        let started = first_start.time().context("the function host has not logged the start")?;
        let process = Process::in_folder(code)?;
        Ok((Self { functions, process, invocations: 0 }, started.duration_since(begun)))
    }

    /// Invokes it with one event and waits for the answer.
    pub async fn invoke(&mut self, event: Bytes) -> anyhow::Result<()> {
        self.invocations += 1;
        answered(self.functions.invoke(NAME, &request_id(self.invocations), event).await?)
    }

    /// Its process, which must be the same from start to end.
    pub fn process(&self, code: &Path) -> anyhow::Result<Process> {
        let process = Process::in_folder(code)?;
        anyhow::ensure!(process == self.process, "the function's process was replaced while it was measured");
        Ok(process)
    }

    pub async fn stop(self) {
        self.functions.shutdown().await;
    }
}

fn answered(ended: InvocationResult) -> anyhow::Result<()> {
    let body = match ended {
        InvocationResult::Response(body) => body,
        InvocationResult::Error(error) => bail!("the function failed: {}", String::from_utf8_lossy(&error)),
    };
    let answer: Value = serde_json::from_slice(&body).context("the function's response is not JSON")?;
    match answer["batchItemFailures"].as_array() {
        Some(failures) if !failures.is_empty() => bail!("the function reports failures: {answer}"),
        _ => Ok(()),
    }
}

fn config(emulator: &BenchEmulator, code: &Path) -> anyhow::Result<FunctionConfig> {
    let BenchEmulator { emulator, stack, composed } = emulator;
    let echo = stack.functions.get("echo").context("the stack has no function echo")?;
    let (endpoint, account) = (emulator.endpoint_url(), &emulator.account().id);
    let name = composed.functions.get("echo").context("echo is not deployed")?;
    let environment = BTreeMap::from([
        ("SLUICEGATE_API_ID".to_owned(), composed.api_id.clone()),
        ("SLUICEGATE_STAGE".to_owned(), stack.stage.clone()),
        (
            "SLUICEGATE_CONNECTIONS_ENDPOINT".to_owned(),
            format!("{endpoint}/_aws/execute-api/{}/{}", composed.api_id, stack.stage),
        ),
        ("SLUICEGATE_DEAD_LETTER_QUEUE_URL".to_owned(), format!("{endpoint}/{account}/{name}-dlq")),
    ]);
    let code_dir = CodeFolder::new(PathBuf::from(code));
    // The folder is the peer's, who starts more functions from it: it is not removed with this one.
    std::mem::forget(code_dir.clone());
    Ok(FunctionConfig {
        name: NAME.into(),
        version: LATEST.into(),
        role_arn: format!("arn:aws:iam::{account}:role/{name}-function"),
        handler: "bootstrap".into(),
        code_dir,
        code_sha256: String::new(),
        memory_mb: echo.memory_mb,
        timeout_s: echo.timeout_seconds,
        environment,
        reserved_concurrency: None,
        log_group: format!("/aws/lambda/{NAME}"),
        log_format: LogFormat::Json,
        application_log_level: Some(echo.log_level.clone()),
    })
}

fn request_id(invocation: u64) -> String {
    format!("00000000-0000-4000-8000-{invocation:012x}")
}

/// Notes when the host logs that the first invocation begins: right after the runtime asked for it.
#[derive(Default)]
struct FirstStart(Mutex<Option<Instant>>);

impl FirstStart {
    fn time(&self) -> Option<Instant> {
        *self.0.lock()
    }
}

impl LogSink for FirstStart {
    fn append(&self, _group: &str, _stream: &str, _timestamp_ms: u64, message: &str) {
        if message.contains(r#""type":"platform.start""#) {
            self.0.lock().get_or_insert_with(Instant::now);
        }
    }
}
