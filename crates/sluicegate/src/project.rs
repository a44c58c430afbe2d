//! Finds the project that a command is run in.

use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// The file that marks a project folder.
const MARKER: &str = "terraform/stack.auto.tfvars";

/// The project folder: `given`, else the current folder or its nearest parent that is a project.
pub fn find(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    let start = match given {
        Some(folder) => folder.to_owned(),
        None => std::env::current_dir().context("cannot determine the current folder")?,
    };
    let found = if given.is_some() {
        start.join(MARKER).is_file().then(|| start.clone())
    } else {
        start.ancestors().find(|folder| folder.join(MARKER).is_file()).map(Path::to_owned)
    };
    found.with_context(|| {
        format!(
            "{} is not in a project (no {MARKER} found): run this in the repository, or pass --project",
            start.display()
        )
    })
}
