//! The tables themselves: dynoxide on SQLite, which no other file names.

use super::failure::Failure;
use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The file in the data folder.
const FILE: &str = "dynamodb.sqlite";
/// Expired items are deleted so often, at most, and with a call. AWS takes some days for it.
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// Markers that dynoxide puts before an error of a request's form.
const VALIDATION_MARKERS: [&str; 3] = ["VALIDATION_REQUEST:", "VALIDATION_AS_READ:", "VALIDATION:"];
const SERIALIZATION_MARKERS: [&str; 2] = ["SERIALIZATION_AS_READ:", "SERIALIZATION:"];

pub(super) struct Store {
    folder: Option<PathBuf>,
    database: OnceLock<Database>,
    opening: Mutex<()>,
    swept: Mutex<Instant>,
}

/// The operations that are answered by the database alone, by name.
macro_rules! operations {
    ($($name:literal => $method:ident,)*) => {
        pub(super) const OPERATIONS: &[&str] = &[$($name),*];

        fn call(database: &Database, operation: &str, input: Value) -> Result<Value, Failure> {
            match operation {
                $($name => answer(input, |request| database.$method(request)),)*
                _ => Err(Failure::unsupported(operation)),
            }
        }
    };
}

operations! {
    "BatchGetItem" => batch_get_item,
    "BatchWriteItem" => batch_write_item,
    "CreateTable" => create_table,
    "DeleteItem" => delete_item,
    "DeleteTable" => delete_table,
    "DescribeTable" => describe_table,
    "DescribeTimeToLive" => describe_time_to_live,
    "GetItem" => get_item,
    "ListTables" => list_tables,
    "ListTagsOfResource" => list_tags_of_resource,
    "PutItem" => put_item,
    "Query" => query,
    "Scan" => scan,
    "TagResource" => tag_resource,
    "TransactGetItems" => transact_get_items,
    "TransactWriteItems" => transact_write_items,
    "UntagResource" => untag_resource,
    "UpdateItem" => update_item,
    "UpdateTable" => update_table,
    "UpdateTimeToLive" => update_time_to_live,
}

impl Store {
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            database: OnceLock::new(),
            opening: Mutex::default(),
            swept: Mutex::new(Instant::now()),
        }
    }

    /// Answers one of [`OPERATIONS`]. It blocks for as long as SQLite takes.
    pub fn call(&self, operation: &str, input: Value) -> Result<Value, Failure> {
        let database = self.database()?;
        self.sweep(database);
        call(database, operation, input)
    }

    /// The partition key's attribute of a table or of an index; nothing if there is no such.
    pub fn partition_key(&self, table: &str, index: Option<&str>) -> Option<String> {
        let table = self.database().ok()?.get_table_metadata(table).ok()??;
        let Some(index) = index else { return hash_key(&serde_json::from_str(&table.key_schema).ok()?) };
        let of_index = |definitions: Option<String>| {
            let definitions: Value = serde_json::from_str(&definitions?).ok()?;
            let found = definitions.as_array()?.iter().find(|found| found["IndexName"] == index)?;
            hash_key(&found["KeySchema"])
        };
        of_index(table.gsi_definitions).or_else(|| of_index(table.lsi_definitions))
    }

    /// Every table's description by its name; none where nothing was ever asked for.
    pub fn state(&self) -> BTreeMap<String, Value> {
        let Some(database) = self.database.get() else { return BTreeMap::new() };
        let tables = database.database_info().map(|info| info.tables).unwrap_or_default();
        let describe = |name: String| {
            let described = call(database, "DescribeTable", json!({"TableName": name})).ok()?;
            Some((name, described["Table"].clone()))
        };
        tables.into_iter().filter_map(|table| describe(table.metadata?.table_name)).collect()
    }

    fn database(&self) -> Result<&Database, Failure> {
        if let Some(database) = self.database.get() {
            return Ok(database);
        }
        let _opening = self.opening.lock();
        if let Some(database) = self.database.get() {
            return Ok(database);
        }
        let opened = match &self.folder {
            None => Database::memory(),
            Some(folder) => Database::new(&folder.join(FILE).to_string_lossy()),
        };
        let database =
            opened.map_err(|error| Failure::internal(&format!("cannot open the tables: {error}")))?;
        Ok(self.database.get_or_init(|| database))
    }

    fn sweep(&self, database: &Database) {
        let mut swept = self.swept.lock();
        if swept.elapsed() < SWEEP_EVERY {
            return;
        }
        *swept = Instant::now();
        drop(swept);
        match database.sweep_ttl() {
            Ok(0) => {}
            Ok(items) => tracing::debug!(items, "deleted expired items"),
            Err(error) => tracing::warn!(%error, "failed to delete expired items"),
        }
    }
}

fn hash_key(key_schema: &Value) -> Option<String> {
    let hash = key_schema.as_array()?.iter().find(|element| element["KeyType"] == "HASH")?;
    hash["AttributeName"].as_str().map(str::to_owned)
}

fn answer<Q: DeserializeOwned, A: Serialize>(
    input: Value,
    call: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<Value, Failure> {
    let request = serde_json::from_value(input).map_err(|error| malformed(&error.to_string()))?;
    let answer = call(request).map_err(|error| Failure {
        status: StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        body: error.to_json(),
    })?;
    serde_json::to_value(answer).map_err(|error| Failure::internal(&error))
}

fn malformed(message: &str) -> Failure {
    let marked = |markers: &[&str]| markers.iter().find_map(|marker| message.strip_prefix(marker));
    match marked(&VALIDATION_MARKERS) {
        Some(message) => Failure::validation(message),
        None => Failure::serialization(marked(&SERIALIZATION_MARKERS).unwrap_or(message)),
    }
}
