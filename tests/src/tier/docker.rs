//! The Docker engine: a check whether it answers, building an image, and removing a run's containers by their label.

use anyhow::{Context as _, bail};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use testcontainers::bollard::models::HostConfig;

/// The label of everything that one run starts, including the containers that LocalStack starts. Its value is the run's id.
pub const LABEL: &str = "sluicegate.test-run";

/// Whether an engine answers.
pub fn engine() -> Result<(), String> {
    let output = Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]).output();
    let output = output.map_err(|error| format!("cannot run docker: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().next_back().unwrap_or("it said nothing").trim().to_owned())
}

/// Publishes a container's ports on an address that only this machine reaches: loopback, or the gateway of Docker's bridge
/// if the tests run in a container themselves, because testcontainers looks for ports there. Neither address reaches an
/// engine on another machine (`DOCKER_HOST`), so its setting is not changed.
pub fn publish_on_this_machine(host: &mut HostConfig) {
    let is_remote = |engine: String| !engine.is_empty() && !engine.starts_with("unix://");
    if std::env::var("DOCKER_HOST").is_ok_and(is_remote) {
        return;
    }
    let in_container = Path::new("/.dockerenv").exists();
    let address = in_container.then(bridge_gateway).flatten().unwrap_or_else(|| "127.0.0.1".into());
    for binding in host.port_bindings.iter_mut().flat_map(|ports| ports.values_mut()).flatten().flatten() {
        binding.host_ip = Some(address.clone());
    }
}

/// Whether the engine is in this process's network, so that a container in the engine's network is too.
pub fn shares_network() -> Result<(), String> {
    let gateway = bridge_gateway().ok_or("the Docker engine has no bridge")?;
    // Only a process in the engine's network can listen on its address.
    TcpListener::bind((&*gateway, 0)).map(drop).map_err(|error| {
        format!("the Docker engine has another network than this process ({gateway}: {error})")
    })
}

/// The engine's address on its default network, if it has one.
fn bridge_gateway() -> Option<String> {
    const GATEWAY: &str = "{{range .IPAM.Config}}{{println .Gateway}}{{end}}";
    let output = Command::new("docker").args(["network", "inspect", "bridge", "--format", GATEWAY]).output();
    let said = String::from_utf8(output.ok()?.stdout).ok()?;
    said.lines().map(str::trim).find(|line| !line.is_empty()).map(Into::into)
}

/// One run's containers and image. Dropping it removes them and their volumes, including those that other containers
/// started.
#[derive(Debug)]
pub struct Run {
    id: String,
}

impl Run {
    pub fn of_this_process() -> Self {
        Self { id: std::process::id().to_string() }
    }

    /// The value of the label.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Builds the Dockerfile's stage `emulator` around a binary. The build's context is the binary alone.
    pub fn build_emulator(&self, dockerfile: &Path, binary: &Path, name: &str) -> anyhow::Result<()> {
        let context = tempfile::tempdir().context("cannot make a folder for the build")?;
        std::fs::copy(binary, context.path().join("sluicegate"))
            .context("cannot copy the emulator's binary")?;
        let mut docker = Command::new("docker");
        docker.args(["build", "--quiet", "--force-rm", "--target", "emulator"]);
        docker.args([
            "--build-arg",
            "EMULATOR_BINARY=sluicegate",
            "--label",
            &format!("{LABEL}={}", self.id),
        ]);
        docker.args(["--tag", &format!("{name}:{}", self.id), "--file"]).arg(dockerfile).arg(context.path());
        let output = docker.output().context("cannot run docker")?;
        if !output.status.success() {
            bail!("docker cannot build the emulator's image:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// The ids that `docker ARGUMENTS --quiet --filter label=…` lists.
    fn labelled(&self, arguments: &[&str]) -> Vec<String> {
        let filter = format!("label={LABEL}={}", self.id);
        let output = Command::new("docker").args(arguments).args(["--quiet", "--filter", &filter]).output();
        let output = output.map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&output).split_whitespace().map(Into::into).collect()
    }

    fn remove(command: &[&str], ids: &[String]) {
        if ids.is_empty() {
            return;
        }
        let removed = Command::new("docker").args(command).args(ids).stdout(Stdio::null()).status();
        if !removed.is_ok_and(|status| status.success()) {
            eprintln!("not removed: {} (docker {})", ids.join(" "), command.join(" "));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        Self::remove(&["rm", "--force", "--volumes"], &self.labelled(&["ps", "--all"]));
        Self::remove(&["image", "rm", "--force"], &self.labelled(&["image", "ls"]));
    }
}

/// The last lines of a container's log, for errors.
pub fn last_logs(id: &str) -> String {
    let output = Command::new("docker").args(["logs", "--tail", "40", id]).output();
    output.map_or_else(
        |error| format!("no logs: {error}"),
        |output| {
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat()
        },
    )
}
