//! DynamoDB: tables and items by AWS's wire API, with the emulator's identities and faults.

mod access;
mod arn;
mod backups;
mod failure;
mod key_condition;
mod store;
#[cfg(test)]
mod tests;
mod wire;

pub use wire::TARGET_PREFIX;

use crate::core::account::Account;
use crate::core::identity::Permissions;
use crate::fault_injection::Faults;
use backups::Backups;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use store::Store;

/// The account's tables. Nothing is opened before the first call.
#[derive(Clone)]
pub struct Tables {
    account: Account,
    permissions: Arc<dyn Permissions>,
    faults: Faults,
    store: Arc<Store>,
    backups: Arc<Backups>,
}

impl Tables {
    /// Tables that are kept in a folder, or in memory.
    pub fn new(
        account: Account,
        permissions: Arc<dyn Permissions>,
        faults: Faults,
        folder: Option<PathBuf>,
    ) -> Self {
        Self { account, permissions, faults, store: Arc::new(Store::new(folder)), backups: Arc::default() }
    }

    /// Every table by its name, as DescribeTable shows it.
    pub fn state(&self) -> Value {
        self.store
            .state()
            .into_iter()
            .map(|(name, table)| (name, arn::to_account(&self.account, table)))
            .collect()
    }
}
