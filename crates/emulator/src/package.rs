//! A function's zip as a pure function of its binary: one entry with a fixed time and mode.

use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The file that an OS-only runtime starts.
pub const BOOTSTRAP: &str = "bootstrap";

/// How the binary is stored in the zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Small, for upload.
    Deflated,
    /// Fast, when it is unpacked on the same machine at once.
    Stored,
}

/// Packs a binary as `bootstrap`. Fails only if the zip would exceed its format's limits, such as a binary over 4 GB.
pub fn package(binary: &[u8], packing: Packing) -> Result<Vec<u8>, zip::result::ZipError> {
    let method = match packing {
        Packing::Deflated => CompressionMethod::Deflated,
        Packing::Stored => CompressionMethod::Stored,
    };
    let options = SimpleFileOptions::default()
        .compression_method(method)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(binary.len())));
    zip.start_file(BOOTSTRAP, options)?;
    zip.write_all(binary)?;
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_the_same_whenever_it_is_made() {
        for packing in [Packing::Deflated, Packing::Stored] {
            let package = || package(b"\x7fELF and more", packing).unwrap();
            assert_eq!(package(), package());
            let mut zip = zip::ZipArchive::new(Cursor::new(package())).unwrap();
            let entry = zip.by_index(0).unwrap();
            assert_eq!((entry.name(), entry.unix_mode()), (BOOTSTRAP, Some(0o100_755)));
            assert_eq!(entry.last_modified(), Some(DateTime::default()));
        }
    }
}
