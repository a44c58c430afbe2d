//! Comments name anchors of docs/aws-behaviour.md that exist, and no codes of documents that are not in the repository.

use super::{project, sources};
use std::path::{Path, PathBuf};

/// Folders with code that may name anchors.
const FOLDERS: [&str; 7] = ["benches", "crates", "examples", "functions", "probe", "terraform", "tests"];

/// All Rust and Terraform files below a folder, but for what is built and what is installed there.
fn code(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !matches!(name.as_ref(), "target" | "node_modules" | "venv") && !name.starts_with('.') {
                code(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "tf") {
            files.push(path);
        }
    }
}

fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        code(&project().join(folder), &mut files);
    }
    // The ledger's own tests make wrong ones up.
    files.retain(|path| !path.components().any(|part| part.as_os_str() == "ledger"));
    files
}

/// The anchors that a line names: the one behind the document's name, and further ones in short form,
/// as in `docs/aws-behaviour.md#lambda-mappings, #lambda-reports`.
fn named(line: &str) -> Vec<&str> {
    let Some((_, rest)) = line.split_once(sources::DOCUMENT) else { return Vec::new() };
    let anchors = rest.split('#').skip(1).map(|anchor| {
        anchor.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default()
    });
    anchors.filter(|anchor| anchor.contains('-')).collect()
}

/// As in "docs/aws-behaviour.md#apigateway-context".
fn cites_a_code(line: &str) -> bool {
    let is_code = |rest: &str| {
        let (letter, digits) = rest.split_at_checked(1).unwrap_or_default();
        let letter_is_a_section = matches!(letter.as_bytes(), [b'A'..=b'H']);
        letter_is_a_section && digits.chars().next().is_none_or(|c| !c.is_ascii_alphabetic())
    };
    line.split("acts ").skip(1).any(is_code)
}

#[test]
fn every_anchor_that_code_names_exists() {
    let document = sources::document();
    let mut wrong = Vec::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("code is text");
        for (number, line) in text.lines().enumerate() {
            if cites_a_code(line) {
                wrong.push(format!("{}:{}: cites a code: name an anchor", path.display(), number + 1));
            }
            for anchor in named(line).into_iter().filter(|anchor| !document.anchors.contains_key(*anchor)) {
                wrong.push(format!("{}:{}: there is no #{anchor}", path.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn anchors_are_found_in_comments() {
    assert_eq!(named("/// (docs/aws-behaviour.md#a-b, #c-d): `#set`"), ["a-b", "c-d"]);
    assert!(
        cites_a_code("/// Facts A10.")
            && cites_a_code("/// (facts B)")
            && !cites_a_code("/// Facts about A.")
    );
    assert_eq!(named("/// See docs/aws-behaviour.md#a-b."), ["a-b"]);
    assert_eq!(named("/// one module per section of docs/aws-behaviour.md."), Vec::<&str>::new());
}
