//! Pages of lists, and their tokens, which are opaque to callers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The last name of the previous page, in a token.
const AFTER: &str = "After";

/// A token that is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongToken;

/// A token that has all that is needed to go on.
pub fn token(document: &Value) -> String {
    URL_SAFE_NO_PAD.encode(document.to_string())
}

/// What a token of ours says.
pub fn read_token(token: &str) -> Result<Value, WrongToken> {
    let document = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    document.filter(Value::is_object).ok_or(WrongToken)
}

/// One page of a list sorted by name, and the token of the next one if there is one.
pub fn page<'a, T>(
    items: impl Iterator<Item = (&'a String, T)>,
    of_previous: Option<&str>,
    limit: usize,
) -> Result<(Vec<T>, Option<String>), WrongToken> {
    let previous = of_previous.map(read_token).transpose()?;
    let after = match &previous {
        Some(previous) => Some(previous[AFTER].as_str().ok_or(WrongToken)?),
        None => None,
    };
    let mut items =
        items.skip_while(|(name, _)| after.is_some_and(|after| name.as_str() <= after)).peekable();
    let mut page = Vec::new();
    let mut last = None;
    while page.len() < limit
        && let Some((name, item)) = items.next()
    {
        last = Some(name);
        page.push(item);
    }
    let next = items.peek().and(last).map(|last| token(&json!({AFTER: last})));
    Ok((page, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn tokens_lead_through_every_item_once() {
        let items: BTreeMap<String, u32> = (0..7).map(|n| (format!("name-{n}"), n)).collect();
        let mut seen = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let (found, next) = page(items.iter(), token.as_deref(), 3).unwrap();
            assert!(found.len() <= 3);
            seen.extend(found.into_iter().copied());
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..7).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let items: BTreeMap<String, u32> = (0..7).map(|n| (format!("name-{n}"), n)).collect();
        let (_, next) = page(items.iter(), None, 3).unwrap();
        let next = next.unwrap();
        assert!(!next.contains("name"), "the token shows what it says: {next}");
        let of_another_list = token(&json!({"StreamName": "name-1"}));
        let no_object = URL_SAFE_NO_PAD.encode("[]");
        for wrong in ["", "t", "name-2", &next[1..], &of_another_list, &no_object] {
            assert_eq!(page(items.iter(), Some(wrong), 3), Err(WrongToken), "{wrong}");
        }
    }
}
