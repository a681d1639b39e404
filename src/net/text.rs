//! Text that came from the network: bounded, and made harmless where a person reads it.

/// Turns bytes of a packet into text of at most `max` bytes.
///
/// Invalid UTF-8 becomes U+FFFD; the cut falls on a character boundary. Control characters stay:
/// JSON escapes them, and [`printable`] removes them where nothing escapes.
#[must_use]
pub fn bounded(bytes: &[u8], max: usize) -> String {
    let head = bytes.get(..max).unwrap_or(bytes);
    // Nearly all of it is valid, and found so much faster than by looking for what is not.
    let mut text = match str::from_utf8(head) {
        Ok(text) => return text.to_owned(),
        Err(_) => String::from_utf8_lossy(head).into_owned(),
    };
    while text.len() > max {
        text.pop();
    }
    text
}

/// Makes text safe for a terminal, a log line or a metric label: control characters and
/// direction overrides become `?`, and at most `max` characters stay.
#[must_use]
pub fn printable(text: &str, max: usize) -> String {
    text.chars().take(max).map(|c| if is_hidden(c) { '?' } else { c }).collect()
}

/// Tells control characters, and the format characters that reorder or hide what a person reads.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_broken_text_is_cut_within_the_bound() {
        assert_eq!(bounded(b"camera", 4), "came");
        assert!(bounded(&[0xff; 100], 16).len() <= 16);
        assert_eq!(bounded("aé".as_bytes(), 2), "a");
    }

    #[test]
    fn escape_sequences_do_not_reach_a_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n\u{202e}c", 64), "a?[31mb??c");
    }
}
