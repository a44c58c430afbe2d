//! Ctrl-C, the SIGTERM that a container, a service manager or a test sends, and a terminal that is closed.

use anyhow::{Context as _, bail};
use emulator::Emulator;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask an emulator to stop, from the moment on that it listens: none is lost between two looks.
///
/// SIGQUIT is left alone: it ends the process at once, and its functions with it.
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` where whoever started this process wants it to outlive the terminal (`nohup`).
    hangup: Option<Signal>,
}

impl StopSignals {
    /// Listens from now on: the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// Where that cannot be listened for.
    pub fn listen() -> anyhow::Result<Self> {
        let interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
        let terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let hangup = if may_hang_up() { signal(SignalKind::hangup()).ok() } else { None };
        Ok(Self { interrupt, terminate, hangup })
    }

    /// Ends with the next signal.
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

    /// Stops an emulator in order, which takes seconds at most; another signal ends the process at once.
    ///
    /// # Errors
    /// Where that signal came. What the emulator started is then ended from outside.
    pub async fn stop(&mut self, emulator: &Emulator) -> anyhow::Result<()> {
        eprintln!("stopping (once more ends it at once)");
        tokio::select! {
            () = emulator.stop() => Ok(()),
            () = self.next() => bail!("interrupted before everything had ended in order"),
        }
    }
}

/// Whether SIGHUP is ours to take: not if it was ignored at start, and not where the system does not say so. What the
/// system does by itself ends the process, too.
fn may_hang_up() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignored(&status) == Some(false))
}

/// Whether SIGHUP, the first of all signals, is ignored, as `/proc/self/status` has it.
fn ignored(status: &str) -> Option<bool> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok().map(|mask| mask & 1 == 1)
}

/// Ends when the process is asked to stop.
///
/// # Errors
/// Where that cannot be listened for.
pub async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended.context("cannot listen for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}

/// What `work` comes to, unless the process is asked to stop before. A process that has once listened for signals no
/// longer ends by them, so that all it does from then on has to be within this.
///
/// # Errors
/// As `work`'s, or that it was interrupted.
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
