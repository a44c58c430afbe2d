//! An empty emulator in this process, and the functions' zips beside it.

use anyhow::Context as _;
use emulator::core::account::Account;
use emulator::{Emulator, EmulatorOptions};
use serde_json::Value;
use sluicegate_tests::functions::packages;
use std::path::Path;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// An emulator on a free port, with the runtime that it runs on.
pub struct Served {
    pub emulator: Emulator,
    /// Runs it, and what talks to it.
    pub runtime: Runtime,
}

impl Served {
    pub fn start() -> anyhow::Result<Self> {
        Self::start_in(Account::default())
    }

    pub fn start_in(account: Account) -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let emulator = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            Emulator::start(listener, EmulatorOptions { account, ..EmulatorOptions::default() }).await
        })?;
        Ok(Self { emulator, runtime })
    }

    /// What `/_sluicegate/state` shows.
    pub fn state(&self) -> Value {
        self.runtime.block_on(self.emulator.state())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.runtime.block_on(self.emulator.stop());
    }
}

pub fn write_packages(folder: &Path) -> anyhow::Result<()> {
    for (key, zip) in packages() {
        let path = folder.join(format!("{key}.zip"));
        std::fs::write(&path, zip).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
