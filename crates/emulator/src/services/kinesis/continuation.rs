//! Where a subscription goes on: a sequence number that belongs to no record. Pure.

use super::store::types::{SeqObj, sequence};
use serde_json::{Value, json};

/// The byte between place and time in a sequence number that stands for no record; theirs have 00.
const BEHIND_RECORD: &str = "01";

/// docs/aws-behaviour.md#kinesis-continuation: behind a record and before whatever comes next, so that neither `AT` nor
/// `AFTER` repeats or loses one.
pub(super) fn continuation(through: &str) -> Value {
    let after = sequence::parse_sequence(through)
        .map(|parsed| sequence::stringify_sequence(&SeqObj { byte1: Some(BEHIND_RECORD.into()), ..parsed }));
    after.map_or_else(|_| json!(through), Value::String)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::kinesis::routes::Routes;
    use crate::services::kinesis::sample::{shard, stream};
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        /// docs/aws-behaviour.md#kinesis-continuation: whatever the clock does, it lies behind its record and before
        /// the next, and is its own continuation.
        #[test]
        fn a_continuation_lies_between_two_records(times in prop::collection::vec(0..4_000_000_000_000_u64, 2..20)) {
            let mut routes = Routes::of(&stream(vec![shard(0, 0, u128::MAX)]), &HashMap::new());
            let mut last: Option<String> = None;
            for now_ms in times {
                let next = routes.route(0).unwrap().take(now_ms);
                if let Some(last) = last {
                    let between = continuation(&last);
                    let between = between.as_str().unwrap();
                    prop_assert!(*last < *between && *between < *next, "{last} {between} {next}");
                    prop_assert_eq!(continuation(between), json!(between));
                }
                last = Some(next);
            }
        }
    }
}
