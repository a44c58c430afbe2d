//! Stop signals: Ctrl-C, SIGTERM and a closed terminal (SIGHUP).

use anyhow::{Context as _, bail};
use emulator::Emulator;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that stop an emulator. None is lost between two calls of `next`.
///
/// SIGQUIT is not handled: it ends the process and its functions at once.
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` where whoever started this process wants it to outlive the terminal (`nohup`).
    hangup: Option<Signal>,
}

impl StopSignals {
    /// Starts to listen; from now on the signals no longer end the process by themselves.
    pub fn listen() -> anyhow::Result<Self> {
        let interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
        let terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let hangup = if may_hang_up() { signal(SignalKind::hangup()).ok() } else { None };
        Ok(Self { interrupt, terminate, hangup })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hangup => {}
        }
    }

    /// Shuts an emulator down, which takes a few seconds at most; another signal ends the process at once.
    pub async fn stop(&mut self, emulator: &Emulator) -> anyhow::Result<()> {
        eprintln!("stopping (press Ctrl-C again to exit at once)");
        tokio::select! {
            () = emulator.stop() => Ok(()),
            () = self.next() => bail!("interrupted before shutdown was complete"),
        }
    }
}

/// Whether to handle SIGHUP: not if it was ignored at start (`nohup`), and not if that is unknown.
fn may_hang_up() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignored(&status) == Some(false))
}

/// Whether SIGHUP (signal 1) is ignored, according to `/proc/self/status`.
fn ignored(status: &str) -> Option<bool> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok().map(|mask| mask & 1 == 1)
}

/// Waits until the process is asked to stop.
pub async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended.context("cannot listen for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}

/// The result of `work`, unless the process is asked to stop first. Once a process listens for signals they no longer end
/// it, so everything that it does from then on must run inside this.
pub async fn unless_stopped<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::select! {
        result = work => result,
        signal = stop_signal() => {
            signal?;
            bail!("interrupted")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hangup_that_was_ignored_at_start_stays_so() {
        let status = |mask: &str| format!("Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t{mask}\n");
        assert_eq!(ignored(&status("0000000000001000")), Some(false));
        assert_eq!(ignored(&status("0000000000001001")), Some(true));
        assert_eq!(ignored("Name:\tx\n"), None);
    }
}
