//! How a host's firmware words its messages.
//!
//! Comes in: the fields of a message in the published order. Goes out: the fields as this host has them: some
//! missing, renamed, in another order or case, with strange ones between them. A host keeps its dialect: the
//! same topic is worded the same way each time. Without mutation the fields come out as they went in.

use std::fmt::Write as _;

use super::plan::Mutation;
use crate::simulate::prng::Prng;

/// A field of a message: name and value.
pub(crate) type Field = (String, String);

/// The dialect of one host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    strength: u64,
    seed: u64,
}

/// How names are spelt.
#[derive(Debug, Clone, Copy)]
enum Case {
    Published,
    Lower,
    Upper,
    LowerFirst,
}

impl Dialect {
    /// Draws a dialect.
    pub(crate) const fn draw(prng: &mut Prng, mutation: Mutation) -> Self {
        Self { strength: mutation.strength() as u64, seed: prng.next_u64() }
    }

    /// Tells whether a message gets lost on its way: one in seven at full strength.
    pub(crate) const fn loses(&self, prng: &mut Prng) -> bool {
        prng.below(700) < self.strength
    }

    /// Something that this host does always or never, with `percent` chances in a hundred at full strength.
    pub(crate) const fn quirk(&self, topic: u64, percent: u64) -> bool {
        self.prng(topic).below(10_000) < self.strength * percent
    }

    /// The fields of a message on `topic`; those in `kept` are always there under their own names.
    pub(crate) fn fields(&self, topic: u64, kept: &[&str], fields: Vec<Field>) -> Vec<Field> {
        if self.strength == 0 {
            return fields;
        }
        let mut prng = self.prng(topic);
        let case = match prng.below(100) {
            roll if roll >= self.strength * 2 / 3 => Case::Published,
            roll => match roll % 3 {
                0 => Case::Lower,
                1 => Case::Upper,
                _ => Case::LowerFirst,
            },
        };
        let mut out = Vec::with_capacity(fields.len() + 3);
        for (name, value) in fields {
            let roll = prng.below(1_000);
            let is_kept = kept.contains(&name.as_str());
            if !is_kept && roll < self.strength * 3 / 2 {
                continue;
            }
            let renamed = !is_kept && roll < self.strength * 2;
            let name = if renamed { format!("{name}Ex") } else { name };
            out.push((case.spell(&name), value));
        }
        if prng.below(100) < self.strength {
            let at = usize::try_from(prng.below(out.len() as u64 + 1)).unwrap_or(0);
            let number = prng.below(100);
            out.insert(at, (format!("SupportFeature{number}"), "true".to_owned()));
        }
        if prng.below(100) < self.strength {
            // Fisher and Yates's shuffle.
            for end in (1..out.len()).rev() {
                let other = usize::try_from(prng.below(end as u64 + 1)).unwrap_or(0);
                out.swap(end, other);
            }
        }
        out
    }

    /// An XML document with `root` and the fields as its children, worded by this host.
    pub(crate) fn xml(&self, topic: u64, root: &str, kept: &[&str], fields: Vec<Field>) -> Vec<u8> {
        let fields = self.fields(topic, kept, fields);
        let padded = self.quirk(topic ^ 0x5ace, 60);
        let line = if padded { "\r\n\t" } else { "\r\n" };
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
        write!(out, "<{root}>").unwrap_or_default();
        for (name, value) in fields {
            let value = escape(&value);
            if padded {
                write!(out, "{line}<{name}> {value}\r\n\t</{name}>").unwrap_or_default();
            } else {
                write!(out, "{line}<{name}>{value}</{name}>").unwrap_or_default();
            }
        }
        write!(out, "\r\n</{root}>\r\n").unwrap_or_default();
        out.into_bytes()
    }

    /// The header lines of an HTTP or RTSP message, worded by this host. Names in another case are the same
    /// (RFC 9110, 5.1), and so are blanks around values.
    pub(crate) fn head(&self, topic: u64, kept: &[&str], fields: Vec<Field>) -> String {
        let separator = match (self.quirk(topic ^ 0xb1a, 40), self.quirk(topic ^ 0xb1b, 20)) {
            (false, _) => ": ",
            (true, false) => ":",
            (true, true) => ":   ",
        };
        let mut out = String::new();
        for (name, value) in self.fields(topic, kept, fields) {
            write!(out, "{name}{separator}{value}\r\n").unwrap_or_default();
        }
        out
    }

    const fn prng(&self, topic: u64) -> Prng {
        let mut prng = Prng::new(self.seed ^ topic.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        prng.next_u64();
        prng
    }
}

impl Case {
    fn spell(self, name: &str) -> String {
        match self {
            Self::Published => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::LowerFirst => {
                let (first, rest) = name.split_at_checked(1).unwrap_or((name, ""));
                format!("{}{rest}", first.to_ascii_lowercase())
            }
        }
    }
}

/// A field.
pub(crate) fn field(name: &str, value: impl Into<String>) -> Field {
    (name.to_owned(), value.into())
}

/// Text as XML has it between tags (XML 1.0, 2.4).
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Vec<Field> {
        (0..20).map(|number| field(&format!("Field{number}"), number.to_string())).collect()
    }

    #[test]
    fn without_mutation_nothing_changes() {
        let dialect = Dialect::draw(&mut Prng::new(1), Mutation::NONE);

        assert_eq!(dialect.fields(3, &[], fields()), fields());
        assert!(!(0..1_000).any(|topic| dialect.quirk(topic, 100)));
    }

    #[test]
    fn a_host_keeps_its_dialect_and_what_is_kept_stays() {
        let mut prng = Prng::new(2);
        let mut changed = 0;
        for _ in 0..50 {
            let dialect = Dialect::draw(&mut prng, Mutation::new(100));
            let worded = dialect.fields(3, &["Field7"], fields());

            assert_eq!(worded, dialect.fields(3, &["Field7"], fields()));
            assert!(
                worded
                    .iter()
                    .any(|(name, value)| { name.eq_ignore_ascii_case("field7") && value == "7" })
            );
            changed += usize::from(worded != fields());
        }
        assert!(changed > 40, "{changed}");
    }
}
