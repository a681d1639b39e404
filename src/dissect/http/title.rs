//! Reads the title of a page.
//!
//! Comes in: the first bytes of an HTML document. Goes out: the text of its `title` element (HTML Living Standard, 4.2.2).
//! It parses no HTML beyond that.

use quick_xml::escape::unescape;

use crate::net::bounded;

/// Bytes of a page in which its title has to stand.
pub(super) const WINDOW: usize = 4 * 1024;
/// Bytes of a title that are kept.
const MAX_TITLE: usize = 128;

/// The title, if it is whole in the first [`WINDOW`] bytes.
pub(super) fn title(page: &[u8]) -> Option<String> {
    let page = page.get(..WINDOW).unwrap_or(page);
    let behind_name = behind(page, b"<title")?;
    // Not the start of a longer name.
    if !matches!(behind_name, [b'>' | b' ' | b'\t' | b'\r' | b'\n', ..]) {
        return None;
    }
    let inner = behind(behind_name, b">")?;
    let end = inner.len() - behind(inner, b"</title")?.len() - b"</title".len();
    let text = bounded(inner.get(..end)?, WINDOW);
    let text = unescape(&text).map_or_else(|_| text.clone(), |text| text.into_owned());
    let words: Vec<&str> = text.split_whitespace().collect();
    let title = bounded(words.join(" ").as_bytes(), MAX_TITLE);
    (!title.is_empty()).then_some(title)
}

/// What stands behind the first occurrence of a text, compared without case.
fn behind<'a>(bytes: &'a [u8], text: &[u8]) -> Option<&'a [u8]> {
    let at = bytes.windows(text.len()).position(|window| window.eq_ignore_ascii_case(text))?;
    bytes.get(at + text.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn a_title_is_read_in_one_line() {
        for (page, expected) in [
            ("<html><head><TITLE>\r\n Index \tof /</title>", Some("Index of /")),
            ("<title lang=en>a &amp; b</TITLE >", Some("a & b")),
            ("<title>a&nbsp;b</title>", Some("a&nbsp;b")),
            ("<title>cut", None),
            ("<title></title>", None),
            ("<titles>no</titles>", None),
            ("<title", None),
            ("", None),
        ] {
            assert_eq!(title(page.as_bytes()).as_deref(), expected, "{page}");
        }
    }

    #[test]
    fn a_title_stays_within_its_bound_and_its_window() {
        let page =
            |before: usize| format!("{}<title>{}</title>", " ".repeat(before), "é".repeat(99));

        assert_eq!(title(page(0).as_bytes()).map(|title| title.len()), Some(MAX_TITLE));
        assert_eq!(title(page(WINDOW).as_bytes()), None);
    }

    #[test]
    fn damaged_pages_are_survived() {
        for_each_mutant(b"<head><title>a &amp; b</title></head>", |page| {
            assert!(title(page).is_none_or(|title| title.len() <= MAX_TITLE));
        });
    }
}
