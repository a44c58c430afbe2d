//! The repository's text files, for rules that hold over all of them.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold nothing that people wrote here.
const SKIPPED: [&str; 8] =
    [".git", "target", "node_modules", "dist", "release", ".terraform", "venv", "__pycache__"];

/// A text file, by its path below the repository's root.
pub struct TextFile {
    pub path: String,
    pub text: String,
}

impl TextFile {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// Every text file of the repository.
pub fn text_files() -> Vec<TextFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    let read = paths.iter().filter_map(|path| {
        let text = String::from_utf8(fs::read(path).ok()?).ok()?;
        let path = path.strip_prefix(&root).expect("below the root");
        Some(TextFile { path: path.to_string_lossy().into_owned(), text })
    });
    read.collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) {
            walk(&path, found);
        } else if kind.is_file() {
            found.push(path);
        }
    }
}
