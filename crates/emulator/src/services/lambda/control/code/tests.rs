//! Zips that become a folder, and zips that are refused.

use super::*;
use std::io::Write as _;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn zip(entries: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content, mode) in entries {
        writer.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn root() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("code-test-{}", uuid::Uuid::new_v4()))
}

#[test]
#[cfg(unix)]
fn a_zip_becomes_a_folder_with_its_modes() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = root();
    let zip = zip(&[("bootstrap", b"#!/bin/sh\n", 0o755), ("share/data.txt", b"x", 0o600)]);
    let code = unpack(&root, "f", &zip).unwrap();
    assert_eq!(code.sha256, STANDARD.encode(Sha256::digest(&zip)));
    let mode = fs::metadata(code.dir.join("bootstrap")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, MODE_EXECUTABLE & 0o555);
    assert_eq!(fs::read(code.dir.join("share/data.txt")).unwrap(), b"x");
    let again = unpack(&root, "f", &zip).unwrap();
    assert_eq!((again.sha256 == code.sha256, again.dir == code.dir), (true, false));
    let kept = code.dir.clone();
    drop(code);
    assert_eq!(fs::read(kept.join("share/data.txt")).unwrap(), b"x");
    drop((kept, again));
    fs::remove_dir(&root).unwrap(); // nothing is left in it
}

/// A client's mistake is never a failure of the emulator, which SDKs would retry.
#[test]
fn each_kind_of_bad_zip_is_refused_by_name() {
    let root = root();
    let long = format!("{}x", "x".repeat(255));
    let with = |options: SimpleFileOptions, name: &str| {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(name, options).unwrap();
        writer.write_all(b"content of a file").unwrap();
        writer.finish().unwrap().into_inner()
    };
    let linked = {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        writer.finish().unwrap().into_inner()
    };
    let sound = with(SimpleFileOptions::default().compression_method(CompressionMethod::Stored), "bootstrap");
    // Offsets within the local header; the central one has the same values.
    let patched = |local: usize, central: usize, byte: u8| {
        let mut zip = sound.clone();
        let directory = zip.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
        zip[local] = byte;
        zip[directory + central] = byte;
        zip
    };
    let damaged = {
        let mut zip = sound.clone();
        let at = zip.windows(7).position(|bytes| bytes == b"content").unwrap();
        zip[at] ^= 1;
        zip
    };
    let one = |name: &str| zip(&[(name, b"x", 0o644)]);
    for (zip, named) in [
        (b"no zip".to_vec(), "Could not unzip"),
        (Vec::new(), "Could not unzip"),
        (ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap().into_inner(), "non-empty"),
        (sound[..sound.len() / 2].to_vec(), "Could not unzip"),
        (zip(&[("a", b"x", 0o644), ("a/b", b"x", 0o644)]), "a is a file and a folder"),
        (zip(&[("a/b", b"x", 0o644), ("a", b"x", 0o644)]), "a is a file and a folder"),
        (one(&long), "more than 255 bytes"),
        (one(&"x/".repeat(2_000)), "more than 3072 bytes"),
        (one("../outside"), "leads out"),
        (one("a/../../outside"), "leads out"),
        (one("/etc/passwd"), "leads out"),
        (one("a\0b"), "leads out"),
        (linked, "symbolic link"),
        (patched(6, 8, 1), "Could not unzip"),   // encrypted
        (patched(8, 10, 99), "Could not unzip"), // a compression that is none
        (damaged, "Could not unzip"),
    ] {
        let error = unpack(&root, "f", &zip).unwrap_err();
        assert_eq!(error.code, "InvalidParameterValueException", "{named}: {error}");
        assert!(error.message.contains(named), "{named}: {error}");
    }
    assert!(!root.join("../outside").exists());
    assert!(!root.is_dir() || fs::read_dir(&root).unwrap().next().is_none(), "something was left behind");
    let _ = fs::remove_dir_all(root);
}

/// As on AWS, a function without a bootstrap fails when it starts.
#[test]
fn what_is_a_sound_zip_is_unpacked_whatever_is_in_it() {
    let root = root();
    for names in [
        &["readme"][..],
        &["bootstrap/"],
        &["Bootstrap", "bootstrap"],
        &["bootstrap", "./a//b", "gr\u{f6}\u{df}e", "a\\b"],
    ] {
        let entries: Vec<_> = names.iter().map(|name| (*name, &b""[..], 0o644)).collect();
        assert!(unpack(&root, "f", &zip(&entries)).is_ok(), "{names:?}");
    }
    fs::remove_dir_all(root).unwrap();
}
