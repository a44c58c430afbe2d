//! `sluicegate bundle`: builds everything a deployment needs into one folder; the same commit gives the same bytes.

pub mod architecture;
mod build;
mod contents;
mod elf;
mod environment;
pub mod layout;
pub mod manifest;
pub mod provider;
mod remap;
mod sbom;
pub mod tools;
mod verify;

use crate::project;
use crate::stack::environment_values;
use anyhow::{Context as _, bail};
use architecture::Architecture;
use build::Build;
use contents::Contents;
use emulator::provision::stack::Stack;
use std::path::{Path, PathBuf};

/// The folder of the functions' zips, in a bundle.
pub const FUNCTIONS: &str = "functions";
/// The folder of the Terraform configuration, in a bundle.
pub const TERRAFORM: &str = "terraform";
/// The folder of this program, in a bundle.
pub const PROGRAMS: &str = "bin";
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Output folder; an existing bundle in it is replaced
    #[arg(long, default_value = "dist", value_name = "DIR")]
    out: PathBuf,
    /// CPU architecture of the functions [default: `architecture` in the tfvars]
    #[arg(long, value_enum)]
    architecture: Option<Architecture>,
    /// Override values of terraform/stack.auto.tfvars with those of a tfvars file, also in the bundle (repeatable)
    #[arg(long = "var-file", value_name = "FILE")]
    var_files: Vec<PathBuf>,
    /// Build what this environment deploys: the functions, authorizer and architecture of environments/NAME.tfvars, whose values
    /// stay out of the bundle [default: those of the tfvars in terraform/]
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Folder of the environments' tfvars
    #[arg(long, default_value = "environments", value_name = "DIR")]
    environments: PathBuf,
    /// Leave out the Terraform provider (700 MB); `terraform init` then downloads it
    #[arg(long)]
    no_providers: bool,
    /// Build and zip only the functions, for `terraform apply` in the repository
    #[arg(long)]
    functions_only: bool,
    /// Build nothing; verify the bundle in DIR against its manifest, and its provider against Terraform's lock file
    #[arg(long, value_name = "DIR", exclusive = true)]
    verify: Option<PathBuf>,
    /// Project folder [default: the current folder or its nearest parent that is a project]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(folder) = &args.verify {
        let manifest = verify::verify(folder)?;
        println!("{}  {} files verified", manifest.sha256, manifest.files.len());
        return Ok(());
    }
    // The compiler only remaps absolute paths.
    let project = project::find(args.project.as_deref())?;
    let project = project.canonicalize().with_context(|| format!("cannot read {}", project.display()))?;
    let out = std::path::absolute(&args.out).context("cannot determine the current folder")?;
    if layout::is_occupied(&out)? {
        bail!("{} exists and is not a bundle: choose another folder with --out, or remove it", out.display());
    }
    let environment =
        args.env.as_deref().map(|name| environment_values(name, &args.environments)).transpose()?;
    let values: Vec<_> = args.var_files.iter().cloned().chain(environment.flatten()).collect();
    let stack = Stack::define(&project, &values)?;
    let architecture = match args.architecture {
        Some(architecture) => architecture,
        None => Architecture::from_tfvars(&stack.architecture)
            .with_context(|| format!("architecture must be x86_64 or arm64, not {}", stack.architecture))?,
    };
    let keys: Vec<_> = stack.packages().into_iter().collect();
    if stack.functions.is_empty() {
        bail!("the tfvars define no function: add one to `functions` in terraform/stack.auto.tfvars");
    }

    // A tool that is missing must not be found out after minutes of building.
    tools::check_cargo_lambda(&project)?;
    if !args.functions_only && !args.no_providers {
        tools::terraform(&project)?;
    }
    // Checked before the build, so that build output does not count as a modification.
    let commit = tools::commit(&project);
    let rustc = tools::rustc(&project)?;
    let build = Build::new(&project, &rustc)?;
    let var_files = &args.var_files;
    let contents =
        Contents { project: &project, var_files, build: &build, rustc: &rustc, architecture, keys: &keys };
    let staged = staging(&out)?;
    if args.functions_only {
        contents.functions(&staged)?;
    } else {
        let manifest = contents.all(&staged, commit, !args.no_providers)?;
        println!("{}  {}", manifest.sha256, args.out.display());
    }
    layout::replace(&staged, &out)
}

/// An empty folder beside the output folder, so that an unfinished bundle is never mistaken for a bundle.
fn staging(out: &Path) -> anyhow::Result<PathBuf> {
    let name =
        out.file_name().with_context(|| format!("{} cannot be used as a bundle folder", out.display()))?;
    let staged = out.with_file_name(format!(".{}.partial", name.to_string_lossy()));
    if staged.exists() {
        std::fs::remove_dir_all(&staged).with_context(|| format!("cannot remove {}", staged.display()))?;
    }
    std::fs::create_dir_all(&staged).with_context(|| format!("cannot create {}", staged.display()))?;
    Ok(staged)
}

/// This machine's platform as Terraform names it.
pub fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        system => system,
    };
    let cpu = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        cpu => cpu,
    };
    format!("{system}_{cpu}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Each folder under `functions/` is a key of `functions` in the tfvars, or one of the two functions of handshakes,
    /// which are packed for the tfvars that name them. A bundle has a zip for each, and no other.
    #[test]
    fn folders_under_functions_are_what_the_tfvars_name() {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let stack = Stack::read(&project, &[]).unwrap();
        assert_eq!(stack.packages(), stack.functions.keys().cloned().collect());
        let guarded = Stack::read(&project, &[project.join("examples/jwt/stack.tfvars")]).unwrap();
        let entries = std::fs::read_dir(project.join("functions")).unwrap().map(Result::unwrap);
        let folders: BTreeSet<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        assert_eq!(folders, guarded.packages());
    }

    #[test]
    fn a_platform_has_terraforms_name() {
        let known = ["linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"];
        assert!(known.contains(&platform().as_str()), "{}", platform());
    }
}
