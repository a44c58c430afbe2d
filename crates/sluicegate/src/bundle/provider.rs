//! The locked Terraform provider: installed by Terraform itself, and verified against the lock file.

use super::manifest::sha256;
use anyhow::{Context as _, bail};
use ring::digest;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of providers in a bundle, laid out as Terraform's filesystem mirrors are, unpacked.
pub const FOLDER: &str = "providers";
/// The name of Terraform's lock file.
pub const LOCK: &str = ".terraform.lock.hcl";
/// Where Terraform puts the providers of a configuration.
const INSTALLED: &str = ".terraform/providers";
/// Folders below a mirror's: host, namespace, type, version, platform.
const LEVELS: usize = 5;

/// A provider's package in a mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// `registry.terraform.io/hashicorp/aws`
    pub source: String,
    /// `5.100.0`
    pub version: String,
    /// `linux_amd64`
    pub platform: String,
    pub folder: PathBuf,
}

/// Lets Terraform install the providers that the configuration in `terraform` locks, and copies them to `mirror`.
/// Terraform takes them from the registry or a configured mirror, and rejects anything that is not in the lock file. It
/// adds a missing checksum of this platform to the copied lock file.
pub fn take_in(terraform: &Path, mirror: &Path) -> anyhow::Result<Vec<Package>> {
    let mut init = Command::new("terraform");
    init.args(["init", "-backend=false", "-input=false", "-no-color"]).current_dir(terraform);
    init.env("CHECKPOINT_DISABLE", "1").env_remove("TF_DATA_DIR");
    super::tools::run(
        &mut init,
        "terraform init",
        "install Terraform 1.11 or newer, or leave the provider out with --no-providers",
    )?;
    let data = terraform.join(INSTALLED);
    let installed = packages(&data)?;
    if installed.is_empty() {
        bail!("terraform init installed no provider in {}", data.display());
    }
    for package in &installed {
        let below = package.folder.strip_prefix(&data).unwrap_or(&package.folder);
        copy(&package.folder, &mirror.join(below))?;
    }
    std::fs::remove_dir_all(terraform.join(".terraform")).context("cannot remove Terraform's own folder")?;
    let packages = packages(mirror)?;
    for package in &packages {
        check(package, &terraform.join(LOCK))?;
    }
    Ok(packages)
}

/// The packages in a mirror; none if the folder does not exist.
pub fn packages(mirror: &Path) -> anyhow::Result<Vec<Package>> {
    let mut folders = vec![(mirror.to_owned(), Vec::<String>::new())];
    let mut packages = Vec::new();
    while let Some((folder, names)) = folders.pop() {
        if let [host, namespace, r#type, version, platform] = names.as_slice() {
            packages.push(Package {
                source: format!("{host}/{namespace}/{type}"),
                version: version.clone(),
                platform: platform.clone(),
                folder,
            });
        } else if folder.is_dir() && names.len() < LEVELS {
            for entry in
                std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
            {
                let entry = entry?;
                let name = entry
                    .file_name()
                    .into_string()
                    .ok()
                    .context("a provider's folder is not named in UTF-8")?;
                folders.push((entry.path(), names.iter().cloned().chain([name]).collect()));
            }
        }
    }
    packages.sort_by(|one, other| one.folder.cmp(&other.folder));
    Ok(packages)
}

/// Checks a package against the `h1` checksums of the lock file.
pub fn check(package: &Package, lock: &Path) -> anyhow::Result<()> {
    let found = h1(&package.folder)?;
    let text = std::fs::read_to_string(lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let file = hcl::parse(&text).with_context(|| format!("cannot read {}", lock.display()))?;
    let block = file
        .blocks()
        .find(|block| block.labels().first().is_some_and(|label| label.as_str() == package.source));
    let block = block.with_context(|| format!("{} does not lock {}", lock.display(), package.source))?;
    let attribute = |key: &str| {
        block.body().attributes().find(|attribute| attribute.key() == key).map(hcl::Attribute::expr)
    };
    if attribute("version") != Some(&hcl::Expression::from(package.version.as_str())) {
        bail!("{} does not lock {} at version {}", lock.display(), package.source, package.version);
    }
    let Some(hcl::Expression::Array(hashes)) = attribute("hashes") else {
        bail!("{} has no checksums of {}", lock.display(), package.source);
    };
    if !hashes.contains(&hcl::Expression::from(found.as_str())) {
        bail!(
            "{} {} for {} does not match {LOCK}: its checksum is {found}",
            package.source,
            package.version,
            package.platform
        );
    }
    Ok(())
}

/// Terraform's checksum of an unpacked package: the base64 SHA-256 of its file list as `sha256sum` prints it, ordered by
/// name.
fn h1(folder: &Path) -> anyhow::Result<String> {
    use base64::Engine as _;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        names.push(entry?.file_name().into_string().ok().context("a provider's file is not named in UTF-8")?);
    }
    names.sort();
    let mut list = String::new();
    for name in names {
        let path = folder.join(&name);
        let (sha256, _) = std::fs::File::open(&path)
            .and_then(sha256)
            .with_context(|| format!("cannot read {}", path.display()))?;
        list.push_str(&format!("{sha256}  {name}\n"));
    }
    let digest = digest::digest(&digest::SHA256, list.as_bytes());
    Ok(format!("h1:{}", base64::engine::general_purpose::STANDARD.encode(digest)))
}

/// Copies a package's files, following links: Terraform links packages from a local mirror.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        super::layout::copy(&entry.path(), &target)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A mirror with one package, and a lock file with its checksum, which `sha256sum * | sha256sum | xxd -r -p |
    /// base64` gives too. Named like no provider that somebody has: who looks for a mirror must not find this one.
    fn mirror() -> (tempfile::TempDir, Package, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("registry.terraform.io/example/cloud/5.100.0/linux_amd64");
        fs::create_dir_all(&below).unwrap();
        fs::write(below.join("terraform-provider-aws"), "abc").unwrap();
        fs::write(below.join("LICENSE.txt"), "").unwrap();
        let [package] = packages(folder.path()).unwrap().try_into().unwrap();
        let lock = folder.path().join(LOCK);
        let h1 = "h1:Zr6KOA0AK8qIIYu6bHR8CfW7dE8RqCQpW7pSG2/9cAA=";
        fs::write(
            &lock,
            format!("provider \"registry.terraform.io/example/cloud\" {{\n  version = \"5.100.0\"\n  hashes = [\"zh:00\", \"{h1}\"]\n}}\n"),
        )
        .unwrap();
        (folder, package, lock)
    }

    #[test]
    fn a_package_is_found_by_its_folders() {
        let (_folder, package, _) = mirror();
        assert_eq!(package.source, "registry.terraform.io/example/cloud");
        assert_eq!((package.version.as_str(), package.platform.as_str()), ("5.100.0", "linux_amd64"));
        assert_eq!(packages(Path::new("/nowhere")).unwrap(), []);
    }

    #[test]
    fn the_locked_package_is_taken() {
        let (_folder, package, lock) = mirror();
        check(&package, &lock).unwrap();
    }

    #[test]
    fn another_package_is_refused() {
        let (_folder, package, lock) = mirror();
        fs::write(package.folder.join("terraform-provider-aws"), "other").unwrap();
        let error = check(&package, &lock).unwrap_err().to_string();
        assert!(error.contains("does not match .terraform.lock.hcl"), "{error}");
    }

    #[test]
    fn another_version_is_refused() {
        let (_folder, mut package, lock) = mirror();
        package.version = "6.0.0".into();
        assert!(check(&package, &lock).unwrap_err().to_string().contains("at version 6.0.0"));
    }
}
