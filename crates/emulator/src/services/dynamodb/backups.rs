//! Point-in-time recovery: a setting that is kept and read back. There is nothing to restore from.

use super::failure::Failure;
use crate::protocol::time;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Days that AWS keeps, where nothing else is asked for.
const PERIOD_DAYS: u64 = 35;

/// The tables that have it, each with its period in days.
#[derive(Debug, Default)]
pub(super) struct Backups(Mutex<BTreeMap<String, (u64, SystemTime)>>);

impl Backups {
    pub fn describe(&self, table: &str) -> Value {
        let recovery = match self.0.lock().get(table) {
            None => json!({"PointInTimeRecoveryStatus": "DISABLED"}),
            Some((days, since)) => json!({
                "PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": days,
                "EarliestRestorableDateTime": seconds(*since), "LatestRestorableDateTime": seconds(SystemTime::now()),
            }),
        };
        json!({"ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery,
        }})
    }

    pub fn update(&self, table: &str, request: &Value) -> Result<Value, Failure> {
        let specification = &request["PointInTimeRecoverySpecification"];
        let Some(enabled) = specification["PointInTimeRecoveryEnabled"].as_bool() else {
            return Err(Failure::validation(
                "PointInTimeRecoverySpecification must have PointInTimeRecoveryEnabled",
            ));
        };
        let days = specification["RecoveryPeriodInDays"].as_u64().unwrap_or(PERIOD_DAYS);
        if !(1..=PERIOD_DAYS).contains(&days) {
            return Err(Failure::validation(&format!(
                "RecoveryPeriodInDays must be between 1 and {PERIOD_DAYS}"
            )));
        }
        let mut tables = self.0.lock();
        if enabled {
            tables.entry(table.to_owned()).or_insert((days, SystemTime::now())).0 = days;
        } else {
            tables.remove(table);
        }
        drop(tables);
        Ok(self.describe(table))
    }

    /// A table is gone, and one of the same name begins anew.
    pub fn forget(&self, table: &str) {
        self.0.lock().remove(table);
    }
}

fn seconds(at: SystemTime) -> f64 {
    time::epoch_milliseconds(at) as f64 / 1_000.0
}
