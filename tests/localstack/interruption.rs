//! Ctrl-C, SIGTERM and a terminal that is closed end a tier at any point; what it started is dropped, and so ended.

use crate::report::Outcome;
use futures_util::FutureExt as _;
use libtest_mimic::Conclusion;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// For the cases to see that they are interrupted, and to end what they started.
const END_MAX: Duration = Duration::from_secs(5);

/// Comes when the tier is over, although cases may still run on threads of their own.
#[derive(Clone)]
pub struct Interruption(watch::Receiver<()>);

impl Interruption {
    /// Waits for it.
    pub async fn comes(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}

/// Runs a tier.
pub fn run<F: Future<Output = anyhow::Result<Conclusion>>>(tier: impl FnOnce(Interruption) -> F) -> Outcome {
    let runtime = match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Outcome::Broken(error.into()),
    };
    let (running, interruption) = watch::channel(());
    let outcome = runtime.block_on(async {
        tokio::select! {
            // A panic has dropped what was started by the time that it is caught.
            result = AssertUnwindSafe(tier(Interruption(interruption))).catch_unwind() => match result {
                Ok(Ok(conclusion)) => Outcome::Concluded(conclusion),
                Ok(Err(error)) => Outcome::Broken(error),
                Err(_) => Outcome::Broken(anyhow::anyhow!("the tier panicked, see above")),
            },
            () = stop_signal() => {
                // The terminal may be what is gone.
                let _ = writeln!(std::io::stderr(), "\ninterrupted: removing what was started");
                Outcome::Interrupted
            }
        }
    });
    drop(running);
    runtime.shutdown_timeout(END_MAX);
    outcome
}

/// Ends at Ctrl-C, SIGTERM or the end of the terminal, which `just` and cargo may leave before this does.
async fn stop_signal() {
    let mut signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let [Ok(interrupt), Ok(terminate), Ok(hangup)] = &mut signals else {
        // Without handlers the process ends as any other does.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
