//! How a signature is matched with what a device says.
//!
//! Comes in: a pattern and a text. Goes out: whether they agree; nothing is allocated. Case never matters.

use serde::Deserialize;

/// How a pattern is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Match {
    /// The whole text.
    #[default]
    Exact,
    /// How the text begins.
    Prefix,
    /// Somewhere in the text.
    Part,
    /// The whole text, or its first word.
    Word,
    /// The whole text, where `#` stands for a capital letter or a digit.
    Shape,
    /// A node of the tree of object identifiers, or one below it.
    Object,
}

impl Match {
    /// Tells whether `text` agrees with `pattern`.
    pub(super) fn agrees(self, pattern: &str, text: &str) -> bool {
        match self {
            Self::Exact => text.eq_ignore_ascii_case(pattern),
            Self::Prefix => starts_with(text, pattern),
            Self::Part => {
                !pattern.is_empty()
                    && text
                        .as_bytes()
                        .windows(pattern.len())
                        .any(|part| part.eq_ignore_ascii_case(pattern.as_bytes()))
            }
            Self::Word => {
                starts_with(text, pattern)
                    && text
                        .get(pattern.len()..)
                        .and_then(|rest| rest.chars().next())
                        .is_none_or(|next| !next.is_alphanumeric())
            }
            Self::Shape => {
                text.len() == pattern.len()
                    && text.bytes().zip(pattern.bytes()).all(|(byte, shape)| match shape {
                        b'#' => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
                        shape => byte.eq_ignore_ascii_case(&shape),
                    })
            }
            Self::Object => text
                .strip_prefix(pattern)
                .is_some_and(|below| below.is_empty() || below.starts_with('.')),
        }
    }
}

fn starts_with(text: &str, pattern: &str) -> bool {
    text.get(..pattern.len()).is_some_and(|head| head.eq_ignore_ascii_case(pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_matching_takes_its_own_and_nothing_near_it() {
        for (how, pattern, agree, differ) in [
            (Match::Exact, "Webs", &["Webs", "webs"][..], &["Webs/1", "xWebs", ""][..]),
            (
                Match::Prefix,
                "App-webs/",
                &["App-webs/", "app-webs/1.0"],
                &["App-webs", "My App-webs/"],
            ),
            (Match::Part, "CN=www.x", &["C=CN, CN=www.x.com"], &["CN=ww.x", ""]),
            (Match::Word, "ANNKE", &["Annke", "ANNKE C500", "annke-nvr"], &["ANNKEX", "my ANNKE"]),
            (
                Match::Shape,
                "IP Camera(#####)",
                &["IP Camera(D4918)", "ip camera(51253)"],
                &["IP Camera(d4918)", "IP Camera(D491)", "IP Camera(D49180)", "IP Camera(D4918"],
            ),
            (
                Match::Object,
                "1.3.6.1.4.1.39165",
                &["1.3.6.1.4.1.39165", "1.3.6.1.4.1.39165.1"],
                &["1.3.6.1.4.1.391651", "1.3.6.1.4.1.3916"],
            ),
        ] {
            for text in agree {
                assert!(how.agrees(pattern, text), "{how:?} {pattern} {text}");
            }
            for text in differ {
                assert!(!how.agrees(pattern, text), "{how:?} {pattern} {text}");
            }
        }
        assert!(!Match::Prefix.agrees("äb", "ä"));
        assert!(!Match::Part.agrees("", "x"));
    }
}
