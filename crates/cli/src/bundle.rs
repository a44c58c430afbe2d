//! `sluicegate bundle`: lays out all that a deployment needs in one folder, the same bytes from the same commit.

pub mod architecture;
mod build;
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
use anyhow::{Context as _, bail};
use architecture::Architecture;
use build::Build;
use local::stack::Stack;
use manifest::{About, Manifest};
use std::path::{Path, PathBuf};
use tools::Rustc;

/// The folder of the functions' zips, in a bundle.
pub const FUNCTIONS: &str = "functions";
/// The folder of the Terraform configuration, in a bundle.
pub const TERRAFORM: &str = "terraform";
/// The folder of this program, in a bundle.
pub const PROGRAMS: &str = "bin";
/// The values that the bundle adds to the configuration. Terraform reads such files in the order of their names,
/// and this one last.
const VALUES: &str = "zz-bundle.auto.tfvars";
/// What tells a user of the bundle how to deploy it.
const README: &str = include_str!("bundle/README.bundle.md");
/// Licence texts that travel with the bundle.
const LICENSES: &[&str] = &["LICENSE", "LICENSE-APACHE", "LICENSE-MIT"];

/// Arguments of `bundle`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the bundle; the bundle that it held is replaced
    #[arg(long, default_value = "dist", value_name = "DIR")]
    out: PathBuf,
    /// CPU architecture of the functions, in place of the one that the tfvars name
    #[arg(long, value_enum)]
    architecture: Option<Architecture>,
    /// A tfvars file whose values replace those of terraform/stack.auto.tfvars, in the bundle too; may be given again
    #[arg(long = "var-file", value_name = "FILE")]
    var_files: Vec<PathBuf>,
    /// Leave the Terraform provider out: 700 MB less, and `terraform init` downloads it
    #[arg(long)]
    no_providers: bool,
    /// Build and pack the functions alone, for `terraform apply` in the repository
    #[arg(long)]
    functions_only: bool,
    /// Check the bundle in DIR against its manifest, and its provider against Terraform's lock file; build nothing
    #[arg(long, value_name = "DIR", exclusive = true)]
    verify: Option<PathBuf>,
    /// The project's folder; by default the one around the working folder
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

/// Makes a bundle, or checks one.
///
/// # Errors
/// Where the project, a tool or a file is not as it must be, or a checked bundle is not as it was made.
pub fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(folder) = &args.verify {
        let manifest = verify::verify(folder)?;
        println!("{}  {} files, as they were made", manifest.sha256, manifest.files.len());
        return Ok(());
    }
    // Relative paths would be remapped as they stand, and so not at all.
    let project = project::find(args.project.as_deref())?;
    let project = project.canonicalize().with_context(|| format!("cannot read {}", project.display()))?;
    let out = std::path::absolute(&args.out).context("cannot tell the working folder")?;
    if layout::is_occupied(&out)? {
        bail!(
            "{} holds something that is no bundle: name another folder with --out, or remove it",
            out.display()
        );
    }
    let stack = Stack::read(&project, &args.var_files)?;
    let architecture = match args.architecture {
        Some(architecture) => architecture,
        None => Architecture::from_tfvars(&stack.architecture)
            .with_context(|| format!("architecture must be x86_64 or arm64, not {}", stack.architecture))?,
    };
    let keys: Vec<_> = stack.functions.keys().cloned().collect();
    if keys.is_empty() {
        bail!("the tfvars name no function: add one to `functions` in terraform/stack.auto.tfvars");
    }

    let rustc = tools::rustc(&project)?;
    let build = Build::new(&project, &rustc)?;
    eprintln!("building {} for {} (the first time takes minutes)", keys.join(", "), architecture.name());
    let zips = build.functions(&keys, architecture)?;
    let staged = staging(&out)?;
    for (key, zip) in &zips {
        layout::write(&staged.join(FUNCTIONS).join(format!("{key}.zip")), zip)?;
    }
    if !args.functions_only {
        let manifest = complete(args, &project, &staged, &build, &rustc, architecture, &keys)?;
        println!("{}  {}", manifest.sha256, args.out.display());
    }
    layout::replace(&staged, &out)
}

/// An empty folder beside the bundle's: what is unfinished is never taken for a bundle.
fn staging(out: &Path) -> anyhow::Result<PathBuf> {
    let name = out.file_name().with_context(|| format!("{} cannot be a bundle's folder", out.display()))?;
    let staged = out.with_file_name(format!(".{}.partial", name.to_string_lossy()));
    if staged.exists() {
        std::fs::remove_dir_all(&staged).with_context(|| format!("cannot remove {}", staged.display()))?;
    }
    std::fs::create_dir_all(&staged).with_context(|| format!("cannot make {}", staged.display()))?;
    Ok(staged)
}

/// Adds everything that is not a function.
fn complete(
    args: &Args,
    project: &Path,
    staged: &Path,
    build: &Build,
    rustc: &Rustc,
    architecture: Architecture,
    keys: &[String],
) -> anyhow::Result<Manifest> {
    let terraform = staged.join(TERRAFORM);
    layout::copy_terraform(&project.join(TERRAFORM), &terraform)?;
    for (index, file) in args.var_files.iter().enumerate() {
        layout::copy(file, &terraform.join(format!("yy-values-{index:02}.auto.tfvars")))?;
    }
    layout::write(&terraform.join(VALUES), values(architecture))?;
    layout::write(&staged.join("README.md"), README)?;
    for license in LICENSES {
        layout::copy(&project.join(license), &staged.join(license))?;
    }

    eprintln!("building the bundle's own program for {}", rustc.host);
    let program =
        staged.join(PROGRAMS).join(format!("{}{}", env!("CARGO_BIN_NAME"), std::env::consts::EXE_SUFFIX));
    std::fs::create_dir_all(staged.join(PROGRAMS)).context("cannot make the folder of programs")?;
    layout::copy(&build.program(&rustc.host)?, &program)?;
    layout::set_mode(&program, true)?;

    let providers = if args.no_providers {
        Vec::new()
    } else {
        eprintln!("taking in the locked Terraform provider");
        provider::take_in(&terraform, &staged.join(provider::FOLDER))?
    };
    let sbom = bill(project, rustc, architecture, keys, &providers)?;
    layout::write(&staged.join(sbom::FILE), sbom)?;

    let (commit, modified) = commit(project);
    let about = About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit,
        modified,
        architecture,
        platform: platform(),
        providers: !providers.is_empty(),
        tools: tools::versions(project, rustc, !providers.is_empty())?,
    };
    let manifest = Manifest::of(staged, about)?;
    manifest.write(staged)?;
    Ok(manifest)
}

/// What the bundle says to Terraform: where its functions lie, and what they were built for.
fn values(architecture: Architecture) -> String {
    format!(
        "# Written with the bundle: where its functions lie, and what they were built for.\n\
         bundle       = \"../{FUNCTIONS}\"\narchitecture = \"{}\"\n",
        architecture.name()
    )
}

/// The bill of materials, as a file's text.
fn bill(
    project: &Path,
    rustc: &Rustc,
    architecture: Architecture,
    keys: &[String],
    providers: &[provider::Package],
) -> anyhow::Result<String> {
    let lock = project.join("Cargo.lock");
    let lock = std::fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let on_lambda = tools::metadata(project, architecture.target())?;
    let on_host = tools::metadata(project, &rustc.host)?;
    let mut binaries: Vec<_> = keys.iter().map(|key| (key.as_str(), &on_lambda)).collect();
    binaries.push((env!("CARGO_PKG_NAME"), &on_host));
    let providers: Vec<_> =
        providers.iter().map(|package| (package.source.clone(), package.version.clone())).collect();
    let scope = sbom::Scope {
        version: env!("CARGO_PKG_VERSION"),
        binaries: &binaries,
        lock: &lock,
        rustc: &rustc.release,
        providers: &providers,
    };
    let mut text = serde_json::to_string_pretty(&sbom::bill(&scope)?)?;
    text.push('\n');
    Ok(text)
}

/// The commit that is checked out, and whether files differ from it; none outside of a git repository.
fn commit(project: &Path) -> (Option<String>, bool) {
    let git = |args: &[&str]| tools::output(tools::isolated("git", project).args(args), "git", "").ok();
    let commit = git(&["rev-parse", "HEAD"]).map(|text| text.trim().to_owned());
    let modified =
        commit.is_some() && git(&["status", "--porcelain"]).is_none_or(|text| !text.trim().is_empty());
    (commit, modified)
}

/// This machine, in Terraform's words.
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
