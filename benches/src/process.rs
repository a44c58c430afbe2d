//! The kernel's figures for a process, from `/proc`.

use anyhow::{Context as _, bail};
use std::path::Path;
use std::time::Duration;

/// Ticks a second in `/proc/{pid}/stat`, on every architecture that Linux runs on.
const TICKS_PER_S: u32 = 100;

/// Between two checks of a process's memory.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Checks in a row that must agree for memory to be at rest.
const STEADY_LOOKS: u32 = 5;
const LOOKS_MAX: u32 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    pid: u32,
}

impl Process {
    pub fn of(pid: u32) -> Self {
        Self { pid }
    }

    pub fn own() -> Self {
        Self { pid: std::process::id() }
    }

    /// Its children that are still running.
    pub fn children(self) -> anyhow::Result<Vec<Self>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").context("cannot read /proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let process = Self { pid };
            // One that ends meanwhile does not count.
            if process.parent().is_ok_and(|parent| parent == self.pid) {
                found.push(process);
            }
        }
        Ok(found)
    }

    /// The child with a working folder of its own.
    pub fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let folder = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").context("cannot read /proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // One that ends meanwhile does not count.
            let Ok(cwd) = std::fs::read_link(format!("/proc/{pid}/cwd")) else { continue };
            let process = Self { pid };
            if cwd == folder && process.parent().is_ok_and(|parent| parent == std::process::id()) {
                found.push(process);
            }
        }
        match found[..] {
            [process] => Ok(process),
            _ => bail!("{} processes run in {}, where one was expected", found.len(), folder.display()),
        }
    }

    /// Time on a processor since its start, in user and kernel mode, of all its threads. Exact to 10 ms.
    pub fn cpu(self) -> anyhow::Result<Duration> {
        self.ticks([14, 15])
    }

    /// The same of its children that have ended.
    pub fn ended_children_cpu(self) -> anyhow::Result<Duration> {
        self.ticks([16, 17])
    }

    fn ticks(self, [user, kernel]: [usize; 2]) -> anyhow::Result<Duration> {
        let ticks = self.number(user)? + self.number(kernel)?;
        Ok(Duration::from_secs(1) * ticks / TICKS_PER_S)
    }

    pub fn resident_bytes(self) -> anyhow::Result<u64> {
        self.kilobytes("VmRSS:")
    }

    /// The part of it that does not belong to a file: what it has allocated and written.
    pub fn anonymous_bytes(self) -> anyhow::Result<u64> {
        self.kilobytes("RssAnon:")
    }

    fn kilobytes(self, name: &str) -> anyhow::Result<u64> {
        let status = self.read("status")?;
        let line =
            status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().context("memory is not a number")?;
        Ok(kilobytes * 1_024)
    }

    fn parent(self) -> anyhow::Result<u32> {
        self.number(4)
    }

    /// A field of `/proc/{pid}/stat`, numbered from 1 as in proc(5).
    fn number(self, field: usize) -> anyhow::Result<u32> {
        let stat = self.read("stat")?;
        // The second field is the program's name in parentheses, and may contain spaces and parentheses.
        let (_, rest) = stat.rsplit_once(')').context("no name in stat")?;
        let value = rest.split_whitespace().nth(field - 3).context("stat is too short")?;
        value.parse().with_context(|| format!("field {field} of stat is not a number"))
    }

    fn read(self, file: &str) -> anyhow::Result<String> {
        let path = format!("/proc/{}/{file}", self.pid);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}: has the process ended?"))
    }
}

/// A process's resident memory in bytes, when it changes by less than a hundredth.
pub async fn at_rest(process: Process) -> anyhow::Result<u64> {
    let (mut last, mut same) = (process.resident_bytes()?, 0);
    for _ in 0..LOOKS_MAX {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = process.resident_bytes()?;
        same = if now.abs_diff(last) * 100 <= last { same + 1 } else { 0 };
        last = now;
        if same == STEADY_LOOKS {
            return Ok(now);
        }
    }
    anyhow::bail!("memory usage did not settle")
}
