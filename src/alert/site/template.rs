//! The message of a site rule: words, and fields in braces.
//!
//! Comes in: text from the configuration, later facts. Goes out: what is wrong with the text, or a sentence for a person. What
//! comes from the network is cleaned and cut; `{{` and `}}` stand for braces.

use super::facts::Facts;
use super::fields::{Family, Field};
use super::naming::{cut, meant};
use super::outline::Slip;

/// Longest text.
const MAX_LENGTH: usize = 400;

/// What stands for a field that is not known.
const UNKNOWN: &str = "unknown";

/// A message.
#[derive(Debug)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Words(String),
    Field(&'static Field),
}

impl Template {
    /// Reads a text; its fields may be of `family` and of those that are always there.
    pub(super) fn compile(source: &str, family: Option<Family>) -> Result<Self, Vec<Slip>> {
        if source.trim().is_empty() || source.len() > MAX_LENGTH {
            let problem = format!("must be 1 to {MAX_LENGTH} bytes of text");
            return Err(vec![Slip::new(0, problem)]);
        }
        let (mut pieces, mut slips) = (Vec::new(), Vec::new());
        let mut words = String::new();
        let mut rest = source;
        while let Some((before, brace, after)) = next_brace(rest) {
            words.push_str(before);
            let at = source.len() - after.len() - 1;
            rest = match (after.strip_prefix(brace), after.split_once('}')) {
                (Some(after), _) => {
                    words.push(brace);
                    after
                }
                (None, Some((name, after))) if brace == '{' => {
                    match field(name.trim(), family) {
                        Ok(field) => {
                            pieces.push(Piece::Words(std::mem::take(&mut words)));
                            pieces.push(Piece::Field(field));
                        }
                        Err(problem) => slips.push(Slip::new(at + 1, problem)),
                    }
                    after
                }
                (None, _) => {
                    let problem = format!("`{brace}` stands alone; write it twice if it is meant");
                    slips.push(Slip::new(at, problem));
                    after
                }
            };
        }
        words.push_str(rest);
        pieces.push(Piece::Words(words));
        if slips.is_empty() { Ok(Self { pieces }) } else { Err(slips) }
    }

    /// The fields that it shows.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(field) => Some(*field),
            Piece::Words(_) => None,
        })
    }

    /// The sentence.
    pub(super) fn render(&self, facts: &Facts) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Words(words) => text.push_str(words),
                Piece::Field(field) => match facts.get(field.name) {
                    Some(value) => text.push_str(&value.shown()),
                    None => text.push_str(UNKNOWN),
                },
            }
        }
        text
    }
}

fn next_brace(text: &str) -> Option<(&str, char, &str)> {
    let at = text.find(['{', '}'])?;
    let (before, from) = text.split_at(at);
    let mut chars = from.chars();
    let brace = chars.next()?;
    Some((before, brace, chars.as_str()))
}

fn field(name: &str, family: Option<Family>) -> Result<&'static Field, String> {
    let field =
        Field::find(name).ok_or_else(|| format!("unknown field `{}`{}", cut(name), meant(name)))?;
    let known = field.family();
    if known.is_always_there() || Some(known) == family {
        return Ok(field);
    }
    let scene = family.map_or("devices", Family::as_label);
    Err(format!("`{name}` is not known here: the rule looks at {scene}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slips(source: &str, family: Option<Family>) -> Vec<String> {
        let slips = Template::compile(source, family).unwrap_err();
        slips.iter().map(|slip| slip.told(source)).collect()
    }

    #[test]
    fn fields_stand_in_braces_and_what_is_not_known_says_so() {
        let template =
            Template::compile("{{x}} {device.name}: { flow.port }", Some(Family::Flow)).unwrap();

        assert_eq!(template.render(&Facts::default()), "{x} unknown: unknown");
        let names: Vec<_> = template.fields().map(|field| field.name).collect();
        assert_eq!(names, ["device.name", "flow.port"]);
    }

    #[test]
    fn each_wrong_brace_and_name_is_told_with_its_place() {
        assert_eq!(
            slips("{device.nam} } {flow.port} {x", None),
            [
                "column 2: unknown field `device.nam`; did you mean `device.name`?",
                "column 14: `}` stands alone; write it twice if it is meant",
                "column 17: `flow.port` is not known here: the rule looks at devices",
                "column 28: `{` stands alone; write it twice if it is meant",
            ]
        );
        assert_eq!(slips(" ", None).len(), 1);
        assert_eq!(slips(&"x".repeat(401), None).len(), 1);
    }
}
