//! The working folder of an environment. The bundle itself is never written to.

use crate::bundle::{FUNCTIONS, TERRAFORM, layout, manifest::Manifest, platform, provider};
use anyhow::{Context as _, bail};
use emulator::provision::stack::Stack;
use std::path::{Path, PathBuf};

pub const DEFAULT: &str = "default";
/// Characters of the longest environment's name.
const NAME_CHARS_MAX: usize = 32;
/// The default file of the state, in the environment's folder.
const LOCAL_BACKEND: &str = "# State on this machine. environments/NAME.backend.tf replaces this file.\n\
    terraform {\n  backend \"local\" {\n    path = \"../terraform.tfstate\"\n  }\n}\n";
/// The backend's file, in the working copy of the configuration.
const BACKEND_FILE: &str = "backend.tf";

/// An environment's working folder, ready for Terraform.
#[derive(Debug)]
pub struct Workspace {
    /// The environment's name.
    pub environment: String,
    /// The tfvars of the environment.
    pub values: Option<PathBuf>,
    /// The bundle's providers, if it has one for this machine.
    pub providers: Option<PathBuf>,
    /// Whether the environment says where its state is.
    has_backend: bool,
    folder: PathBuf,
}

impl Workspace {
    /// Verifies the bundle, and copies its configuration and functions to the environment's folder. Terraform's own
    /// files there are kept.
    pub fn prepare(
        bundle: &Path,
        environment: &str,
        environments: &Path,
        state: &Path,
    ) -> anyhow::Result<Self> {
        let values = values(environment, environments)?;
        let absolute = |path: &Path| std::path::absolute(path).context("cannot determine the current folder");
        let (bundle, environments, state) = (absolute(bundle)?, absolute(environments)?, absolute(state)?);
        let values = values.as_deref().map(absolute).transpose()?;
        let manifest = Manifest::read(&bundle)?;
        // Terraform itself checks the provider against the lock file, which is among the files checked here.
        let mut differences = manifest.differences_outside(&bundle, provider::FOLDER)?;
        if let Some(first) = differences.pop() {
            bail!("the bundle in {} does not match its manifest: {first}; rebuild it", bundle.display());
        }
        let providers =
            (manifest.providers && manifest.platform == platform()).then(|| bundle.join(provider::FOLDER));

        let folder = state.join(environment);
        make_private(&state)?;
        make_private(&folder)?;
        // State holds every value in plain text: keep it out of git.
        layout::write(&state.join(".gitignore"), "*\n")?;
        for name in [TERRAFORM, FUNCTIONS] {
            renew(&bundle.join(name), &folder.join(name))?;
        }
        let backend = environments.join(format!("{environment}.backend.tf"));
        let target = folder.join(TERRAFORM).join(BACKEND_FILE);
        let has_backend = backend.is_file();
        if has_backend {
            layout::copy(&backend, &target)?;
        } else {
            layout::write(&target, LOCAL_BACKEND)?;
        }
        Ok(Self { environment: environment.to_owned(), values, providers, has_backend, folder })
    }

    /// Fails for attributes that Terraform would silently drop, such as misspelled ones, and for errors that it would find
    /// only later. Returns the values.
    pub fn check_values(&self) -> anyhow::Result<Stack> {
        let terraform = self.terraform();
        let entries =
            std::fs::read_dir(&terraform).with_context(|| format!("cannot read {}", terraform.display()))?;
        let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|path| {
            path.to_string_lossy().ends_with(".auto.tfvars") && !path.ends_with("stack.auto.tfvars")
        });
        files.sort();
        files.extend(self.values.clone());
        Ok(Stack::define(&self.folder, &files)?)
    }

    /// What an environment of its own leaves to chance.
    pub fn warnings(&self) -> anyhow::Result<Vec<String>> {
        let (Some(values), environment) = (&self.values, &self.environment) else { return Ok(Vec::new()) };
        let text =
            std::fs::read_to_string(values).with_context(|| format!("cannot read {}", values.display()))?;
        let body = hcl::parse(&text).with_context(|| format!("{} is not valid HCL", values.display()))?;
        let mut warnings = Vec::new();
        if environment != DEFAULT && !body.attributes().any(|attribute| attribute.key() == "name") {
            warnings.push(format!(
                "{} sets no name: environment {environment} deploys under the name that stack.auto.tfvars has, as the default \
                 environment does, and in the same account and region their resources collide",
                values.display()
            ));
        }
        if environment != DEFAULT && !self.has_backend {
            warnings.push(format!(
                "environment {environment} has no {environment}.backend.tf: its state is on this machine alone, and whoever else \
                 deploys it would make a second stack"
            ));
        }
        Ok(warnings)
    }

    pub fn terraform(&self) -> PathBuf {
        self.folder.join(TERRAFORM)
    }

    /// The file of a plan that has not been applied yet.
    pub fn plan_file(&self) -> PathBuf {
        self.folder.join("plan.tfplan")
    }
}

/// The tfvars of an environment; only the default one can exist without.
pub fn values(environment: &str, environments: &Path) -> anyhow::Result<Option<PathBuf>> {
    check_name(environment)?;
    let values = environments.join(format!("{environment}.tfvars"));
    if values.is_file() {
        return Ok(Some(values));
    }
    if environment != DEFAULT {
        bail!("environment {environment} has no {}: create it and set at least `name`", values.display());
    }
    Ok(None)
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let fits = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(fits) || name.starts_with('-') {
        bail!(
            "invalid environment name {name:?}: use 1 to {NAME_CHARS_MAX} lowercase letters, digits and hyphens"
        );
    }
    Ok(())
}

/// Mirrors a folder, except for Terraform's own files (`.terraform` and `.terraform.*`).
fn renew(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in std::fs::read_dir(to).with_context(|| format!("cannot read {}", to.display()))? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name == ".terraform") {
            continue;
        }
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
    }
    copy_all(from, to)
}

fn copy_all(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            layout::copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Creates a folder that only its owner can read.
fn make_private(folder: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder).with_context(|| format!("cannot create {}", folder.display()))
}

#[cfg(test)]
mod tests;
