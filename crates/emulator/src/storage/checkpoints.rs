//! The positions of event source mappings, in a data folder if there is one.

use super::Storage;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Prefix of the keys of mappings' documents.
const MAPPING: &str = "mapping/";
/// Name of the document with a mapping's starting position.
const BEGIN: &str = "begin";

/// Stores the position of each mapping in each shard; without a data folder it stores nothing.
#[derive(Clone, Default)]
pub struct Checkpoints {
    storage: Option<Storage>,
}

/// The positions of a mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The tails when the mapping was created.
    pub latest: HashMap<i64, Arc<str>>,
    /// The position in each shard; `None` is the shard's beginning.
    pub checkpoints: HashMap<i64, Option<Arc<str>>>,
}

#[derive(Serialize, Deserialize)]
struct Begin {
    starting_position: String,
    latest: HashMap<i64, String>,
}

impl Checkpoints {
    /// Finds a mapping's document that cannot be read, so that no mapping silently starts anew. Errors: the document's
    /// key, and the problem.
    pub fn check(documents: &BTreeMap<String, String>) -> Result<(), (String, String)> {
        for (key, value) in documents.range(MAPPING.to_owned()..) {
            let Some(rest) = key.strip_prefix(MAPPING) else { break };
            let what = rest.rsplit('/').next().unwrap_or_default();
            let problem = if what == BEGIN {
                serde_json::from_str::<Begin>(value).err().map(|error| error.to_string())
            } else {
                what.parse::<i64>().err().map(|_| "it does not name a shard".to_owned())
            };
            if let Some(problem) = problem {
                return Err((key.clone(), problem));
            }
        }
        Ok(())
    }

    /// Stores them in a data folder, if there is one.
    pub fn new(storage: Option<Storage>) -> Self {
        Self { storage }
    }

    /// The stored positions of a mapping. A mapping that is new, or starts elsewhere than before, is at `latest`.
    pub fn begin(&self, mapping: &str, starting_position: &str, latest: HashMap<i64, Arc<str>>) -> Standing {
        let Some(storage) = &self.storage else { return Standing { latest, ..Standing::default() } };
        let mut kept = own(storage, mapping);
        let begun = kept.remove(BEGIN).and_then(|text| serde_json::from_str::<Begin>(&text).ok());
        // The starting position was lost with a damaged frame. The mapping continues from its checkpoints, and reads
        // shards without a checkpoint from the beginning: a record may come twice, but none is skipped.
        let begun = begun.or_else(|| {
            (!kept.is_empty()).then(|| {
                tracing::warn!(
                    mapping,
                    "the mapping's starting position is lost; it continues from its checkpoints"
                );
                Begin { starting_position: starting_position.into(), latest: HashMap::new() }
            })
        });
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

    /// Everything in a shard up to `through` is done; `None`: nothing is.
    pub fn save(&self, mapping: &str, shard: i64, through: Option<&str>) {
        self.set(mapping, &shard.to_string(), through.unwrap_or_default());
    }

    pub fn forget(&self, mapping: &str) {
        let Some(storage) = &self.storage else { return };
        let keys: Vec<_> =
            own(storage, mapping).keys().map(|what| format!("{}{what}", prefix(mapping))).collect();
        if let Err(error) = storage.unset(&keys) {
            tracing::warn!(mapping, %error, "failed to delete the mapping's positions");
        }
    }

    fn set(&self, mapping: &str, what: &str, value: &str) {
        let Some(storage) = &self.storage else { return };
        if let Err(error) = storage.set(&format!("{}{what}", prefix(mapping)), value) {
            tracing::warn!(mapping, %error, "failed to store the mapping's position");
        }
    }
}

/// Prefix of the keys of a mapping's documents.
fn prefix(mapping: &str) -> String {
    format!("{MAPPING}{mapping}/")
}

/// Keys of a mapping's documents. The name of a mapping of a stream is a prefix of the name of one of the stream's
/// consumer, which has its own documents.
fn own(storage: &Storage, mapping: &str) -> BTreeMap<String, String> {
    let mut documents = storage.below(&prefix(mapping));
    documents.retain(|what, _| !what.contains('/'));
    documents
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

    #[tokio::test]
    async fn a_mapping_on_a_stream_and_one_on_its_consumer_are_two() {
        let folder = tempfile::tempdir().unwrap();
        let (storage, _) = Storage::open(folder.path()).unwrap();
        let checkpoints = Checkpoints::new(Some(storage));
        checkpoints.begin("f stream/s/consumer/c:1", "Latest", at("5"));
        checkpoints.save("f stream/s/consumer/c:1", 0, Some("7"));
        assert_eq!(checkpoints.begin("f stream/s", "Latest", at("8")).latest, at("8"));
        checkpoints.forget("f stream/s");
        let kept = checkpoints.begin("f stream/s/consumer/c:1", "Latest", at("9"));
        assert_eq!(kept.checkpoints, HashMap::from([(0, Some("7".into()))]));
    }

    /// Issue 16, C2: a mapping at LATEST would skip everything that was not handed over.
    #[tokio::test]
    async fn a_mapping_whose_beginning_is_lost_goes_on_from_its_checkpoints() {
        let folder = tempfile::tempdir().unwrap();
        let (storage, _) = Storage::open(folder.path()).unwrap();
        let checkpoints = Checkpoints::new(Some(storage.clone()));
        checkpoints.begin("f a", "Latest", at("5"));
        checkpoints.save("f a", 0, Some("7"));
        storage.unset(&["mapping/f a/begin".into()]).unwrap();
        let kept = checkpoints.begin("f a", "Latest", at("9"));
        assert_eq!(
            kept,
            Standing { latest: HashMap::new(), checkpoints: HashMap::from([(0, Some("7".into()))]) }
        );
    }

    #[test]
    fn a_document_that_cannot_be_read_is_named() {
        let begin = r#"{"starting_position":"Latest","latest":{"0":"5"}}"#;
        for (key, value, is_right) in [
            ("mapping/f a/consumer/c:1/begin", begin, true),
            ("mapping/f a/0", "7", true),
            ("mapping/f a/begin", "{}", false),
            ("mapping/f a/first", "7", false),
            ("stream/s", "no concern of mappings", true),
        ] {
            let checked = Checkpoints::check(&BTreeMap::from([(key.to_owned(), value.to_owned())]));
            assert_eq!(
                checked.map_err(|(named, _)| named),
                if is_right { Ok(()) } else { Err(key.to_owned()) }
            );
        }
    }
}
