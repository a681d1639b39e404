//! What serial numbers of the vendors look like, for texts in which nobody says which part is one.
//!
//! Comes in: text. Goes out: the parts of it that are built like a serial number: a letter and eight digits; the same behind
//! four letters; the same behind a date and four letters, as at the end of a whole serial number (`device/sadp.rs` has
//! the pattern). Nine digits alone can be anything, and are told apart from these.

use std::ops::Range;

/// Letters and digits of the short serial number.
const SHORT: usize = 9;
/// The letters before it.
const LETTERS: usize = 4;
/// The date before these.
const DATE: usize = 8;

/// How a part of a text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Like a serial number and hardly anything else.
    Serial,
    /// Nine digits: a serial number of older devices, or any number.
    Number,
}

/// The part of the word at `word` in `text` that looks like a serial number, and where the short one lies that units are known by.
pub(super) fn serial_in(
    text: &[u8],
    word: Range<usize>,
) -> Option<(Shape, Range<usize>, Range<usize>)> {
    let bytes = text.get(word.clone())?;
    let digits = |range: Range<usize>| {
        bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let letters = |range: Range<usize>| {
        bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_alphabetic))
    };
    let is_short = |at: usize| letters(at..at + 1) && digits(at + 1..at + SHORT);
    let found = |shape, from: usize, short: usize, to: usize| {
        let place = |at| word.start + at;
        Some((shape, place(from)..place(to), place(short)..place(short + SHORT)))
    };
    match bytes.len() {
        SHORT if is_short(0) => return found(Shape::Serial, 0, 0, SHORT),
        SHORT if digits(0..SHORT) => return found(Shape::Number, 0, 0, SHORT),
        _ => {}
    }
    // Perhaps four letters more stand at the end.
    for end in [
        Some(bytes.len()),
        bytes.len().checked_sub(LETTERS).filter(|&end| letters(end..bytes.len())),
    ] {
        let Some(short) = end.and_then(|end| end.checked_sub(SHORT)) else { continue };
        let Some(start) = short.checked_sub(LETTERS).filter(|&at| letters(at..short)) else {
            continue;
        };
        let dated = start.checked_sub(DATE).filter(|&at| digits(at..start));
        match dated {
            Some(dated) if is_short(short) || digits(short..short + SHORT) => {
                return found(Shape::Serial, dated, short, bytes.len());
            }
            None if start == 0 && (is_short(short) || digits(short..short + SHORT)) => {
                return found(Shape::Serial, 0, short, bytes.len());
            }
            Some(_) | None => {}
        }
    }
    None
}

/// The words of a text: letters and digits that belong together.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text.get(at..)?.iter().position(u8::is_ascii_alphanumeric)?;
        at = word_end(text, start);
        Some(start..at)
    })
}

/// Where the word ends that begins at `start`.
pub(super) fn word_end(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    start + rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Shape, &str, &str)> {
        words(text.as_bytes())
            .filter_map(|word| serial_in(text.as_bytes(), word))
            .map(|(shape, whole, short)| (shape, &text[whole], &text[short]))
            .collect()
    }

    #[test]
    fn serial_numbers_are_known_by_how_they_are_built() {
        let serial = |whole, short| vec![(Shape::Serial, whole, short)];
        assert_eq!(found("/3300/E33842150/1"), serial("E33842150", "E33842150"));
        assert_eq!(found("e33842150.local"), serial("e33842150", "e33842150"));
        assert_eq!(found("AAWRE33842150"), serial("AAWRE33842150", "E33842150"));
        assert_eq!(
            found("DS-2CD2385G1-I20200414AAWRE33842150"),
            serial("20200414AAWRE33842150", "E33842150")
        );
        assert_eq!(
            found("DS-7608NI-K20120160818AAWR646739843WCVU"),
            serial("20160818AAWR646739843WCVU", "646739843")
        );
        let number = (Shape::Number, "646739843", "646739843");
        assert_eq!(found("DS-2CD2042WD-I - 646739843._http"), [number]);
    }

    #[test]
    fn addresses_times_hashes_and_models_are_none() {
        for text in [
            "2026-11-28T00:07:07.123456+0000",
            "44:a6:42:01:02:03",
            "d-0a1b2c345678",
            "192.168.100.123",
            "2001:db8:1234:5678::1",
            "t13d1516h2_8daaf6152771_e5627efa2ab1",
            "DS-2CD2385G1-I",
            "V5.6.2build 190701",
            "HIKVISION1234",
            "0123456789",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
