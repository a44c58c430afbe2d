//! What a manifest notices.

use super::*;
use std::fs;

fn about() -> About {
    About {
        version: "1.2.3".into(),
        commit: Some("abc".into()),
        modified: false,
        architecture: Architecture::Arm64,
        platform: "linux_amd64".into(),
        providers: false,
        tools: [("rustc".to_owned(), "1".to_owned())].into(),
    }
}

fn bundle() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("functions")).unwrap();
    fs::write(folder.path().join("functions/echo.zip"), "zip").unwrap();
    fs::write(folder.path().join("README.md"), "read me").unwrap();
    Manifest::of(folder.path(), about()).unwrap().write(folder.path()).unwrap();
    folder
}

fn differences(folder: &Path) -> Vec<String> {
    Manifest::read(folder).unwrap().differences(folder).unwrap()
}

#[test]
fn a_fresh_bundle_is_as_its_manifest_says() {
    assert_eq!(differences(bundle().path()), Vec::<String>::new());
}

#[test]
fn two_bundles_of_the_same_files_have_the_same_manifest() {
    let [one, other] = [bundle(), bundle()].map(|folder| fs::read(folder.path().join(FILE)).unwrap());
    assert_eq!(one, other);
}

#[test]
fn what_was_altered_added_or_removed_is_named() {
    let folder = bundle();
    let path = folder.path();
    fs::write(path.join("functions/echo.zip"), "zap").unwrap();
    fs::write(path.join("added"), "").unwrap();
    fs::remove_file(path.join("README.md")).unwrap();
    let found = differences(path);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0], "README.md is missing");
    assert_eq!(found[1], "added is not in the manifest");
    assert!(found[2].starts_with("functions/echo.zip was modified: "), "{found:?}");
}

#[test]
#[cfg(unix)]
fn a_mode_that_changed_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = bundle();
    fs::set_permissions(folder.path().join("README.md"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(differences(folder.path()), ["README.md has a different size or mode than in the manifest"]);
}

#[test]
#[cfg(unix)]
fn a_link_is_refused() {
    let folder = bundle();
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link")).unwrap();
    let error = Manifest::read(folder.path()).unwrap().differences(folder.path()).unwrap_err();
    assert_eq!(error.to_string(), "link is neither a file nor a folder: a bundle must not contain links");
}

#[test]
fn a_manifest_whose_list_was_altered_is_noticed() {
    let folder = bundle();
    let mut manifest = Manifest::read(folder.path()).unwrap();
    fs::write(folder.path().join("README.md"), "altered").unwrap();
    let altered = list(folder.path(), None).unwrap();
    manifest.files = altered;
    manifest.write(folder.path()).unwrap();
    assert_eq!(
        differences(folder.path()),
        ["manifest.json was modified: its own sha256 does not match its files"]
    );
}

#[test]
fn the_whole_is_the_sha256_of_what_sha256sum_prints() {
    let file = |bytes: &[u8]| {
        let (sha256, bytes) = sha256(bytes).unwrap();
        File { bytes, sha256, executable: false }
    };
    let files = [("b".to_owned(), file(b"")), ("a".to_owned(), file(b"abc"))].into();
    let list = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n\
                e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n";
    assert_eq!(whole(&files), sha256(list.as_bytes()).unwrap().0);
}

#[test]
fn a_folder_that_is_skipped_may_differ() {
    let folder = bundle();
    let path = folder.path();
    fs::write(path.join("functions/echo.zip"), "zap").unwrap();
    let manifest = Manifest::read(path).unwrap();
    assert_eq!(manifest.differences_outside(path, "functions").unwrap(), Vec::<String>::new());
    assert_eq!(manifest.differences_outside(path, "terraform").unwrap().len(), 1);
}

#[test]
fn a_folder_without_a_manifest_is_no_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let error = Manifest::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("is not a bundle") && error.contains("sluicegate bundle"), "{error}");
}
