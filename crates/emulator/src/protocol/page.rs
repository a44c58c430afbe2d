//! Pages of a list sorted by name. A token is the last name of the previous page.

/// One page, and the token of the next one if there is one.
pub fn page<'a, T>(
    items: impl Iterator<Item = (&'a String, T)>,
    after: Option<&str>,
    limit: usize,
) -> (Vec<T>, Option<String>) {
    let mut items =
        items.skip_while(|(name, _)| after.is_some_and(|after| name.as_str() <= after)).peekable();
    let mut page = Vec::new();
    let mut last = None;
    while page.len() < limit
        && let Some((name, item)) = items.next()
    {
        last = Some(name.clone());
        page.push(item);
    }
    let token = items.peek().and(last);
    (page, token)
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
            let (found, next) = page(items.iter(), token.as_deref(), 3);
            assert!(found.len() <= 3);
            seen.extend(found.into_iter().copied());
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..7).collect::<Vec<_>>());
    }
}
