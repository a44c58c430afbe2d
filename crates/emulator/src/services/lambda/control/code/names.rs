//! The names that files and folders of a zip may have, so that all of them can be created side by side.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// Bytes of one part of a path, at most: Linux's limit.
pub const PART_BYTES_MAX: usize = 255;
/// Bytes of a path in a zip, at most: Linux allows 4,096, and the folder before it takes some.
pub const PATH_BYTES_MAX: usize = 3_072;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// It is absolute, leaves its folder, is empty, or has a character that paths cannot have.
    #[error("{0} leads out of it")]
    LeadsOut(String),
    /// A part of it is longer than [`PART_BYTES_MAX`].
    #[error("the name {0} has a part of more than {PART_BYTES_MAX} bytes")]
    LongPart(String),
    /// It is longer than [`PATH_BYTES_MAX`].
    #[error("the name {0} has more than {PATH_BYTES_MAX} bytes")]
    LongPath(String),
    /// Another entry needs a folder where this one has a file, or the reverse.
    #[error("{0} is a file and a folder")]
    FileAndFolder(String),
}

/// Assigns each entry of a zip its path, below the folder that it is unpacked into.
#[derive(Debug, Default)]
pub struct Places {
    /// Whether it is a folder, by path.
    taken: BTreeMap<PathBuf, bool>,
}

impl Places {
    /// Takes an entry's path, in parts that stay below the folder. Fails with [`BadName`].
    pub fn take(&mut self, name: &str, is_folder: bool) -> Result<PathBuf, BadName> {
        let path = path(name)?;
        if path.as_os_str().is_empty() && !is_folder {
            return Err(BadName::LeadsOut(shown(name)));
        }
        // Itself, and then its parent folders.
        for (depth, place) in path.ancestors().enumerate() {
            let folder = is_folder || depth > 0;
            if *self.taken.entry(place.to_owned()).or_insert(folder) != folder {
                return Err(BadName::FileAndFolder(shown(&place.to_string_lossy())));
            }
        }
        Ok(path)
    }
}

fn path(name: &str) -> Result<PathBuf, BadName> {
    if name.len() > PATH_BYTES_MAX {
        return Err(BadName::LongPath(shown(name)));
    }
    let mut path = PathBuf::new();
    for part in Path::new(name).components() {
        match part {
            Component::Normal(part) if part.len() > PART_BYTES_MAX => {
                return Err(BadName::LongPart(shown(name)));
            }
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir if path.pop() => {}
            _ => return Err(BadName::LeadsOut(shown(name))),
        }
    }
    if name.is_empty() || name.contains('\0') {
        return Err(BadName::LeadsOut(shown(name)));
    }
    Ok(path)
}

/// The name in a form for messages: short, and without control characters.
fn shown(name: &str) -> String {
    const CHARS_MAX: usize = 100;
    let mut shown: String = name.chars().take(CHARS_MAX).flat_map(char::escape_debug).collect();
    if name.chars().count() > CHARS_MAX {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn taken(names: &[&str]) -> Result<Vec<PathBuf>, BadName> {
        let mut places = Places::default();
        names.iter().map(|name| places.take(name, name.ends_with('/'))).collect()
    }

    #[test]
    fn names_that_can_stand_beside_each_other_are_taken() {
        for (names, paths) in [
            (vec!["bootstrap", "a/b", "a/", "a/c"], vec!["bootstrap", "a/b", "a", "a/c"]),
            (vec!["a", "A", "a"], vec!["a", "A", "a"]),
            (vec!["./a", "b//c", "d/../e", "."], vec!["a", "b/c", "e", ""]),
            (vec!["bootstrap/"], vec!["bootstrap"]),
            (vec!["größe", "a\\b", "a\nb"], vec!["größe", "a\\b", "a\nb"]),
        ] {
            let names: Vec<_> = names.into_iter().map(|name| if name == "." { "./" } else { name }).collect();
            assert_eq!(taken(&names), Ok(paths.into_iter().map(PathBuf::from).collect()), "{names:?}");
        }
    }

    #[test]
    fn names_that_cannot_are_refused() {
        let long = "x".repeat(PART_BYTES_MAX + 1);
        let deep = "x/".repeat(PATH_BYTES_MAX);
        let leads_out = |name: &str| BadName::LeadsOut(name.into());
        let both = |name: &str| BadName::FileAndFolder(name.into());
        for (names, why) in [
            (vec!["a", "a/b"], both("a")),
            (vec!["a/b", "a"], both("a")),
            (vec!["a", "a/"], both("a")),
            (vec!["x/a", "x/a/b/c"], both("x/a")),
            (vec!["../outside"], leads_out("../outside")),
            (vec!["a/../../b"], leads_out("a/../../b")),
            (vec!["/etc/passwd"], leads_out("/etc/passwd")),
            (vec!["a\0b"], leads_out("a\\0b")),
            (vec![""], leads_out("")),
            (vec!["."], leads_out(".")),
            (vec![&long], BadName::LongPart(shown(&long))),
            (vec![&deep], BadName::LongPath(shown(&deep))),
        ] {
            assert_eq!(taken(&names), Err(why), "{names:?}");
        }
    }

    proptest! {
        /// Whatever is accepted can be created in that order, and stays within its folder.
        #[test]
        fn whatever_is_taken_can_be_made(names in proptest::collection::vec("[ab./]{0,6}", 0..6)) {
            let folder = tempfile::tempdir().unwrap();
            let mut places = Places::default();
            for name in names {
                let is_folder = name.ends_with('/');
                let Ok(path) = places.take(&name, is_folder) else { continue };
                let path = folder.path().join(path);
                prop_assert!(path.starts_with(folder.path()));
                if is_folder {
                    std::fs::create_dir_all(path).unwrap();
                } else {
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::File::create(path).unwrap();
                }
            }
        }
    }
}
