//! Unpacked code that lies on disk for as long as anything names it: a function, its settings, a process of it.

use crate::core::temp_folder;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder that is removed when the last clone of this is dropped. Each upload has one of its own, so that no new
/// one can be named while an old one of the same content is being removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFolder(Arc<Owned>);

#[derive(Debug, PartialEq, Eq)]
struct Owned(PathBuf);

impl CodeFolder {
    /// Takes a folder over.
    pub fn new(path: PathBuf) -> Self {
        Self(Arc::new(Owned(path)))
    }
}

impl Deref for CodeFolder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Err(error) = temp_folder::remove(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(folder = %self.0.display(), %error, "code of a function stays behind");
        }
    }
}
