//! How much memory a function's processes use, according to Linux.
//!
//! Lambda gives an environment a machine of its own size. Here the limit is enforced by regular checks of the resident
//! memory, and the report has the kernel's figures. Systems without `/proc` have neither.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::time::Duration;
use tokio::time::Instant;

/// Between two checks: a function can exceed its limit for this long.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const KB: u64 = 1_024;
/// Levels of child processes that are followed.
const GENERATIONS_MAX: u32 = 8;
/// Bytes of a process's status that are read: the memory figures are in the first thousand.
const STATUS_BYTES_MAX: usize = 4_096;

/// Follows the memory of one process and its descendants.
#[derive(Debug)]
pub(super) struct Memory {
    pid: u32,
    /// The process's status file, kept open because every invocation reads it.
    status: Option<File>,
    limit_bytes: u64,
    peak_bytes: u64,
    looks_next: Instant,
}

impl Memory {
    /// Follows a process with this limit.
    pub fn new(pid: u32, limit_mb: u32) -> Self {
        let status = File::open(format!("/proc/{pid}/status")).ok();
        let limit_bytes = u64::from(limit_mb) * KB * KB;
        Self { pid, status, limit_bytes, peak_bytes: 0, looks_next: Instant::now() }
    }

    /// Returns when the limit is exceeded; never if memory cannot be read. Short invocations share their checks.
    pub async fn exceeded(&mut self) {
        loop {
            tokio::time::sleep_until(self.looks_next).await;
            self.looks_next = Instant::now() + LOOK_EVERY;
            self.look(resident_bytes(self.pid, GENERATIONS_MAX));
            if self.is_exceeded() {
                return;
            }
        }
    }

    /// Checks once more, with the process's own maximum: nothing between two checks is missed.
    pub fn look_back(&mut self) {
        let mut text = [0; STATUS_BYTES_MAX];
        let read = self.status.as_ref().and_then(|status| status.read_at(&mut text, 0).ok());
        let status = read.and_then(|bytes| std::str::from_utf8(&text[..bytes]).ok());
        self.look(status.and_then(|status| kb(status, "VmHWM:")).map(|kb| kb * KB));
    }

    /// Whether the limit was exceeded at any time.
    pub fn is_exceeded(&self) -> bool {
        self.peak_bytes > self.limit_bytes
    }

    /// The maximum so far, in megabytes as Lambda reports them; `None` if it is unknown.
    pub fn peak_mb(&self) -> Option<u64> {
        let mb = self.peak_bytes.div_ceil(KB * KB).min(self.limit_bytes / KB / KB);
        (mb > 0).then_some(mb)
    }

    fn look(&mut self, bytes: Option<u64>) {
        self.peak_bytes = self.peak_bytes.max(bytes.unwrap_or_default());
    }
}

/// Resident bytes of a process and its descendants; `None` if it is gone or the system does not say.
fn resident_bytes(pid: u32, generations: u32) -> Option<u64> {
    let own = status_kb(pid, "VmRSS:")? * KB;
    let children = if generations == 0 { Vec::new() } else { children(pid) };
    let theirs = children.into_iter().filter_map(|child| resident_bytes(child, generations - 1));
    Some(own + theirs.sum::<u64>())
}

fn status_kb(pid: u32, field: &str) -> Option<u64> {
    kb(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, field)
}

fn kb(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_process_is_over_a_megabyte_and_under_many() {
        let mut memory = Memory::new(std::process::id(), 1);
        memory.exceeded().await;
        assert!(memory.is_exceeded() && memory.peak_mb() == Some(1), "no more is reported than there was");
        let mut memory = Memory::new(std::process::id(), 10_240);
        memory.look_back();
        assert!(!memory.is_exceeded() && memory.peak_mb().is_some());
    }
}
