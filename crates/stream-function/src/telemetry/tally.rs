//! What happened in one batch, counted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::batch::lock;
use crate::connections::Delivery;

/// The counts of one batch. Shared by everything that handles it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    records: AtomicU64,
    replies: AtomicU64,
    gone: AtomicU64,
    retried: AtomicU64,
    dead_letters: AtomicU64,
    dead_letter_failures: AtomicU64,
    skipped: AtomicU64,
    redelivered: AtomicU64,
    probes: AtomicU64,
    rejected: AtomicU64,
    ages_ms: Mutex<Vec<u64>>,
}

/// The counts at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Records whose handling began.
    pub records: u64,
    /// Messages that the gateway accepted for a client.
    pub replies: u64,
    /// Messages whose client had left.
    pub gone: u64,
    /// Retries of records and of calls.
    pub retried: u64,
    /// Records published to the dead-letter queue.
    pub dead_letters: u64,
    /// Records set aside because the dead-letter queue rejects them.
    pub dead_letter_failures: u64,
    /// Redelivered records that had been handled completely before.
    pub skipped: u64,
    /// Records that Lambda must redeliver although their handling began.
    pub redelivered: u64,
    /// Probe messages, which are not counted as records.
    pub probes: u64,
    /// Messages that were answered by an error frame.
    pub rejected: u64,
    /// The age of each record in the stream when its handling began.
    pub ages_ms: Vec<u64>,
}

impl Tally {
    /// Counts a record whose handling begins, with its age in the stream.
    pub fn began(&self, age_ms: u64) {
        self.records.fetch_add(1, Relaxed);
        lock(&self.ages_ms).push(age_ms);
    }

    pub fn delivered(&self, delivery: Delivery) {
        let count = match delivery {
            Delivery::Delivered => &self.replies,
            Delivery::Gone => &self.gone,
        };
        count.fetch_add(1, Relaxed);
    }

    pub fn retried(&self) {
        self.retried.fetch_add(1, Relaxed);
    }

    pub fn dead_lettered(&self) {
        self.dead_letters.fetch_add(1, Relaxed);
    }

    pub fn set_aside(&self) {
        self.dead_letter_failures.fetch_add(1, Relaxed);
    }

    pub fn skipped(&self) {
        self.skipped.fetch_add(1, Relaxed);
    }

    pub fn redelivered(&self) {
        self.redelivered.fetch_add(1, Relaxed);
    }

    pub fn probed(&self) {
        self.probes.fetch_add(1, Relaxed);
    }

    pub fn rejected(&self) {
        self.rejected.fetch_add(1, Relaxed);
    }

    pub fn counts(&self) -> Counts {
        Counts {
            records: self.records.load(Relaxed),
            replies: self.replies.load(Relaxed),
            gone: self.gone.load(Relaxed),
            retried: self.retried.load(Relaxed),
            dead_letters: self.dead_letters.load(Relaxed),
            dead_letter_failures: self.dead_letter_failures.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
            redelivered: self.redelivered.load(Relaxed),
            probes: self.probes.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            ages_ms: lock(&self.ages_ms).clone(),
        }
    }
}
