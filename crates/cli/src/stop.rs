//! Ctrl-C, and the SIGTERM that a container, a service manager or a test sends: both mean to stop.

use anyhow::{Context as _, bail};

/// Ends when the process is asked to stop.
///
/// # Errors
/// Where that cannot be listened for.
pub async fn stop_signal() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        tokio::select! {
            ended = tokio::signal::ctrl_c() => ended.context("cannot listen for Ctrl-C"),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.context("cannot listen for Ctrl-C")
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
