//! Where event source mappings stand, in a data folder if there is one.

use super::Storage;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// What a mapping begins with.
const BEGIN: &str = "begin";

/// Keeps where each mapping stands in each shard; without a data folder it keeps nothing.
#[derive(Clone, Default)]
pub struct Checkpoints {
    storage: Option<Storage>,
}

/// Where a mapping stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The tails of the moment it was created.
    pub latest: HashMap<i64, Arc<str>>,
    /// Where each shard stands: `None` is its beginning.
    pub checkpoints: HashMap<i64, Option<Arc<str>>>,
}

#[derive(Serialize, Deserialize)]
struct Begin {
    starting_position: String,
    latest: HashMap<i64, String>,
}

impl Checkpoints {
    /// Keeps them in a data folder.
    pub fn new(storage: Option<Storage>) -> Self {
        Self { storage }
    }

    /// Where a mapping stands that is kept; one that is new, or starts elsewhere than it did, stands at `latest`.
    pub fn begin(&self, mapping: &str, starting_position: &str, latest: HashMap<i64, Arc<str>>) -> Standing {
        let Some(storage) = &self.storage else { return Standing { latest, ..Standing::default() } };
        let mut kept = storage.below(&prefix(mapping));
        let begun = kept.remove(BEGIN).and_then(|text| serde_json::from_str::<Begin>(&text).ok());
        if let Some(begun) = begun.filter(|begun| begun.starting_position == starting_position) {
            let checkpoint = |(shard, through): (String, String)| {
                let through = Some(through).filter(|through| !through.is_empty());
                Some((shard.parse().ok()?, through.map(Arc::from)))
            };
            return Standing {
                latest: begun.latest.into_iter().map(|(shard, tail)| (shard, tail.into())).collect(),
                checkpoints: kept.into_iter().filter_map(checkpoint).collect(),
            };
        }
        self.forget(mapping);
        let begin = Begin {
            starting_position: starting_position.into(),
            latest: latest.iter().map(|(shard, tail)| (*shard, tail.to_string())).collect(),
        };
        self.set(mapping, BEGIN, &serde_json::to_string(&begin).unwrap_or_default());
        Standing { latest, ..Standing::default() }
    }

    /// Everything in a shard up to `through` is done; `None`: nothing.
    pub fn save(&self, mapping: &str, shard: i64, through: Option<&str>) {
        self.set(mapping, &shard.to_string(), through.unwrap_or_default());
    }

    /// The mapping is gone.
    pub fn forget(&self, mapping: &str) {
        let Some(storage) = &self.storage else { return };
        if let Err(error) = storage.unset_below(&prefix(mapping)) {
            tracing::warn!(mapping, %error, "failed to forget where the mapping stands");
        }
    }

    fn set(&self, mapping: &str, what: &str, value: &str) {
        let Some(storage) = &self.storage else { return };
        if let Err(error) = storage.set(&format!("{}{what}", prefix(mapping)), value) {
            tracing::warn!(mapping, %error, "failed to keep where the mapping stands");
        }
    }
}

/// A mapping's documents stand below this.
fn prefix(mapping: &str) -> String {
    format!("mapping/{mapping}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sequence_number: &str) -> HashMap<i64, Arc<str>> {
        HashMap::from([(0, sequence_number.into())])
    }

    #[tokio::test]
    async fn a_mapping_goes_on_where_it_stood_and_a_replaced_one_starts_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (storage, _) = Storage::open(folder.path()).unwrap();
        let checkpoints = Checkpoints::new(Some(storage.clone()));
        assert_eq!(checkpoints.begin("f a", "Latest", at("5")).latest, at("5"));
        checkpoints.save("f a", 0, Some("7"));
        checkpoints.save("f a", 1, None);
        checkpoints.save("f b", 0, Some("9"));
        storage.close();

        let (storage, _) = Storage::open(folder.path()).unwrap();
        let checkpoints = Checkpoints::new(Some(storage));
        let kept = checkpoints.begin("f a", "Latest", at("8"));
        let expected = HashMap::from([(0, Some("7".into())), (1, None)]);
        assert_eq!(kept, Standing { latest: at("5"), checkpoints: expected });
        let moved = checkpoints.begin("f a", "TrimHorizon", HashMap::new());
        assert_eq!(moved, Standing::default());
        checkpoints.save("f a", 0, Some("9"));
        checkpoints.forget("f a");
        assert_eq!(checkpoints.begin("f a", "TrimHorizon", HashMap::new()), Standing::default());
    }
}
