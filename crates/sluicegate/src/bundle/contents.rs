//! The parts of a bundle, in the order in which they are made.

use super::architecture::Architecture;
use super::build::Build;
use super::manifest::{About, Manifest};
use super::tools::{self, Rustc};
use super::{FUNCTIONS, PROGRAMS, TERRAFORM, layout, platform, provider, sbom};
use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// The values that the bundle adds to the configuration. Terraform reads tfvars in the order of their names, so this one
/// wins.
const VALUES: &str = "zz-bundle.auto.tfvars";
/// Beside the zips: the CPU architecture that they were built for. Terraform refuses to plan with another.
const ARCHITECTURE: &str = "architecture";
const README: &str = include_str!("README.bundle.md");
/// Licence texts that are part of the bundle.
const LICENSES: &[&str] = &["LICENSE", "LICENSE-APACHE", "LICENSE-MIT"];

#[derive(Debug)]
pub struct Contents<'a> {
    pub project: &'a Path,
    /// Values that override the project's tfvars.
    pub var_files: &'a [PathBuf],
    pub build: &'a Build,
    pub rustc: &'a Rustc,
    pub architecture: Architecture,
    pub keys: &'a [String],
}

impl Contents<'_> {
    /// Builds the functions and lays out their zips.
    pub fn functions(&self, staged: &Path) -> anyhow::Result<()> {
        eprintln!(
            "building {} for {} (the first build takes minutes)",
            self.keys.join(", "),
            self.architecture.name()
        );
        for (key, zip) in self.build.functions(self.keys, self.architecture)? {
            layout::write(&staged.join(FUNCTIONS).join(format!("{key}.zip")), zip)?;
        }
        let architecture = format!("{}\n", self.architecture.name());
        layout::write(&staged.join(FUNCTIONS).join(ARCHITECTURE), architecture)
    }

    /// Lays out everything, the manifest last. Steps that can fail within seconds come first: a missing provider must not
    /// be found only after minutes of building.
    pub fn all(
        &self,
        staged: &Path,
        commit: Option<tools::Commit>,
        with_providers: bool,
    ) -> anyhow::Result<Manifest> {
        self.configuration(&staged.join(TERRAFORM))?;
        layout::write(&staged.join("README.md"), README)?;
        for license in LICENSES {
            layout::copy(&self.project.join(license), &staged.join(license))?;
        }
        let providers = if with_providers {
            eprintln!("adding the locked Terraform provider");
            provider::take_in(&staged.join(TERRAFORM), &staged.join(provider::FOLDER))?
        } else {
            Vec::new()
        };
        self.functions(staged)?;
        self.program(&staged.join(PROGRAMS))?;
        layout::write(&staged.join(sbom::FILE), self.bill(&providers)?)?;
        let about = About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            modified: commit.as_ref().is_some_and(|commit| commit.modified),
            commit: commit.map(|commit| commit.id),
            architecture: self.architecture,
            platform: platform(),
            providers: !providers.is_empty(),
            tools: tools::versions(self.project, self.rustc, !providers.is_empty())?,
        };
        let manifest = Manifest::of(staged, about)?;
        manifest.write(staged)?;
        Ok(manifest)
    }

    /// The Terraform configuration with the bundle's own values.
    fn configuration(&self, terraform: &Path) -> anyhow::Result<()> {
        layout::copy_terraform(&self.project.join(TERRAFORM), terraform)?;
        for (index, file) in self.var_files.iter().enumerate() {
            layout::copy(file, &terraform.join(format!("yy-values-{index:02}.auto.tfvars")))?;
        }
        layout::write(&terraform.join(VALUES), values(self.architecture))
    }

    /// This program, for the machine that deploys.
    fn program(&self, folder: &Path) -> anyhow::Result<()> {
        eprintln!("building sluicegate for {}", self.rustc.host);
        let built = self.build.program(&self.rustc.host)?;
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let program = folder.join(format!("{}{}", env!("CARGO_PKG_NAME"), std::env::consts::EXE_SUFFIX));
        layout::copy(&built, &program)?;
        layout::set_mode(&program, true)
    }

    /// The bill of materials, as a file's text.
    fn bill(&self, providers: &[provider::Package]) -> anyhow::Result<String> {
        let lock = self.project.join("Cargo.lock");
        let lock =
            std::fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
        let on_lambda = tools::metadata(self.project, self.architecture.target())?;
        let on_host = tools::metadata(self.project, &self.rustc.host)?;
        let mut binaries: Vec<_> = self.keys.iter().map(|key| (key.as_str(), &on_lambda)).collect();
        binaries.push((env!("CARGO_PKG_NAME"), &on_host));
        let providers: Vec<_> =
            providers.iter().map(|package| (package.source.clone(), package.version.clone())).collect();
        let scope = sbom::Scope {
            version: env!("CARGO_PKG_VERSION"),
            binaries: &binaries,
            lock: &lock,
            rustc: &self.rustc.release,
            providers: &providers,
        };
        let mut text = serde_json::to_string_pretty(&sbom::bill(&scope)?)?;
        text.push('\n');
        Ok(text)
    }
}

/// The bundle's tfvars: where the functions are, and their architecture.
fn values(architecture: Architecture) -> String {
    format!(
        "# Written by `sluicegate bundle`: where the functions are, and their architecture.\n\
         bundle       = \"../{FUNCTIONS}\"\narchitecture = \"{}\"\n",
        architecture.name()
    )
}
