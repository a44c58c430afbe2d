//! Everything specific to LocalStack: its image, settings, health page and functions' containers.
//!
//! It is written from LocalStack's documentation and archived source: the licensed image has never been run here.
//! `docker-compose.localstack.yml` has the same settings for manual use; a test compares the two.

use super::choice::TOKEN;
use super::docker::{LABEL, Run, last_logs, publish_on_this_machine};
use super::health;
use anyhow::{Context as _, bail};
use std::env;
use std::time::Duration;
use testcontainers::core::{IntoContainerPort as _, Mount};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, GenericImage, ImageExt as _};
use tokio::time::{Instant, sleep};

/// The licensed image. Images since March 2026 need a token; the last free one (4.14) has no WebSocket APIs.
const IMAGE: &str = "localstack/localstack";
/// The newest tag in a public listing; neither the tag nor its digest has been checked.
const TAG: &str = "2026.6.1";
/// The gateway's port. It must have the same number for clients on the host and functions in containers, because
/// LocalStack builds addresses from it.
const PORT: u16 = 4566;
/// Ports of services with their own port; WebSocket APIs were still among them in March 2026.
const SERVICE_PORTS: std::ops::RangeInclusive<u16> = 4510..=4559;
/// Its health page.
const HEALTH: &str = "/_localstack/health";
/// The engine's socket. LocalStack needs it to start a container for each function.
const SOCKET: &str = "/var/run/docker.sock";
/// Settings that the flow needs, in addition to the token and the label of functions' containers.
const SETTINGS: &[(&str, &str)] = &[
    // Without a valid licence, LocalStack stops instead of starting without the services that the flow needs.
    ("ACTIVATE_PRO", "1"),
    // The default is 500 ms for each call that changes a stream. Without it, consumers register faster too.
    ("KINESIS_LATENCY", "0"),
    // Seconds until a function's container must have started; the default of 20 is short for a busy machine.
    ("LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT", "60"),
];
/// Longest wait until LocalStack is healthy, once its image has been pulled.
const START_MAX: Duration = Duration::from_secs(180);
/// Interval between two health checks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A container of LocalStack. Dropping it removes it and its functions' containers.
pub struct LocalStack {
    aws_endpoint: String,
    // Dropped in this order, so that LocalStack does not start functions while they are being removed.
    _container: ContainerAsync<GenericImage>,
    _run: Run,
}

impl LocalStack {
    /// Starts LocalStack; pulls its image first if necessary.
    pub async fn start() -> anyhow::Result<Self> {
        let token = env::var(TOKEN).with_context(|| format!("{TOKEN} is not set"))?;
        let run = Run::of_this_process();
        let socket = env::var("DOCKER_SOCK").unwrap_or_else(|_| SOCKET.into());
        let mut image = GenericImage::new(IMAGE, TAG)
            .with_mapped_port(PORT, PORT.tcp())
            .with_host_config_modifier(publish_on_this_machine)
            .with_label(LABEL, run.id())
            .with_env_var(TOKEN, token)
            .with_env_var("LAMBDA_DOCKER_FLAGS", format!("-l {LABEL}={}", run.id()))
            .with_mount(Mount::bind_mount(socket, SOCKET));
        for (name, value) in SETTINGS {
            image = image.with_env_var(*name, *value);
        }
        for port in SERVICE_PORTS {
            image = image.with_mapped_port(port, port.tcp());
        }
        let container = image.start().await.context("LocalStack does not start")?;
        let host =
            format!("{}:{PORT}", container.get_host().await.context("docker does not say where ports are")?);
        let end = Instant::now() + START_MAX;
        while !health::is_healthy(&host, HEALTH).await {
            if !container.is_running().await.unwrap_or(false) {
                bail!(
                    "LocalStack stopped (exit status 55 means that it rejected the licence):\n{}",
                    last_logs(container.id())
                );
            }
            if Instant::now() > end {
                bail!("LocalStack is not healthy within {START_MAX:?}:\n{}", last_logs(container.id()));
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(Self { aws_endpoint: format!("http://{host}"), _container: container, _run: run })
    }

    pub fn aws_endpoint(&self) -> &str {
        &self.aws_endpoint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_tests_start_the_same_localstack() {
        let path = crate::functions::project().join("docker-compose.localstack.yml");
        let compose = std::fs::read_to_string(path).unwrap();
        let lines: Vec<_> = compose.lines().map(str::trim).collect();
        let mut expected = vec![
            format!("image: {IMAGE}:{TAG}"),
            format!("- 127.0.0.1:{PORT}:{PORT}"),
            format!("- 127.0.0.1:{0}-{1}:{0}-{1}", SERVICE_PORTS.start(), SERVICE_PORTS.end()),
            format!("- ${{DOCKER_SOCK:-{SOCKET}}}:{SOCKET}"),
        ];
        expected.extend(SETTINGS.iter().map(|(name, value)| format!("{name}: \"{value}\"")));
        for line in expected {
            assert!(
                lines.iter().any(|found| *found == line),
                "docker-compose.localstack.yml has no line `{line}`"
            );
        }
        assert!(compose.contains(HEALTH) && compose.contains(TOKEN));
    }
}
