//! Verifies a bundle: its files against its manifest, its provider against Terraform's lock file.

use super::manifest::Manifest;
use super::{TERRAFORM, provider};
use anyhow::bail;
use std::path::Path;

/// Differences to print, at most.
const DIFFERENCES_SHOWN: usize = 20;

/// Verifies the bundle in `folder`. The manifest is not signed: compare its `sha256` with the one that the release
/// published.
pub fn verify(folder: &Path) -> anyhow::Result<Manifest> {
    let manifest = Manifest::read(folder)?;
    let differences = manifest.differences(folder)?;
    if !differences.is_empty() {
        let more = differences.len().saturating_sub(DIFFERENCES_SHOWN);
        let mut text = differences[..differences.len() - more].join("\n  ");
        if more > 0 {
            text.push_str(&format!("\n  and {more} more"));
        }
        bail!("{} does not match its manifest:\n  {text}", folder.display());
    }
    let packages = provider::packages(&folder.join(provider::FOLDER))?;
    if manifest.providers && packages.is_empty() {
        bail!("{} has no provider, but its manifest lists one", folder.display());
    }
    for package in &packages {
        provider::check(package, &folder.join(TERRAFORM).join(provider::LOCK))?;
    }
    Ok(manifest)
}
