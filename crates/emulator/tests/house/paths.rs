//! The paths that ARCHITECTURE.md names are there.

use super::repository::text_files;

/// What stands in backticks on a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The path that a quoted text names, if it names one: `context.rs::Request` is in a file.
fn path(quoted: &str) -> Option<&str> {
    let path = quoted.split("::").next()?;
    let is_file = [".rs", ".toml", ".tf", ".md"].iter().any(|ending| path.ends_with(ending));
    let is_path = (path.contains('/') || is_file) && !path.contains(' ');
    is_path.then_some(path)
}

/// Whether a file lies below a folder and at a path, whose end is a file's, or a folder's with `/`; `*` is any text.
fn matches(file: &str, folder: &str, path: &str) -> bool {
    let file = format!("/{file}");
    let Some(at) = file.find(&format!("/{folder}")) else { return false };
    let below = &file[at..];
    let (start, end) = path.split_once('*').unwrap_or((path, ""));
    let start = format!("/{start}");
    match path.contains('*') {
        true => below.contains(&start) && below.ends_with(end),
        false if path.ends_with('/') => below.contains(&start),
        false => below.ends_with(&start),
    }
}

#[test]
fn the_architecture_names_what_is_there() {
    let files = text_files();
    let document = files.iter().find(|file| file.path == "ARCHITECTURE.md").expect("the document");
    let mut missing = Vec::new();
    for (number, line) in (1..).zip(document.text.lines()) {
        // In a table, the second column is the folder of the third's files.
        let mut folder = "";
        for (column, cell) in line.split(" | ").enumerate() {
            let absent = |path: &&str| !files.iter().any(|file| matches(&file.path, folder, path));
            let paths = quoted(cell).filter_map(path);
            missing.extend(paths.filter(absent).map(|path| format!("{number}: {path}")));
            if column == 1 {
                folder = quoted(cell).next().filter(|quoted| quoted.ends_with('/')).unwrap_or_default();
            }
        }
    }
    assert!(missing.is_empty(), "ARCHITECTURE.md names paths that do not exist:\n{}", missing.join("\n"));
}

#[test]
fn paths_differ_from_other_words() {
    for (file, folder, path, is_there) in [
        ("a/b/c.rs", "", "b/c.rs", true),
        ("a/b/c.rs", "b/", "c.rs", true),
        ("a/b/c.rs", "d/", "c.rs", false),
        ("a/b/c.rs", "", "a/b/", true),
        ("a/b/c.rs", "", "a/*", true),
        ("a/b/c.rs", "", "b/*.toml", false),
        ("a/bb/c.rs", "", "b/c.rs", false),
    ] {
        assert_eq!(matches(file, folder, path), is_there, "{file}, {path} below {folder}");
    }
    assert_eq!(path("iam/context.rs::Request"), Some("iam/context.rs"));
    for word in ["stack check", "Emulator::call", "use", "--data-dir", "$connect"] {
        assert_eq!(path(word), None, "{word}");
    }
}
