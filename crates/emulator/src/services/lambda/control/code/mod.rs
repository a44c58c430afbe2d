//! A function's code: a zip, unpacked into a folder of its own.

mod names;

use crate::core::temp_folder;
use crate::protocol::{ApiError, Service};
use crate::services::lambda::code_folder::CodeFolder;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use names::Places;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::Path;
use zip::ZipArchive;

/// Bytes of a zip in a request, at most.
pub const ZIP_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Bytes of unpacked code, at most.
pub const UNPACKED_BYTES_MAX: u64 = 250 * 1024 * 1024;
/// Files and folders in a zip, at most.
pub const ENTRIES_MAX: usize = 10_000;

/// The file that the runtime starts; made executable if the zip has no modes.
const BOOTSTRAP: &str = "bootstrap";
const MODE_EXECUTABLE: u32 = 0o755;
const MODE_FILE: u32 = 0o644;

/// Code that is ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Base64 of the zip's SHA-256.
    pub sha256: String,
    pub size: usize,
    /// The folder that it was unpacked into.
    pub dir: CodeFolder,
}

/// Unpacks a zip into a new folder in `root`. Blocks. Fails with `InvalidParameterValueException` if it is not a zip, or
/// exceeds a limit.
pub fn unpack(root: &Path, name: &str, zip: &[u8]) -> Result<Code, ApiError> {
    if zip.len() > ZIP_BYTES_MAX {
        let message = format!("Code.ZipFile is larger than {ZIP_BYTES_MAX} bytes");
        return Err(ApiError::new(http::StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message));
    }
    // Removed again where one of the steps below fails.
    let dir = CodeFolder::new(root.join(format!("{name}.{}", uuid::Uuid::new_v4().simple())));
    extract(zip, &dir)?;
    // Read-only, as on Lambda: a function that writes beside its code fails here too.
    temp_folder::protect(&dir).map_err(failed)?;
    Ok(Code { sha256: STANDARD.encode(Sha256::digest(zip)), size: zip.len(), dir })
}

fn extract(zip: &[u8], into: &Path) -> Result<(), ApiError> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(unreadable)?;
    if archive.len() > ENTRIES_MAX {
        return Err(unreadable(format!("it has more than {ENTRIES_MAX} entries")));
    }
    if archive.is_empty() {
        return Err(Service::Lambda.invalid("Uploaded file must be a non-empty zip"));
    }
    fs::create_dir_all(into).map_err(failed)?;
    let mut places = Places::default();
    let mut left = UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(unreadable)?;
        let name = places.take(entry.name(), entry.is_dir()).map_err(unreadable)?;
        if entry.is_symlink() {
            let name = name.display();
            return Err(unreadable(format!(
                "{name} is a symbolic link, which the local emulator does not unpack"
            )));
        }
        let path = into.join(&name);
        if entry.is_dir() {
            fs::create_dir_all(&path).map_err(failed)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let executable = match entry.unix_mode() {
            Some(mode) => mode & 0o111 != 0,
            None => name == Path::new(BOOTSTRAP),
        };
        left = copy(&mut entry, &path, left)?;
        set_mode(&path, if executable { MODE_EXECUTABLE } else { MODE_FILE }).map_err(failed)?;
    }
    Ok(())
}

/// Writes one file; returns how many bytes are left for the others.
fn copy(entry: &mut impl Read, path: &Path, left: u64) -> Result<u64, ApiError> {
    let mut file = File::create(path).map_err(failed)?;
    let mut source = Tracked { inner: entry.take(left + 1), failed: false };
    // Reading one byte more than is left shows an excess, whatever the entry's header says.
    let copied = io::copy(&mut source, &mut file);
    let copied = copied.map_err(|error| if source.failed { unreadable(error) } else { failed(error) })?;
    left.checked_sub(copied).ok_or_else(|| {
        Service::Lambda.invalid(format!("Unzipped size must be smaller than {UNPACKED_BYTES_MAX} bytes"))
    })
}

/// Distinguishes an unreadable zip from a file that cannot be written.
struct Tracked<R> {
    inner: R,
    failed: bool,
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        self.failed |= read.is_err();
        read
    }
}

/// The zip is at fault.
fn unreadable(why: impl std::fmt::Display) -> ApiError {
    Service::Lambda.invalid(format!(
        "Could not unzip uploaded file. Please check your file, then try to upload again. ({why})"
    ))
}

/// The machine is.
fn failed(error: io::Error) -> ApiError {
    ApiError::internal(format!("unpacking a function: {error}"))
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
