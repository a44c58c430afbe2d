//! Copies and writes the files of a bundle, with normalised modes, and only those that belong there.

use anyhow::{Context as _, bail};
use std::path::Path;

/// Folders of `terraform/` that are left out: tests, and Terraform's own files.
const FOLDERS_LEFT_OUT: &[&str] = &[".terraform", "examples", "tests"];
/// Extensions of the files that are copied.
const ENDINGS: &[&str] = &["tf", "tfvars", "vtl", "json", "md"];
/// A user's private tfvars, which Terraform loads by itself: they are left out.
const PRIVATE_VALUES: &[&str] = &["terraform.tfvars", "terraform.tfvars.json"];

/// Copies a Terraform configuration: sources, templates, tfvars and the root's lock file, without state, plans, tests and
/// private tfvars.
pub fn copy_terraform(from: &Path, to: &Path) -> anyhow::Result<()> {
    copy_sources(from, to)?;
    copy(&from.join(super::provider::LOCK), &to.join(super::provider::LOCK))
}

/// Copies a folder's sources, and those of the folders below it.
fn copy_sources(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry.with_context(|| format!("cannot read {}", from.display()))?;
        let name = entry.file_name().into_string().ok();
        let name = name.with_context(|| format!("{} is not named in UTF-8", entry.path().display()))?;
        let target = to.join(&name);
        if entry.path().is_dir() {
            if !FOLDERS_LEFT_OUT.contains(&name.as_str()) {
                copy_sources(&entry.path(), &target)?;
            }
        } else if belongs(&name) {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Whether a file of `terraform/` goes into a bundle.
fn belongs(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.contains(&ending) && !PRIVATE_VALUES.contains(&name) && !name.starts_with('.')
}

pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot copy {} to {}", from.display(), to.display());
    std::fs::copy(from, to).with_context(cannot)?;
    set_mode(to, is_executable(from).with_context(cannot)?)
}

pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    set_mode(path, false)
}

/// Moves a finished folder to its place. Replaces only a bundle: a mistyped path must not delete anything else.
pub fn replace(finished: &Path, place: &Path) -> anyhow::Result<()> {
    if is_occupied(place)? {
        bail!(
            "{} exists and is not a bundle: choose another folder with --out, or remove it",
            place.display()
        );
    }
    if place.exists() {
        std::fs::remove_dir_all(place).with_context(|| format!("cannot remove {}", place.display()))?;
    }
    std::fs::rename(finished, place).with_context(|| format!("cannot move the bundle to {}", place.display()))
}

/// Whether a folder holds anything that is not a bundle, whole or in part.
pub fn is_occupied(place: &Path) -> anyhow::Result<bool> {
    if !place.exists() || place.join(super::manifest::FILE).is_file() {
        return Ok(false);
    }
    let mut entries = std::fs::read_dir(place).with_context(|| format!("cannot read {}", place.display()))?;
    Ok(entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != super::FUNCTIONS)))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(path.metadata()?.permissions().mode() & 0o111 != 0)
}

/// Sets one of two modes, whatever the user's umask.
#[cfg(unix)]
pub fn set_mode(path: &Path, is_executable: bool) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = if is_executable { 0o755 } else { 0o644 };
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions)
        .with_context(|| format!("cannot set the mode of {}", path.display()))
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> std::io::Result<bool> {
    Ok(false)
}

/// Windows has no such modes.
#[cfg(not(unix))]
pub fn set_mode(_: &Path, _: bool) -> anyhow::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn state_plans_tests_and_private_values_stay_behind() {
        let [from, to] = [(), ()].map(|()| tempfile::tempdir().unwrap());
        for folder in ["modules/m/templates", "modules/m/tests", ".terraform/providers"] {
            fs::create_dir_all(from.path().join(folder)).unwrap();
        }
        for file in [
            "main.tf",
            "stack.auto.tfvars",
            ".terraform.lock.hcl",
            "modules/m/templates/a.vtl",
            "terraform.tfvars",
            "terraform.tfstate",
            "terraform.tfstate.backup",
            "plan.tfplan",
            ".env",
            "modules/m/tests/a.tftest.hcl",
            "modules/m/.terraform.lock.hcl",
            ".terraform/providers/p.json",
            "crash.log",
            ".hidden.tf",
        ] {
            fs::write(from.path().join(file), "x").unwrap();
        }
        copy_terraform(from.path(), to.path()).unwrap();
        let mut found = Vec::new();
        let mut folders = vec![to.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(to.path()).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        assert_eq!(
            found,
            [".terraform.lock.hcl", "main.tf", "modules/m/templates/a.vtl", "stack.auto.tfvars"]
        );
    }

    #[test]
    fn only_a_bundle_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [finished, place] = ["finished", "place"].map(|name| folder.path().join(name));
        let make = |text: &str| {
            fs::create_dir_all(&finished).unwrap();
            fs::write(finished.join(super::super::manifest::FILE), text).unwrap();
        };
        make("first");
        replace(&finished, &place).unwrap();
        make("second");
        replace(&finished, &place).unwrap();
        assert_eq!(fs::read_to_string(place.join("manifest.json")).unwrap(), "second");

        fs::remove_file(place.join("manifest.json")).unwrap();
        fs::write(place.join("thesis.tex"), "years of work").unwrap();
        make("third");
        assert!(replace(&finished, &place).unwrap_err().to_string().contains("is not a bundle"));
        assert!(place.join("thesis.tex").is_file());
    }
}
