//! Finds the project that a command is run in.

use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// What marks a project's folder.
const MARKER: &str = "terraform/stack.auto.tfvars";

/// The project's folder: `given`, or the nearest one around the working folder.
///
/// # Errors
/// Where there is none; the text says what marks one.
pub fn find(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    let start = match given {
        Some(folder) => folder.to_owned(),
        None => std::env::current_dir().context("cannot tell the working folder")?,
    };
    let found = if given.is_some() {
        start.join(MARKER).is_file().then(|| start.clone())
    } else {
        start.ancestors().find(|folder| folder.join(MARKER).is_file()).map(Path::to_owned)
    };
    found.with_context(|| {
        format!("{} is not in a project: there is no {MARKER}; run this in the repository, or name it with --project", start.display())
    })
}
