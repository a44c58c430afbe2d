//! The machine of a measurement.

use anyhow::{Context as _, ensure};
use std::process::Command;

/// `4 × Some CPU at 3 GHz, 16 GB, Linux 6.1; load average 0.42 at the start`
pub fn describe() -> anyhow::Result<String> {
    let read = |path: &str| std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"));
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
    };
    let model = value(&read("/proc/cpuinfo")?, "model name").unwrap_or_else(|| std::env::consts::ARCH.into());
    let cores = std::thread::available_parallelism().context("cannot count the cores")?;
    let kilobytes = value(&read("/proc/meminfo")?, "MemTotal").unwrap_or_default();
    let kilobytes: f64 = kilobytes.trim_end_matches(" kB").parse().context("MemTotal is not a number")?;
    let gigabytes = kilobytes / 1024.0 / 1024.0;
    let release = read("/proc/sys/kernel/osrelease")?;
    let kernel: Vec<_> = release.trim().split(['.', '-']).take(2).collect();
    let load = read("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    Ok(format!(
        "{cores} × {model}, {gigabytes:.0} GB, Linux {}; load average {load} at the start",
        kernel.join(".")
    ))
}

/// The first line that `program --version` prints.
pub fn version(program: &str) -> anyhow::Result<String> {
    let output =
        Command::new(program).arg("--version").output().with_context(|| format!("cannot run {program}"))?;
    ensure!(output.status.success(), "{program} --version fails");
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// `2026-01-31`, today in UTC.
pub fn today() -> String {
    emulator::core::clock::iso_8601(emulator::core::clock::now_ms())
        .chars()
        .take("2026-01-31".len())
        .collect()
}
