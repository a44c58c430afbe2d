//! A map of connections with a limit: beyond it the one that came first is forgotten.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Bounded<V> {
    max: usize,
    entries: HashMap<Arc<str>, (u64, V)>,
    /// Entries by when they came; those that were removed meanwhile are found by their number.
    order: VecDeque<(u64, Arc<str>)>,
    next: u64,
}

impl<V> Bounded<V> {
    pub fn new(max: usize) -> Self {
        Self { max, entries: HashMap::new(), order: VecDeque::new(), next: 0 }
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    pub fn remove(&mut self, key: &str) {
        self.entries.remove(key);
    }

    pub fn insert(&mut self, key: &str, value: V) {
        if let Some((_, present)) = self.entries.get_mut(key) {
            *present = value;
            return;
        }
        if self.order.len() >= 2 * self.max {
            let entries = &self.entries;
            self.order.retain(|(number, key)| entries.get(key).is_some_and(|(known, _)| known == number));
        }
        while self.entries.len() >= self.max
            && let Some((number, oldest)) = self.order.pop_front()
        {
            if self.entries.get(&oldest).is_some_and(|(known, _)| *known == number) {
                self.entries.remove(&oldest);
            }
        }
        let key: Arc<str> = key.into();
        self.entries.insert(Arc::clone(&key), (self.next, value));
        self.order.push_back((self.next, key));
        self.next += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever comes and goes: the newest are there, and nothing outgrows the limit.
        #[test]
        fn the_newest_are_kept(changes in prop::collection::vec((0u8..30, any::<bool>()), 0..300)) {
            let mut map = Bounded::new(8);
            let mut expected: Vec<u8> = Vec::new();
            for (key, is_removal) in changes {
                if is_removal {
                    map.remove(&key.to_string());
                    expected.retain(|known| *known != key);
                } else {
                    map.insert(&key.to_string(), key);
                    if !expected.contains(&key) {
                        if expected.len() == 8 {
                            expected.remove(0);
                        }
                        expected.push(key);
                    }
                }
                for key in 0..30 {
                    prop_assert_eq!(map.get_mut(&key.to_string()).is_some(), expected.contains(&key));
                }
                prop_assert!(map.order.len() <= 16);
            }
        }
    }
}
