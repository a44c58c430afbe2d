//! The processes of functions, which end together however the emulator ends.

use super::watcher::Watcher;
use crate::core::temp_folder::TempFolder;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The processes of one emulator.
#[derive(Debug, Default)]
pub struct Processes {
    /// The parent of each process's own folder; `None`: the system's temporary folder.
    folder: Option<PathBuf>,
    end: CancellationToken,
    /// A task for each process, which ends when nothing of its group is left.
    tasks: TaskTracker,
    pub(super) watcher: Watcher,
}

impl Processes {
    /// If the emulator is killed, its folder is removed with the processes.
    pub fn in_folder(folder: &TempFolder) -> Self {
        let folder = folder.path().to_owned();
        Self { watcher: Watcher::new(folder.clone()), folder: Some(folder), ..Self::default() }
    }

    /// Ends every process, even during an invocation or a start, and waits until all are gone.
    pub async fn end(&self) {
        self.end.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.watcher.close().await;
    }

    /// The signal that ends one process, alone or with all others.
    pub(super) fn kill_token(&self) -> CancellationToken {
        self.end.child_token()
    }

    /// Follows one process to its end.
    pub(super) fn follow(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// A folder for one process's temporary files.
    pub(super) fn temp_dir(&self) -> std::io::Result<TempDir> {
        let mut folder = tempfile::Builder::new();
        folder.prefix("sluicegate-function-");
        match &self.folder {
            Some(parent) => folder.tempdir_in(parent),
            None => folder.tempdir(),
        }
    }
}
