//! Refuses JSON objects with duplicate keys.
//!
//! RFC 8259 does not say which one counts, and readers differ: serde keeps the last one, so the other would be stored,
//! returned, and never evaluated.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// Reads a whole text and keeps nothing of it. Errors: the text is not JSON, or an object has a key twice; the message
/// names it.
pub fn refuse_duplicates(json: &[u8]) -> Result<(), serde_json::Error> {
    serde_json::from_slice::<Distinct>(json).map(|Distinct| ())
}

/// Any value whose objects have distinct keys.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Distinct;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_str<E>(self, _: &str) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_unit<E>(self) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Distinct, A::Error> {
        while items.next_element::<Distinct>()?.is_some() {}
        Ok(Distinct)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Distinct, A::Error> {
        let mut keys = HashSet::new();
        while let Some((key, Distinct)) = members.next_entry::<String, Distinct>()? {
            if let Some(key) = keys.replace(key) {
                return Err(A::Error::custom(format_args!("duplicate key {key}")));
            }
        }
        Ok(Distinct)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_stand_once_in_each_object() {
        for distinct in [r#"{"a":{"a":1},"b":[{"a":-1.5},{"a":null}],"A":true}"#, "7", r#"["a","a"]"#] {
            assert!(refuse_duplicates(distinct.as_bytes()).is_ok(), "{distinct}");
        }
        for doubled in [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":1,"\u0061":2}]}"#, r#"[{"x":{"a":{},"a":[]}}]"#] {
            let error = refuse_duplicates(doubled.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("duplicate key a"), "{doubled}: {error}");
        }
        assert!(refuse_duplicates(b"{").is_err());
        assert!(refuse_duplicates(b"{} {}").is_err());
    }
}
