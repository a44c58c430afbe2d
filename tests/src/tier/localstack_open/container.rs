//! The open LocalStack in a container of our own image.
//!
//! It is in this machine's network. With a network of its own it would have to listen on all of the container's addresses
//! to be reached from outside, and its functions could not reach the gateway, which listens on this machine's loopback.

use crate::tier::docker::{LABEL, Run, last_logs};
use crate::tier::process_family::Family;
use anyhow::Context as _;
use rustix::process::{getgid, getuid};
use std::collections::HashMap;
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, GenericImage, ImageExt as _};

/// The name that `image` gives it.
const IMAGE: &str = "sluicegate-localstack-open";
/// Where it writes, in its container.
const FOLDER: &str = "/tmp/localstack";

/// A container of it. Dropping it removes it with all that runs there.
pub struct Container {
    container: ContainerAsync<GenericImage>,
    // Removes what is left, should the container's own drop be cut short.
    _run: Run,
}

impl Container {
    /// Starts it with no privileges and nothing writable but `/tmp`.
    pub async fn start(address: &str, family: &Family) -> anyhow::Result<Self> {
        let run = Run::of_this_process();
        let mut image = GenericImage::new(IMAGE, "latest")
            .with_network("host")
            .with_label(LABEL, run.id())
            // As this user, whose processes this user may look at.
            .with_user(format!("{}:{}", getuid().as_raw(), getgid().as_raw()))
            .with_readonly_rootfs(true)
            .with_cap_drop("ALL")
            .with_security_opt("no-new-privileges")
            // It runs until its input ends.
            .with_open_stdin(true)
            .with_env_var("HOME", FOLDER)
            .with_cmd([address, FOLDER])
            .with_host_config_modifier(|host| {
                // It becomes the leader of a process group, which a container's first process cannot.
                host.init = Some(true);
                // `exec`: functions run from here.
                host.tmpfs = Some(HashMap::from([("/tmp".into(), "exec,mode=1777".into())]));
            });
        for (name, value) in family.mark() {
            image = image.with_env_var(name, value);
        }
        let container = image.start().await.context("the open LocalStack's image does not start")?;
        Ok(Self { container, _run: run })
    }

    /// How it ended, if it did.
    pub async fn ended(&self) -> anyhow::Result<Option<String>> {
        let code = self.container.exit_code().await?;
        let is_running = self.container.is_running().await?;
        Ok((!is_running).then(|| format!("exit code {code:?}")))
    }

    /// The end of its log.
    pub fn last_log(&self) -> String {
        last_logs(self.container.id())
    }

    pub async fn remove(self) -> anyhow::Result<()> {
        self.container.rm().await.context("the open LocalStack's container is not removed")
    }
}
