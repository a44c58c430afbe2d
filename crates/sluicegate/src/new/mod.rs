//! `sluicegate new`: a function that builds, passes its test and answers on the next `dev`.

use crate::project;
use anyhow::{Context as _, bail, ensure};
use hcl_edit::Span as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Names that a crate cannot have, or that would shadow a built-in crate.
const RESERVED: [&str; 12] =
    ["alloc", "as", "async", "await", "core", "crate", "dyn", "fn", "loop", "proc-macro", "std", "test"];
/// Characters of a key in the tfvars, at most: `terraform/variables.tf` has the reason.
const NAME_CHARS_MAX: usize = 28;

const MANIFEST: &str = include_str!("Cargo.toml.in");
const SOURCE: &str = include_str!("main.rs.in");

#[derive(clap::Args)]
pub struct Args {
    /// Name of the function: its folder, crate, binary, zip and key in the tfvars
    name: String,
    /// Route that it serves: the `action` of its messages [default: NAME]
    #[arg(long)]
    route: Option<String>,
    /// Project folder [default: the current folder or its nearest parent that is a project]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

/// Writes the function's files and its entry.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let project = project::find(args.project.as_deref())?;
    let name = &args.name;
    check_name(name)?;
    let folder = project.join("functions").join(name);
    ensure!(!folder.exists(), "{} already exists: choose another name, or remove it", folder.display());
    let route = args.route.as_deref().unwrap_or(name);
    ensure!(
        !route.starts_with('$') && !route.is_empty(),
        "a route must not be empty or begin with $: choose another with --route"
    );

    let tfvars = project.join("terraform/stack.auto.tfvars");
    let values = fs::read_to_string(&tfvars).with_context(|| format!("cannot read {}", tfvars.display()))?;
    let values =
        with_entry(&values, name, route).with_context(|| format!("cannot add to {}", tfvars.display()))?;
    write(&folder.join("Cargo.toml"), &fill(MANIFEST, name))?;
    write(&folder.join("src/main.rs"), &fill(SOURCE, name))?;
    write(&tfvars, &values)?;
    println!("created functions/{name} on route \"{route}\"; `cargo run -- dev` builds and runs it");
    println!("  test it    cargo test -p {name}");
    println!("  try it     {{\"action\":\"{route}\",\"text\":\"hi\"}} in `cargo run -- connect`");
    Ok(())
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let is_well_formed = name.len() <= NAME_CHARS_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    ensure!(
        is_well_formed,
        "invalid function name \"{name}\": use 1 to {NAME_CHARS_MAX} lowercase letters, digits and hyphens, a letter first"
    );
    ensure!(!RESERVED.contains(&name), "\"{name}\" is a reserved name: choose another");
    Ok(())
}

/// Adds an entry to `functions`; everything else, including comments, stays as it is.
fn with_entry(values: &str, name: &str, route: &str) -> anyhow::Result<String> {
    let body: hcl_edit::structure::Body = values.parse().context("it is not valid HCL")?;
    let functions = body.get_attribute("functions").context("it has no `functions = { … }`")?;
    let Some(object) = functions.value.as_object() else { bail!("its `functions` is not an object") };
    let taken = object.iter().any(|(key, _)| key.as_ident().is_some_and(|key| key.as_str() == name));
    ensure!(!taken, "it already has a function \"{name}\"");
    let end = functions.value.span().context("cannot locate `functions`")?.end;
    // The span ends after the closing brace.
    let (before, after) = values.split_at(end - 1);
    let newline = if before.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{before}{newline}  {name} = {{\n    routes = [{route:?}]\n  }}\n{after}"))
}

/// A file's template, with the function's name filled in.
fn fill(template: &str, name: &str) -> String {
    template.replace("IDENT", &name.replace('-', "_")).replace("NAME", name)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_added_and_everything_else_stays() {
        let before = "# kept\nfunctions = {\n  echo = { batch_size = 16 } # kept too\n}\nname = \"x\"\n";
        let after = with_entry(before, "chat", "chat").unwrap();
        assert_eq!(
            after,
            "# kept\nfunctions = {\n  echo = { batch_size = 16 } # kept too\n  chat = {\n    routes = [\"chat\"]\n  }\n}\nname = \"x\"\n",
        );
        assert!(with_entry(&after, "chat", "chat").is_err());
    }

    #[test]
    fn names_that_cargo_or_terraform_would_refuse_are_refused() {
        for name in ["", "Chat", "1st", "under_score", "a b", "std", "x".repeat(29).as_str()] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_name("chat-room2").is_ok());
    }
}
