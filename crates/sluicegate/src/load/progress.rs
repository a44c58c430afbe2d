//! The progress of a run, and the bar that shows it.

use indicatif::{ProgressBar, ProgressStyle};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Milliseconds between two updates.
const LOOK_MS: u64 = 200;

/// Counts that the run writes and the bar reads.
#[derive(Default)]
pub struct Progress {
    opened: AtomicU64,
    sent: AtomicU64,
    answered: AtomicU64,
    started: OnceLock<Instant>,
}

impl Progress {
    /// One more connection is open or refused.
    pub fn opened(&self) {
        self.opened.fetch_add(1, Relaxed);
    }

    pub fn started(&self, at: Instant) {
        // It begins once.
        let _ = self.started.set(at);
    }

    pub fn sent(&self, messages: u64) {
        self.sent.store(messages, Relaxed);
    }

    pub fn answered(&self, messages: u64) {
        self.answered.store(messages, Relaxed);
    }

    /// Shows the run on standard error, if that is a terminal, until the future is dropped.
    pub async fn show(&self, connections: usize, run: Duration) {
        let bar = Bar(ProgressBar::new(connections as u64).with_style(style("{pos}/{len} connections")));
        let mut looks = tokio::time::interval(Duration::from_millis(LOOK_MS));
        let mut answered_before = 0;
        let mut is_sending = false;
        loop {
            looks.tick().await;
            let Some(started) = self.started.get() else {
                bar.0.set_position(self.opened.load(Relaxed));
                continue;
            };
            if !is_sending {
                is_sending = true;
                bar.0.set_length(run.as_millis() as u64);
                bar.0.set_style(style("{msg}"));
            }
            let answered = self.answered.load(Relaxed);
            let sent = self.sent.load(Relaxed);
            let rate = (answered - answered_before) * 1_000 / LOOK_MS;
            answered_before = answered;
            bar.0.set_position((started.elapsed().as_millis() as u64).min(run.as_millis() as u64));
            bar.0.set_message(format!(
                "{answered} answered, {} open, {rate}/s",
                sent.saturating_sub(answered)
            ));
        }
    }
}

/// Removes the bar, however the task ends.
struct Bar(ProgressBar);

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(rest: &str) -> ProgressStyle {
    ProgressStyle::with_template(&format!("{{elapsed:>4}} [{{bar:30}}] {rest}"))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
