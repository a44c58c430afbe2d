//! Compiler flags that keep the paths of the build machine out of the binaries.

use std::path::{Path, PathBuf};

/// Separates flags in `CARGO_ENCODED_RUSTFLAGS`, in which a path may hold spaces.
const SEPARATOR: &str = "\u{1f}";

/// The folders of a build.
#[derive(Debug, Clone)]
pub struct Places {
    pub project: PathBuf,
    /// Cargo's target folder, which holds what build scripts generate.
    pub target: PathBuf,
    pub cargo_home: PathBuf,
    /// The folders in which other crates' sources lie: named after a registry's address, which differs where a
    /// mirror is used, or anywhere where they are vendored.
    pub sources: Vec<PathBuf>,
    /// The toolchain's own source, where its component `rust-src` is installed.
    pub rust_source: PathBuf,
    /// The commit of the compiler, which names the same source in toolchains without that component.
    pub rustc_commit: String,
}

/// The value of `CARGO_ENCODED_RUSTFLAGS`.
pub fn rustflags(places: &Places) -> String {
    let mut flags: Vec<_> = prefixes(places)
        .into_iter()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .collect();
    flags.push("-Clink-arg=-Wl,--build-id=none".into());
    flags.join(SEPARATOR)
}

/// The name of each folder in a binary. The last match wins, so deeper folders come later.
fn prefixes(places: &Places) -> Vec<(&Path, String)> {
    let mut prefixes = vec![
        (places.project.as_path(), "/sluicegate".to_owned()),
        (places.target.as_path(), "/target".to_owned()),
        (places.cargo_home.as_path(), "/cargo".to_owned()),
    ];
    // The project may be inside cargo's home, or the other way round.
    prefixes.sort_by_key(|(path, _)| path.components().count());
    prefixes.extend(places.sources.iter().map(|path| (path.as_path(), "/cargo/registry".to_owned())));
    prefixes.push((places.rust_source.as_path(), format!("/rustc/{}", places.rustc_commit)));
    prefixes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(project: &str) -> Places {
        Places {
            project: project.into(),
            target: format!("{project}/target").into(),
            cargo_home: "/home/a/.cargo".into(),
            sources: vec!["/home/a/.cargo/registry/src/mirror-1".into()],
            rust_source: "/rust/lib/rustlib/src/rust".into(),
            rustc_commit: "abc".into(),
        }
    }

    #[test]
    fn deeper_folders_come_after_the_ones_around_them() {
        let flags = rustflags(&places("/home/a b/p"));
        let flags: Vec<_> = flags.split(SEPARATOR).collect();
        assert_eq!(
            flags,
            [
                "--remap-path-prefix=/home/a b/p=/sluicegate",
                "--remap-path-prefix=/home/a/.cargo=/cargo",
                "--remap-path-prefix=/home/a b/p/target=/target",
                "--remap-path-prefix=/home/a/.cargo/registry/src/mirror-1=/cargo/registry",
                "--remap-path-prefix=/rust/lib/rustlib/src/rust=/rustc/abc",
                "-Clink-arg=-Wl,--build-id=none",
            ]
        );
    }

    #[test]
    fn every_folder_is_called_the_same_wherever_it_lies() {
        let names =
            |project| prefixes(&places(project)).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        let (mut one, mut other) = (names("/p"), names("/very/deep/down/p"));
        one.sort();
        other.sort();
        assert_eq!(one, other);
    }
}
