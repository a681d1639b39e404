//! Which known word somebody may have meant.
//!
//! Comes in: a word, and the known ones. Goes out: the nearest by Levenshtein's distance, or none that is near enough.

/// Most bytes of a word that is compared; bounds the work.
const MAX_COMPARED: usize = 64;

/// The known word that `word` is probably a slip of: at most a third of its letters are changed, added or missing.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|known| (distance(word, known), known))
        .filter(|(distance, known)| *distance <= known.len().div_ceil(3))
        .min()
        .map(|(_, known)| known)
}

/// Counts the letters to change, add or remove between two words.
fn distance(left: &str, right: &str) -> usize {
    // A long word is unlike every word of ours.
    if left.len() > MAX_COMPARED {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (index, l) in left.chars().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        let mut next = vec![before];
        for (r, above) in right.chars().zip(row.iter().skip(1)) {
            let changed = diagonal + usize::from(l != r);
            before = changed.min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_changed_added_and_removed_letters() {
        assert_eq!(distance("ring", "ring"), 0);
        assert_eq!(distance("rign", "ring"), 2);
        assert_eq!(distance("liste", "listen"), 1);
        assert_eq!(distance("", "ring"), 4);
        assert_eq!(distance("ring", ""), 4);
    }

    #[test]
    fn the_nearest_word_is_meant_and_a_stranger_is_none() {
        let known = ["ring", "backend", "filter"];
        assert_eq!(nearest("rign", known), Some("ring"));
        assert_eq!(nearest("filtre", known), Some("filter"));
        assert_eq!(nearest("colour", known), None);
    }
}
