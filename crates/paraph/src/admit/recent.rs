//! A bounded map that forgets what is quiet.

use std::collections::HashMap;
use std::hash::Hash;

use paraph_tally::Millis;

/// Two halves, and the older one goes when the younger one is full or old. What is touched moves into the younger half, so
/// that a flood of new keys pushes out those that are quiet, not those at work.
pub(crate) struct Recent<K, T> {
    young: HashMap<K, T>,
    old: HashMap<K, T>,
    turned: Millis,
    span: u64,
    half: usize,
}

impl<K: Copy + Eq + Hash, T> Recent<K, T> {
    /// At most `most` entries, each kept for at least `span` milliseconds while there is room.
    pub(crate) fn new(span: u64, most: u64) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            turned: Millis(0),
            span,
            half: usize::try_from(most / 2).unwrap_or(usize::MAX).max(1),
        }
    }

    /// The entry of a key, made if there is none.
    pub(crate) fn entry(&mut self, key: K, now: Millis, make: impl FnOnce() -> T) -> &mut T {
        let age = now.0.saturating_sub(self.turned.0);
        if age >= self.span || self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
            if age >= 2 * self.span {
                self.old.clear();
            }
            self.turned = now;
        }
        let old = &mut self.old;
        self.young
            .entry(key)
            .or_insert_with(|| old.remove(&key).unwrap_or_else(make))
    }

    /// The entry of a key, if it is not forgotten.
    pub(crate) fn get(&self, key: &K, now: Millis) -> Option<&T> {
        let age = now.0.saturating_sub(self.turned.0);
        let old = (age < self.span).then_some(&self.old);
        let young = (age < 2 * self.span).then_some(&self.young);
        young.and_then(|young| young.get(key)).or_else(|| old?.get(key))
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Entries held now.
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
