//! What was already told: a set that forgets its oldest members when it is full.
//!
//! Comes in: values. Goes out: whether each is new. It never grows beyond its bound, and which member goes
//! depends on the order of arrival alone.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

use ahash::RandomState;

/// A bounded set in order of arrival.
#[derive(Debug)]
pub(super) struct Remembered<T> {
    members: HashSet<T, RandomState>,
    arrivals: VecDeque<T>,
    max: usize,
}

impl<T: Clone + Eq + Hash> Remembered<T> {
    pub(super) fn new(max: usize) -> Self {
        Self {
            members: HashSet::with_hasher(RandomState::new()),
            arrivals: VecDeque::new(),
            max: max.max(1),
        }
    }

    /// Adds a value; tells whether it is new.
    pub(super) fn insert(&mut self, value: T) -> bool {
        if !self.members.insert(value.clone()) {
            return false;
        }
        if self.arrivals.len() >= self.max
            && let Some(oldest) = self.arrivals.pop_front()
        {
            self.members.remove(&oldest);
        }
        self.arrivals.push_back(value);
        true
    }

    /// Takes out every member that `is_out` says.
    pub(super) fn remove(&mut self, is_out: impl Fn(&T) -> bool) {
        self.members.retain(|member| !is_out(member));
        self.arrivals.retain(|member| !is_out(member));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_member_makes_room() {
        let mut remembered = Remembered::new(2);

        assert!(remembered.insert(1) && remembered.insert(2) && !remembered.insert(1));
        assert!(remembered.insert(3));
        assert!(!remembered.insert(2) && !remembered.insert(3) && remembered.insert(1));
    }
}
