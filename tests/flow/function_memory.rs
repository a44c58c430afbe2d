//! A function's memory does not grow with its invocations.

use sluicegate_tests::functions::binary;
use sluicegate_tests::runtime_api::RuntimeApi;
use std::process::{Child, Command, Stdio};

/// Invocations of a run; `SLUICEGATE_INVOCATIONS` replaces it.
const INVOCATIONS: u64 = 20_000;
/// Invocations after which the allocator has its memory, or a quarter of the run if that is less.
const WARM_UP: u64 = 100_000;
/// The growth allowed after the warm-up. If trace ids were kept, they would take 2.5 MB in 15,000 invocations.
const GROWTH_MAX_BYTES: u64 = 1_000_000;

struct Running(Child);

impl Running {
    fn start(api: &RuntimeApi) -> Self {
        let mut command = Command::new(binary("echo"));
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        for (name, value) in [
            ("AWS_LAMBDA_RUNTIME_API", api.address().as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "echo"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            // These endpoints are not called, because the batches are empty.
            ("SLUICEGATE_CONNECTIONS_ENDPOINT", "http://127.0.0.1:1/v1"),
            ("SLUICEGATE_DEAD_LETTER_QUEUE_URL", "http://127.0.0.1:1/1/faults"),
        ] {
            command.env(name, value);
        }
        Self(command.spawn().expect("echo starts"))
    }

    /// The memory that the process has allocated and written to.
    fn allocated_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.0.id());
        let status = std::fs::read_to_string(path).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_function_keeps_no_memory_of_earlier_traces() {
    let invocations = std::env::var("SLUICEGATE_INVOCATIONS").ok().and_then(|count| count.parse().ok());
    let invocations = invocations.unwrap_or(INVOCATIONS);
    let warm_up = WARM_UP.min(invocations / 4);
    let api = RuntimeApi::start();
    let function = Running::start(&api);
    api.wait_for(warm_up);
    let before = function.allocated_bytes();
    let mut most = before;
    for tenth in 1..=10 {
        api.wait_for(warm_up + (invocations - warm_up) * tenth / 10);
        most = most.max(function.allocated_bytes());
    }
    println!(
        "{invocations} invocations: {before} bytes allocated after {warm_up}, {most} at most after that"
    );
    let grown = most - before;
    assert!(grown < GROWTH_MAX_BYTES, "{grown} bytes more than after {warm_up} invocations");
}
