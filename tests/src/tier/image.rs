//! The emulator's image, built from this checkout and started by testcontainers.

use super::base;
use super::docker::{LABEL, Run, publish_on_this_machine};
use crate::functions::project;
use anyhow::Context as _;
use std::collections::HashMap;
use testcontainers::core::{IntoContainerPort as _, WaitFor};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, GenericImage, ImageExt as _};

/// The name of the image; its tag is the run's id.
const NAME: &str = "sluicegate-test";
/// The emulator's port in its container.
const PORT: u16 = 4566;

/// A container of the emulator. Dropping it removes it and its image.
pub struct Image {
    aws_endpoint: String,
    // Dropped in this order, because an image in use cannot be removed.
    _container: ContainerAsync<GenericImage>,
    _run: Run,
}

impl Image {
    /// Builds the image around a debug build of the emulator, and starts it as docker-compose.localstack.yml does: no privileges, nothing writable but `/tmp`.
    pub async fn start() -> anyhow::Result<Self> {
        let run = Run::of_this_process();
        // On another thread, so that the runtime still handles Ctrl-C.
        let run = tokio::task::spawn_blocking(move || {
            run.build_emulator(&project().join("Dockerfile"), &base::program()?, NAME).map(|()| run)
        })
        .await??;
        let image = GenericImage::new(NAME, run.id())
            .with_wait_for(WaitFor::healthcheck())
            .with_label(LABEL, run.id())
            .with_readonly_rootfs(true)
            .with_cap_drop("ALL")
            .with_security_opt("no-new-privileges")
            // Clients reach an engine on another machine by that machine's name.
            .with_env_var("SLUICEGATE_ALLOWED_HOSTS", engine_host())
            // A free port.
            .with_mapped_port(0, PORT.tcp())
            .with_host_config_modifier(|host| {
                publish_on_this_machine(host);
                // `exec`, because functions are run from `/tmp`.
                host.tmpfs = Some(HashMap::from([("/tmp".into(), "exec,mode=1777".into())]));
            });
        let container = image.start().await.context("the emulator's image does not start")?;
        let port = container.get_host_port_ipv4(PORT).await.context("the emulator's port is not mapped")?;
        let host = container.get_host().await.context("docker does not say where its ports are")?;
        Ok(Self { aws_endpoint: format!("http://{host}:{port}"), _container: container, _run: run })
    }

    pub fn aws_endpoint(&self) -> &str {
        &self.aws_endpoint
    }
}

/// The host of `DOCKER_HOST`, or `localhost`.
fn engine_host() -> String {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let host = host.split_once("://").filter(|(scheme, _)| *scheme != "unix").map(|(_, host)| host);
    let host = host
        .and_then(|host| host.split([':', '/']).next())
        .map(|host| host.rsplit('@').next().unwrap_or(host));
    host.filter(|host| !host.is_empty() && !host.starts_with('[')).unwrap_or("localhost").to_owned()
}
