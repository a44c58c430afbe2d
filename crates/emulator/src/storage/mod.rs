//! What outlives the process: records, and documents by key, in an append-only log in a data folder.
//!
//! An append returns when its bytes are with the operating system, so they survive the end of the process. They are
//! synced to the disk once a second, so a power cut may lose the last second.
//!
//! Nothing in a folder is dropped silently. An unfinished write is cut off and kept beside the log (`damage` recognises
//! it); all other damage is an error that names file and position. [`Repair`] saves what is whole, on request.

mod checkpoints;
mod damage;
#[cfg(test)]
mod damage_tests;
mod entry;
mod folder;
mod frame;
mod log;
mod repair;
mod replay;
#[cfg(test)]
mod tests;

pub use checkpoints::{Checkpoints, Standing};
pub use damage::Evidence;
pub use entry::{Entry, KeptRecord, NewRecord};
pub use folder::FORMAT;
pub use repair::Repair;

use crate::core::region::Region;
use log::Log;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Between two syncs to the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("{folder} is in use by {holder}: stop that, or name another folder with --data-dir")]
    InUse {
        folder: PathBuf,
        /// The content of its lock file.
        holder: String,
    },
    /// Another version wrote it.
    #[error(
        "{folder} holds data of format {found}, and this program reads format {FORMAT}: use the version that wrote \
         it, or name a new folder with --data-dir"
    )]
    Format { folder: PathBuf, found: String },
    #[error("{0} holds files and no emulator's data: name a new or an empty folder with --data-dir")]
    Foreign(PathBuf),
    /// It holds data in an unknown format.
    #[error(
        "{0} is missing or empty beside data: restore it from a copy, or write {FORMAT} into it if this version wrote the data"
    )]
    FormatLost(PathBuf),
    /// A segment between others is missing.
    #[error(
        "{0} is missing between others: restore it from a copy, or put an empty file in its place to go on without its records"
    )]
    Missing(PathBuf),
    /// A segment does not hold what was written to it.
    #[error(
        "{file} is damaged at byte {at}: {evidence}; nothing was changed: `serve --data-dir {} --repair` says what can \
         be saved",
        folder.display()
    )]
    Damaged {
        file: PathBuf,
        /// Where its whole frames end.
        at: usize,
        /// Why it is not an unfinished write.
        evidence: Evidence,
        folder: PathBuf,
    },
    /// A document in the log is not in a form that its reader knows.
    #[error(
        "{folder}: what is kept under {key} cannot be read: {problem}; use the version that wrote it, or name a new folder with --data-dir"
    )]
    Document {
        folder: PathBuf,
        key: String,
        /// The reader's error.
        problem: String,
    },
    /// ARNs have a region in them, and so have streams.
    #[error(
        "{folder} holds streams of {found}, and this emulator is in {own}: start it with --region {found}, or name \
         another folder with --data-dir"
    )]
    Region { folder: PathBuf, found: Region, own: Region },
    /// A failed write could not be undone, or the log is closed.
    #[error("{0} takes no more writes: an earlier one failed, or the emulator has stopped; start it again")]
    Broken(PathBuf),
    /// The file system failed.
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

impl StorageError {
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// An emulator's data folder. Clones are the same.
#[derive(Clone)]
pub struct Storage {
    log: Arc<Mutex<Log>>,
}

/// The content of a data folder when it was opened.
pub struct Restored {
    /// Documents by key.
    pub documents: BTreeMap<String, String>,
    /// Each shard's last sequence number, by stream and index.
    pub tails: BTreeMap<String, BTreeMap<u32, String>>,
    /// Every record, in the order of the appends.
    pub records: Vec<KeptRecord>,
}

impl Storage {
    /// Opens or creates a data folder. Must be called in a tokio runtime, which syncs it. Fails with [`StorageError`],
    /// which names the folder and what to do.
    pub fn open(path: &Path) -> Result<(Self, Restored), StorageError> {
        let (log, records) = Log::open(path)?;
        let restored =
            Restored { documents: log.head().documents.clone(), tails: log.head().tails.clone(), records };
        let storage = Self { log: Arc::new(Mutex::new(log)) };
        tokio::spawn(sync(Arc::downgrade(&storage.log)));
        Ok((storage, restored))
    }

    /// Appends changes, all or none. It writes to the operating system's memory, which takes some two microseconds, and
    /// so it does not use another thread. Fails if the disk is full or broken.
    pub fn append(&self, entries: &[Entry<'_>]) -> Result<(), StorageError> {
        self.log.lock().append(entries)
    }

    /// Stores a document under a key, unless it is there already. Errors: as [`Storage::append`].
    pub fn set(&self, key: &str, value: &str) -> Result<(), StorageError> {
        let mut log = self.log.lock();
        if log.head().documents.get(key).is_some_and(|kept| kept == value) {
            return Ok(());
        }
        log.append(&[Entry::Set { key, value }])
    }

    /// The document under a key.
    pub fn get(&self, key: &str) -> Option<String> {
        self.log.lock().head().documents.get(key).cloned()
    }

    /// The documents whose keys begin with `prefix`, by the rest of their keys.
    pub fn below(&self, prefix: &str) -> BTreeMap<String, String> {
        let log = self.log.lock();
        let from = log.head().documents.range(prefix.to_owned()..);
        from.map_while(|(key, value)| Some((key.strip_prefix(prefix)?.to_owned(), value.clone()))).collect()
    }

    /// Removes the documents under these keys. Errors: as [`Storage::append`].
    pub fn unset(&self, keys: &[String]) -> Result<(), StorageError> {
        if keys.is_empty() {
            return Ok(());
        }
        let entries: Vec<_> = keys.iter().map(|key| Entry::Unset { key }).collect();
        self.log.lock().append(&entries)
    }

    /// Frees segments with only expired records, as `is_expired` decides by a stream and the arrival of its newest
    /// record there. It uses the disk.
    pub fn reclaim(&self, is_expired: impl Fn(&str, u64) -> bool) {
        match self.log.lock().reclaim(is_expired) {
            Ok(0) => {}
            Ok(segments) => tracing::debug!(segments, "dropped segments past their streams' retention"),
            Err(error) => tracing::warn!(%error, "failed to free a segment"),
        }
    }

    pub fn close(&self) {
        self.log.lock().close();
    }
}

/// Syncs what was written, and begins a new segment when one is full, as long as the log is in use.
async fn sync(log: std::sync::Weak<Mutex<Log>>) {
    let mut every = tokio::time::interval(SYNC_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let Some(log) = log.upgrade() else { return };
        let synced = tokio::task::spawn_blocking(move || sync_once(&log)).await;
        if let Ok(Err(error)) = synced {
            tracing::warn!(%error, "failed to sync the data folder");
        }
    }
}

fn sync_once(log: &Mutex<Log>) -> Result<(), StorageError> {
    // Without the lock: appends go on.
    let unsynced = log.lock().unsynced()?;
    if let Some((path, file)) = unsynced {
        file.sync_data().map_err(StorageError::io(&path))?;
    }
    let mut log = log.lock();
    if log.is_full() { log.roll() } else { Ok(()) }
}
