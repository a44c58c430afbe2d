//! When the issuer's keys are fetched, and how long they are used. Pure: time is passed in.

use crate::keys::{Key, find};
use crate::token::Head;
use jsonwebtoken::DecodingKey;
use std::time::Duration;
use tokio::time::Instant;

/// Between two fetches: whoever invents ids of keys must not have the issuer asked each time.
pub const REFETCH_EVERY: Duration = Duration::from_secs(30);
/// Between two fetches while there are no keys, and nobody can connect.
pub const RETRY_EVERY: Duration = Duration::from_secs(1);
/// For how long keys are used that cannot be fetched again. A key that the issuer has withdrawn counts until then.
pub const KEYS_AGE_MAX: Duration = Duration::from_secs(24 * 3_600);

/// The issuer's keys as they were last fetched.
pub struct KeyCache {
    keys: Vec<Key>,
    /// When `keys` were fetched.
    fetched: Option<Instant>,
    /// When it was last tried.
    tried: Option<Instant>,
    fresh: Duration,
}

/// What is to be done for a token.
pub enum Lookup {
    Found(DecodingKey),
    /// The issuer has no such key, as far as it may be asked.
    Unknown,
    /// Fetch, tell the result, and look again.
    Fetch,
    /// There are no keys, and it was tried just now.
    Unavailable,
}

impl KeyCache {
    /// An empty one, whose keys will be fetched again after `fresh`.
    pub fn new(fresh: Duration) -> Self {
        Self { keys: Vec::new(), fetched: None, tried: None, fresh }
    }

    pub fn look(&self, head: &Head, now: Instant) -> Lookup {
        let age = self.fetched.map(|fetched| now.duration_since(fetched));
        let is_usable = age.is_some_and(|age| age < KEYS_AGE_MAX);
        let wait = if is_usable { REFETCH_EVERY } else { RETRY_EVERY };
        let may_fetch = self.tried.is_none_or(|tried| now.duration_since(tried) >= wait);
        let found = find(&self.keys, head).filter(|_| is_usable);
        match found {
            Some(key) if !may_fetch || age.is_some_and(|age| age < self.fresh) => Lookup::Found(key.clone()),
            _ if may_fetch => Lookup::Fetch,
            _ if is_usable => Lookup::Unknown,
            _ => Lookup::Unavailable,
        }
    }

    /// Replaces the keys by those that were fetched.
    pub fn fetched(&mut self, keys: Vec<Key>, now: Instant) {
        (self.keys, self.fetched, self.tried) = (keys, Some(now), Some(now));
    }

    /// Keeps the keys, as the issuer did not give any.
    pub fn failed(&mut self, now: Instant) {
        self.tried = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::read;
    use crate::testing::{Signer, key_set};
    use jsonwebtoken::Algorithm;

    const FRESH: Duration = Duration::from_secs(3_600);
    const SECOND: Duration = Duration::from_secs(1);

    fn keys(id: &str) -> Vec<Key> {
        read(&key_set(&[Signer::ed25519(id)])).unwrap()
    }

    /// `F`ound, `U`nknown, fetch (`?`) or unavailable (`-`).
    fn look(cache: &KeyCache, id: &str, now: Instant) -> char {
        let head = Head { algorithm: Algorithm::EdDSA, key_id: Some(id.to_owned()) };
        match cache.look(&head, now) {
            Lookup::Found(_) => 'F',
            Lookup::Unknown => 'U',
            Lookup::Fetch => '?',
            Lookup::Unavailable => '-',
        }
    }

    #[test]
    fn a_rotated_key_is_fetched_and_an_invented_one_seldom() {
        let begun = Instant::now();
        let mut cache = KeyCache::new(FRESH);
        assert_eq!(look(&cache, "a", begun), '?');
        cache.fetched(keys("a"), begun);
        assert_eq!((look(&cache, "a", begun), look(&cache, "b", begun)), ('F', 'U'));
        let later = begun + REFETCH_EVERY;
        assert_eq!((look(&cache, "b", later - SECOND), look(&cache, "b", later)), ('U', '?'));
        assert_eq!(look(&cache, "a", later), 'F', "known keys need no fetch");
        cache.fetched(keys("b"), later);
        assert_eq!((look(&cache, "a", later), look(&cache, "b", later)), ('U', 'F'));
    }

    #[test]
    fn keys_outlive_an_issuer_that_does_not_answer() {
        let begun = Instant::now();
        let mut cache = KeyCache::new(FRESH);
        cache.failed(begun);
        assert_eq!((look(&cache, "a", begun), look(&cache, "a", begun + RETRY_EVERY)), ('-', '?'));
        cache.fetched(keys("a"), begun);
        assert_eq!(look(&cache, "a", begun + FRESH), '?', "no longer fresh");
        cache.failed(begun + FRESH);
        assert_eq!(look(&cache, "a", begun + FRESH), 'F', "better than nothing");
        assert_eq!(look(&cache, "b", begun + FRESH), 'U');
        assert_eq!(look(&cache, "a", begun + FRESH + REFETCH_EVERY), '?');
        let old = begun + KEYS_AGE_MAX;
        cache.failed(old);
        assert_eq!((look(&cache, "a", old - SECOND), look(&cache, "a", old)), ('F', '-'));
        assert_eq!(look(&cache, "a", old + RETRY_EVERY), '?');
    }
}
