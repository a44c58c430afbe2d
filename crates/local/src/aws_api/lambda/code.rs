//! A function's code: a zip, unpacked into a folder of its own for each version of it.

use crate::aws_api::wire::{ApiError, Service};
use crate::temp_folder;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Cursor, Read as _};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// Bytes of a zip that is sent in a request, at most.
pub const ZIP_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Bytes of code once unpacked, at most.
pub const UNPACKED_BYTES_MAX: u64 = 250 * 1024 * 1024;
/// Files and folders in a zip, at most.
pub const ENTRIES_MAX: usize = 10_000;

/// What the runtime starts; made executable where the zip carries no modes.
const BOOTSTRAP: &str = "bootstrap";
const MODE_EXECUTABLE: u32 = 0o755;
const MODE_FILE: u32 = 0o644;

/// Code that lies ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Base64 of the zip's SHA-256.
    pub sha256: String,
    /// Bytes of the zip.
    pub size: usize,
    /// Where it was unpacked.
    pub dir: PathBuf,
}

/// Unpacks a zip into `{root}/{hash}`, unless it lies there already. Blocks.
///
/// # Errors
/// `InvalidParameterValueException` where the zip is none or exceeds a limit.
pub fn unpack(root: &Path, zip: &[u8]) -> Result<Code, ApiError> {
    if zip.len() > ZIP_BYTES_MAX {
        let message = format!("Code.ZipFile is larger than {ZIP_BYTES_MAX} bytes");
        return Err(ApiError::new(http::StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message));
    }
    let digest = Sha256::digest(zip);
    let folder: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let code = Code { sha256: STANDARD.encode(digest), size: zip.len(), dir: root.join(&folder) };
    if code.dir.is_dir() {
        return Ok(code);
    }
    // Unpacked beside its place and moved there, so that no half of it is ever run.
    let partial = root.join(format!("{folder}.{}", uuid::Uuid::new_v4()));
    let result = extract(zip, &partial).and_then(|()| match fs::rename(&partial, &code.dir) {
        Err(_) if code.dir.is_dir() => Ok(()),
        // Read-only, as on Lambda: a function that writes beside its code fails here too.
        other => other
            .and_then(|()| temp_folder::protect(&code.dir))
            .map_err(|error| ApiError::internal(format!("unpacking a function: {error}"))),
    });
    if partial.is_dir() {
        let _ = fs::remove_dir_all(&partial);
    }
    result.map(|()| code)
}

fn extract(zip: &[u8], into: &Path) -> Result<(), ApiError> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Service::Lambda.invalid(format!(
            "Could not unzip uploaded file. Please check your file, then try to upload again. ({error})"
        ))
    };
    let failed = |error: io::Error| ApiError::internal(format!("unpacking a function: {error}"));
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|error| unreadable(&error))?;
    if archive.len() > ENTRIES_MAX {
        return Err(unreadable(&format!("it has more than {ENTRIES_MAX} entries")));
    }
    fs::create_dir_all(into).map_err(failed)?;
    let mut left = UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| unreadable(&error))?;
        let Some(name) = entry.enclosed_name() else {
            return Err(unreadable(&format!("{} leads out of it", entry.name())));
        };
        let path = into.join(&name);
        if entry.is_dir() {
            fs::create_dir_all(&path).map_err(failed)?;
            continue;
        }
        if entry.is_symlink() {
            return Err(unreadable(&format!(
                "{} is a symbolic link, which the local plane does not unpack",
                name.display()
            )));
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let executable = match entry.unix_mode() {
            Some(mode) => mode & 0o111 != 0,
            None => name == Path::new(BOOTSTRAP),
        };
        let mut file = File::create(&path).map_err(failed)?;
        // One byte more than is left shows that there is too much, whatever the entry's header says.
        let copied =
            io::copy(&mut entry.by_ref().take(left + 1), &mut file).map_err(|error| unreadable(&error))?;
        left = left.checked_sub(copied).ok_or_else(|| {
            Service::Lambda.invalid(format!("Unzipped size must be smaller than {UNPACKED_BYTES_MAX} bytes"))
        })?;
        set_mode(&path, if executable { MODE_EXECUTABLE } else { MODE_FILE }).map_err(failed)?;
    }
    Ok(())
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
mod tests {
    use super::*;
    use std::io::Write as _;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn zip(entries: &[(&str, &[u8], u32)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content, mode) in entries {
            writer.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn root() -> PathBuf {
        std::env::temp_dir().join(format!("code-test-{}", uuid::Uuid::new_v4()))
    }

    #[test]
    #[cfg(unix)]
    fn a_zip_becomes_a_folder_with_its_modes() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = root();
        let zip = zip(&[("bootstrap", b"#!/bin/sh\n", 0o755), ("share/data.txt", b"x", 0o600)]);
        let code = unpack(&root, &zip).unwrap();
        assert_eq!(code.sha256, STANDARD.encode(Sha256::digest(&zip)));
        let mode = fs::metadata(code.dir.join("bootstrap")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, MODE_EXECUTABLE & 0o555);
        assert_eq!(fs::read(code.dir.join("share/data.txt")).unwrap(), b"x");
        assert_eq!(unpack(&root, &zip).unwrap(), code);
        assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
        temp_folder::remove(&root).unwrap();
    }

    #[test]
    fn what_is_no_zip_or_leads_out_of_its_folder_is_refused() {
        let root = root();
        assert_eq!(unpack(&root, b"no zip").unwrap_err().code, "InvalidParameterValueException");
        let error = unpack(&root, &zip(&[("../outside", b"x", 0o644)])).unwrap_err();
        assert!(error.message.contains("leads out of it"), "{error}");
        assert!(!root.join("../outside").exists());
        let _ = fs::remove_dir_all(root);
    }
}
