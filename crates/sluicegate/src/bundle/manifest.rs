//! The bundle's manifest: its files with checksums, the tools that built it, and its verification.

use super::architecture::Architecture;
use anyhow::{Context as _, bail};
use ring::digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Component, Path};

/// The manifest's name, in the bundle's folder.
pub const FILE: &str = "manifest.json";
/// The format that this program reads and writes.
const FORMAT: u32 = 1;
/// Bytes read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// Bytes of the largest manifest that is read.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// The manifest. It holds no time, path or user name: two builds of one commit with the same tools write the same
/// manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of these fields.
    pub format: u32,
    pub version: String,
    /// The commit it was built from; `null` outside of a git repository.
    pub commit: Option<String>,
    /// Whether there were uncommitted changes.
    pub modified: bool,
    pub architecture: Architecture,
    /// Operating system and CPU as Terraform names them (`linux_amd64`), for what runs while deploying: the
    /// `sluicegate` binary, and the provider where `providers` is true.
    pub platform: String,
    /// Whether the locked provider is in the bundle.
    pub providers: bool,
    /// Version of each tool that was used, by name.
    pub tools: BTreeMap<String, String>,
    /// Every file but the manifest itself, by its path below the bundle's folder, with `/` between its parts.
    pub files: BTreeMap<String, File>,
    /// SHA-256 of the file list as `sha256sum` prints it, ordered by path: identifies the bundle.
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// Whether it is a program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
}

/// The fields of a [`Manifest`] other than its files.
#[derive(Debug, Clone)]
pub struct About {
    pub version: String,
    pub commit: Option<String>,
    pub modified: bool,
    pub architecture: Architecture,
    pub platform: String,
    pub providers: bool,
    pub tools: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads every file below `folder` and lists it.
    pub fn of(folder: &Path, about: About) -> anyhow::Result<Self> {
        let files = list(folder, None)?;
        let About { version, commit, modified, architecture, platform, providers, tools } = about;
        let sha256 = whole(&files);
        Ok(Self {
            format: FORMAT,
            version,
            commit,
            modified,
            architecture,
            platform,
            providers,
            tools,
            files,
            sha256,
        })
    }

    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        let path = folder.join(FILE);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reads the manifest of the bundle in `folder`.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let open = || {
            format!(
                "{} is not a bundle (cannot read {FILE}): build one with `sluicegate bundle`",
                folder.display()
            )
        };
        let mut text = String::new();
        let file = std::fs::File::open(&path).with_context(open)?;
        file.take(MANIFEST_BYTES_MAX).read_to_string(&mut text).with_context(open)?;
        let manifest: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is not a manifest of format {FORMAT}", path.display()))?;
        if manifest.format != FORMAT {
            bail!(
                "{} has format {}, but this program reads format {FORMAT}: use the program in the bundle",
                path.display(),
                manifest.format
            );
        }
        Ok(manifest)
    }

    /// The differences between this manifest and a folder, one line each.
    pub fn differences(&self, folder: &Path) -> anyhow::Result<Vec<String>> {
        self.differences_but(folder, None)
    }

    /// As [`differences`](Self::differences), but ignores the files of one folder.
    pub fn differences_outside(&self, folder: &Path, skipped: &str) -> anyhow::Result<Vec<String>> {
        self.differences_but(folder, Some(skipped))
    }

    fn differences_but(&self, folder: &Path, skipped: Option<&str>) -> anyhow::Result<Vec<String>> {
        let found = list(folder, skipped)?;
        let mut differences = Vec::new();
        let listed = self.files.keys().filter(|path| path.split('/').next() != skipped);
        let paths: BTreeSet<_> = listed.chain(found.keys()).collect();
        for path in paths {
            match (self.files.get(path), found.get(path)) {
                (Some(_), None) => differences.push(format!("{path} is missing")),
                (None, Some(_)) => differences.push(format!("{path} is not in the manifest")),
                (Some(listed), Some(found)) if listed.sha256 != found.sha256 => {
                    differences.push(format!(
                        "{path} was modified: its sha256 is {}, not {} as in the manifest",
                        found.sha256, listed.sha256
                    ));
                }
                (Some(listed), Some(found)) if listed != found => {
                    differences.push(format!("{path} has a different size or mode than in the manifest"));
                }
                _ => {}
            }
        }
        if self.sha256 != whole(&self.files) {
            differences.push(format!("{FILE} was modified: its own sha256 does not match its files"));
        }
        Ok(differences)
    }
}

/// SHA-256 of a reader's bytes, in hexadecimal digits, and how many they were.
pub fn sha256(mut reader: impl std::io::Read) -> std::io::Result<(String, u64)> {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        match reader.read(&mut chunk)? {
            0 => return Ok((hex(context.finish().as_ref()), bytes)),
            read => {
                context.update(&chunk[..read]);
                bytes += read as u64;
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Formatting into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn whole(files: &BTreeMap<String, File>) -> String {
    let list: String = files.iter().map(|(path, file)| format!("{}  {path}\n", file.sha256)).collect();
    hex(digest::digest(&digest::SHA256, list.as_bytes()).as_ref())
}

/// Every file below `folder` but its manifest and those in the folder `skipped`.
fn list(folder: &Path, skipped: Option<&str>) -> anyhow::Result<BTreeMap<String, File>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        let entries =
            std::fs::read_dir(&current).with_context(|| format!("cannot read {}", current.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("cannot read {}", current.display()))?.path();
            let name = name(&path, folder)?;
            let cannot = || format!("cannot read {}", path.display());
            let metadata = path.symlink_metadata().with_context(cannot)?;
            if metadata.is_dir() {
                if Some(name.as_str()) != skipped {
                    folders.push(path);
                }
            } else if !metadata.is_file() {
                bail!("{name} is neither a file nor a folder: a bundle must not contain links");
            } else if name != FILE {
                let (sha256, bytes) = std::fs::File::open(&path).and_then(sha256).with_context(cannot)?;
                files.insert(name, File { bytes, sha256, executable: is_executable(&metadata) });
            }
        }
    }
    Ok(files)
}

/// A path below `folder`, with `/` between its parts.
fn name(path: &Path, folder: &Path) -> anyhow::Result<String> {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let parts = below.components().map(|part| match part {
        Component::Normal(part) => part.to_str(),
        _ => None,
    });
    let parts: Option<Vec<_>> = parts.collect();
    Ok(parts.with_context(|| format!("{} has a name that is not UTF-8", path.display()))?.join("/"))
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests;
