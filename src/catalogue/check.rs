//! The shape of names, slugs and pattern labels in catalogue files.

use super::MAX_NAME_LEN;
use super::domain_table::fold;

/// Longest slug: guards the length of metric labels.
const MAX_SLUG_LEN: usize = 48;

/// Longest label of a name (RFC 1035, 2.3.4).
const MAX_LABEL_LEN: usize = 63;

/// The name in lower case, if it is one of at least two labels of letters, digits, `-` and `_`.
pub(super) fn domain(text: &str) -> Result<String, String> {
    let refused = || format!("`{text}` is not a domain name of two labels or more");
    let mut buffer = [0; MAX_NAME_LEN];
    let name = fold(text, &mut buffer).ok_or_else(refused)?;
    let labels_fit = name.split('.').all(|label| label.len() <= MAX_LABEL_LEN);
    let letters_fit = name.bytes().all(|byte| byte == b'.' || is_label_byte(byte));
    let fits = labels_fit && letters_fit && name.contains('.');
    if fits { Ok(name.to_owned()) } else { Err(refused()) }
}

/// Whether `text` can be a slug: lower-case words joined by `-`.
pub(super) fn slug(text: &str) -> Result<(), String> {
    let fits = !text.is_empty()
        && text.len() <= MAX_SLUG_LEN
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits {
        Ok(())
    } else {
        Err(format!("`{text}` is not a slug: 1 to {MAX_SLUG_LEN} of a-z, 0-9 and `-`"))
    }
}

/// The parts of a pattern label before and behind its `*`.
pub(super) fn pattern_label(text: &str) -> Result<(&str, Option<&str>), String> {
    let (start, end) = match text.split_once('*') {
        Some((start, end)) => (start, Some(end)),
        None => (text, None),
    };
    let fits = [start, end.unwrap_or_default()].concat();
    if !fits.is_empty() && fits.len() <= MAX_LABEL_LEN && fits.bytes().all(is_lower_label_byte) {
        Ok((start, end))
    } else {
        Err(format!("`{text}` is not one label in lower case with at most one `*`"))
    }
}

fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn is_lower_label_byte(byte: u8) -> bool {
    is_label_byte(byte) && !byte.is_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_name_is_folded_and_has_two_labels() {
        assert_eq!(domain("Dev.EZVIZ7.com.").as_deref(), Ok("dev.ezviz7.com"));
        for text in ["", "com", "a..b", ".a.b", "a b.com", "*.ezviz7.com", &"a".repeat(300)] {
            assert!(domain(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pattern_label_has_at_most_one_star_and_some_letters() {
        assert_eq!(pattern_label("api*"), Ok(("api", Some(""))));
        assert_eq!(pattern_label("dev"), Ok(("dev", None)));
        for text in ["", "*", "a*b*", "a.b", "API*"] {
            assert!(pattern_label(text).is_err(), "{text}");
        }
    }
}
