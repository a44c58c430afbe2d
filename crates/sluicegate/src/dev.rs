//! `sluicegate dev`: builds the functions, runs the emulator, and swaps a function when its source changes.

use crate::emulator_args::{EmulatorArgs, greet};
use crate::functions::{self, Built};
use crate::project;
use crate::stop::StopSignals;
use anyhow::{Context as _, bail};
use emulator::Emulator;
use emulator::package::{Packing, package};
use emulator::provision::stack::Stack;
use emulator::provision::{self, Composed};
use notify::{RecursiveMode, Watcher as _};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::bytes::Bytes;

/// Milliseconds without a further change before a build begins: an editor writes a file in several steps.
const SETTLE_MS: u64 = 200;
const UNWATCHED: &str = "stopped watching the project's files: restart `dev`";

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    emulator: EmulatorArgs,
    /// Override values of terraform/stack.auto.tfvars with those of a tfvars file (repeatable)
    #[arg(long = "var-file", value_name = "FILE")]
    var_files: Vec<PathBuf>,
    /// Project folder [default: the current folder or its nearest parent that is a project]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

/// Runs until Ctrl-C, SIGTERM or SIGHUP.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut signals = StopSignals::listen()?;
    args.emulator.install_log()?;
    let project = project::find(args.project.as_deref())?;
    let stack = Stack::read(&project, &args.var_files)?;
    let listener = args.emulator.listen().await?;
    let mut changes = watch(&project)?;

    let keys: Vec<_> = stack.packages().into_iter().collect();
    let begin = async {
        let built = first_build(&project, &keys, &mut changes).await?;
        Ok::<_, anyhow::Error>((args.emulator.start(listener, true).await?, built))
    };
    let (emulator, built) = tokio::select! {
        begun = begin => begun?,
        () = signals.next() => return Ok(()),
    };
    let result = tokio::select! {
        result = serve(&project, &stack, &keys, &mut changes, &emulator, built) => result,
        () = signals.next() => Ok(()),
    };
    signals.stop(&emulator).await.and(result)
}

/// Creates the stack and rebuilds on changes. Returns only on error.
async fn serve(
    project: &Path,
    stack: &Stack,
    keys: &[String],
    changes: &mut mpsc::Receiver<Change>,
    emulator: &Emulator,
    mut built: Vec<Built>,
) -> anyhow::Result<()> {
    let mut zips = BTreeMap::new();
    for built in &built {
        zips.insert(built.key.clone(), zip(built).await?);
    }
    let composed = provision::compose(emulator, stack, &zips).await;
    let composed = composed.context("cannot create the stack in the emulator")?;
    drop(zips);
    greet(&greeting(emulator, stack, &composed));
    follow(project, keys, changes, emulator, &composed, &mut built).await
}

/// Builds after each change and updates the functions that changed. Returns only on error.
async fn follow(
    project: &Path,
    keys: &[String],
    changes: &mut mpsc::Receiver<Change>,
    emulator: &Emulator,
    composed: &Composed,
    built: &mut Vec<Built>,
) -> anyhow::Result<()> {
    while let Some(change) = changes.recv().await {
        settle(changes).await;
        if change == Change::Definition {
            eprintln!("terraform/ changed: restart `dev` to apply it");
            continue;
        }
        match functions::build(project, keys).await {
            Ok(fresh) => swap(emulator, composed, built, fresh).await?,
            Err(error) => eprintln!("error: {error:#}; still serving the previous version"),
        }
    }
    bail!(UNWATCHED)
}

/// Builds until it succeeds.
async fn first_build(
    project: &Path,
    keys: &[String],
    changes: &mut mpsc::Receiver<Change>,
) -> anyhow::Result<Vec<Built>> {
    eprintln!("building {} (the first build takes minutes)", keys.join(", "));
    loop {
        match functions::build(project, keys).await {
            Ok(built) => return Ok(built),
            Err(error) => {
                eprintln!("error: {error:#}; waiting for a change before trying again (Ctrl-C to quit)");
            }
        }
        if changes.recv().await.is_none() {
            bail!(UNWATCHED);
        }
        settle(changes).await;
    }
}

async fn zip(built: &Built) -> anyhow::Result<Bytes> {
    let binary = tokio::fs::read(&built.binary).await;
    let binary = binary.with_context(|| format!("cannot read {}", built.binary.display()))?;
    Ok(package(&binary, Packing::Stored).context("cannot pack the function")?.into())
}

/// Updates every function whose binary the build changed.
async fn swap(
    emulator: &Emulator,
    composed: &Composed,
    built: &mut Vec<Built>,
    fresh: Vec<Built>,
) -> anyhow::Result<()> {
    for (old, new) in built.iter().zip(&fresh) {
        if old.modified == new.modified {
            continue;
        }
        if let Some(name) = composed.functions.get(&new.key) {
            provision::update_code(emulator, name, &zip(new).await?).await?;
            eprintln!("swapped {}", new.key);
        }
    }
    *built = fresh;
    Ok(())
}

fn greeting(emulator: &Emulator, stack: &Stack, composed: &Composed) -> String {
    let port = emulator.address().port();
    let uri = format!("ws://127.0.0.1:{port}/{}", stack.stage);
    let functions: Vec<_> = composed.functions.values().map(String::as_str).collect();
    format!(
        "\n  WebSocket    {uri}\n  \
         AWS APIs     AWS_ENDPOINT_URL=http://127.0.0.1:{port} AWS_REGION={}\n  \
         Stream       {}\n  \
         Functions    {}\n  \
         API          {}\n\n  \
         Press Ctrl-C to stop. In another terminal:\n  \
         cargo run -- connect {uri}\n",
        emulator.account().region(),
        stack.stream_name(),
        functions.join(", "),
        composed.api_id
    )
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// A function's source, or a library's.
    Source,
    /// The stack's definition.
    Definition,
}

/// Watches the folders of the functions and of their definition.
fn watch(project: &Path) -> anyhow::Result<mpsc::Receiver<Change>> {
    let (sender, receiver) = mpsc::channel(1);
    let terraform = project.join("terraform");
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if !(event.kind.is_create() || event.kind.is_modify() || event.kind.is_remove()) {
            return;
        }
        let is = |endings: &[&str]| {
            let ends = |path: &PathBuf| {
                path.extension().is_some_and(|end| endings.iter().any(|ending| end == *ending))
            };
            event.paths.iter().any(ends)
        };
        let is_definition = event.paths.iter().any(|path| path.starts_with(&terraform));
        let change = if is_definition && is(&["tfvars", "vtl"]) {
            Change::Definition
        } else if !is_definition && is(&["rs", "toml"]) {
            Change::Source
        } else {
            return;
        };
        // Another change is pending; the build that follows it includes this one.
        let _ = sender.try_send(change);
    })
    .context("cannot watch the project's files")?;
    for folder in ["functions", "examples", "crates/stream-function", "terraform"] {
        let folder = project.join(folder);
        if folder.is_dir() {
            watcher
                .watch(&folder, RecursiveMode::Recursive)
                .with_context(|| format!("cannot watch {}", folder.display()))?;
        }
    }
    // Dropping it would stop the watch.
    std::mem::forget(watcher);
    Ok(receiver)
}

/// Waits until changes stop arriving.
async fn settle(changes: &mut mpsc::Receiver<Change>) {
    while let Ok(Some(_)) = tokio::time::timeout(Duration::from_millis(SETTLE_MS), changes.recv()).await {}
}
