//! The text of an expression before anybody parses it: whether it is small and flat enough, and where its parts are.
//!
//! Comes in: text from the configuration. Goes out: a refusal, the texts of what `&&` joins, places for people. It looks at
//! brackets, operators and quotes only; what the text means is for the parser.

/// Longest expression, in bytes; bounds what is parsed and evaluated.
const MAX_LENGTH: usize = 1_000;

/// Deepest nesting of brackets; the parser recurses into them.
const MAX_NESTING: usize = 16;

/// Most operators that hang on each other, brackets included: the tree is as deep as that, and who walks it recurses.
const MAX_CHAIN: usize = 96;

/// What is wrong, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slip {
    pub(super) at: usize,
    pub(super) problem: String,
}

impl Slip {
    pub(super) fn new(at: usize, problem: impl Into<String>) -> Self {
        Self { at, problem: problem.into() }
    }

    /// With its place, for a person.
    pub(super) fn told(&self, source: &str) -> String {
        let before = source.get(..self.at).unwrap_or(source);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        if source.trim_end().contains('\n') {
            format!("line {line}, column {column}: {}", self.problem)
        } else {
            format!("column {column}: {}", self.problem)
        }
    }
}

/// Refuses what is too long, too deep or too chained to be parsed and walked.
pub(super) fn check_bounds(source: &str) -> Result<(), Slip> {
    if source.len() > MAX_LENGTH {
        let problem = format!("has {} bytes, at most {MAX_LENGTH} are allowed", source.len());
        return Err(Slip::new(MAX_LENGTH, problem));
    }
    // Operators in a row, by the brackets that are open.
    let mut chains = vec![0_usize];
    let mut choices = 0;
    for (at, c) in significant(source) {
        match c {
            '(' | '[' | '{' => chains.push(1),
            ')' | ']' | '}' if chains.len() > 1 => {
                chains.pop();
            }
            '&' | '|' | ',' => {
                if let Some(chain) = chains.last_mut() {
                    *chain = 0;
                }
            }
            '?' => choices += 1,
            '+' | '-' | '*' | '/' | '%' | '.' | '<' | '>' | '=' | '!' => {
                if let Some(chain) = chains.last_mut() {
                    *chain += 1;
                }
            }
            _ => {}
        }
        if chains.len() > MAX_NESTING + 1 {
            let problem = format!("brackets are nested deeper than {MAX_NESTING}");
            return Err(Slip::new(at, problem));
        }
        if choices > MAX_NESTING {
            return Err(Slip::new(at, format!("more than {MAX_NESTING} choices (`? :`)")));
        }
        if chains.iter().sum::<usize>() > MAX_CHAIN {
            return Err(Slip::new(at, "too many operators hang on each other; take it apart"));
        }
    }
    Ok(())
}

/// The texts that `&&` joins, brackets around the whole or around a part taken away.
pub(super) fn conjuncts(source: &str) -> Vec<&str> {
    let mut texts = Vec::new();
    let mut waiting = vec![source];
    while let Some(text) = waiting.pop() {
        let text = inner(text.trim());
        match first_and(text) {
            Some(at) => {
                // The latest is looked at first.
                waiting.push(text.get(at + 2..).unwrap_or_default());
                waiting.push(text.get(..at).unwrap_or_default());
            }
            None => texts.push(text),
        }
    }
    texts
}

/// Where the first `&&` stands that joins the whole text; none where something else does.
fn first_and(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut found = None;
    let mut before = None;
    for (at, c) in significant(text) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '|' | '?' if depth == 0 => return None,
            '&' if depth == 0 && before == Some(at.wrapping_sub(1)) => {
                found = found.or(before);
            }
            '&' if depth == 0 => before = Some(at),
            _ => {}
        }
    }
    found
}

/// The text within brackets that stand around the whole.
fn inner(mut text: &str) -> &str {
    while let Some(within) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        let mut depth = 0_usize;
        for (_, c) in significant(within) {
            match c {
                '(' => depth += 1,
                ')' if depth == 0 => return text,
                ')' => depth -= 1,
                _ => {}
            }
        }
        text = within.trim();
    }
    text
}

/// The characters outside quotes and comments, with their places.
fn significant(source: &str) -> impl Iterator<Item = (usize, char)> {
    let mut rest = source.char_indices();
    let mut is_raw = false;
    std::iter::from_fn(move || {
        loop {
            let (at, c) = rest.next()?;
            match c {
                '\'' | '"' => {
                    let length = quoted(source.get(at..).unwrap_or_default(), c, is_raw);
                    rest = char_indices_from(source, at + length);
                    is_raw = false;
                }
                '/' if source.get(at..).is_some_and(|text| text.starts_with("//")) => {
                    let text = source.get(at..).unwrap_or_default();
                    rest = char_indices_from(source, at + text.find('\n').unwrap_or(text.len()));
                }
                _ => {
                    is_raw = matches!(c, 'r' | 'R') || is_raw && matches!(c, 'b' | 'B');
                    return Some((at, c));
                }
            }
        }
    })
}

fn char_indices_from(source: &str, from: usize) -> std::str::CharIndices<'_> {
    let mut rest = source.char_indices();
    while rest.offset() < from && rest.next().is_some() {}
    rest
}

/// How long the quoted text is that `text` begins with.
fn quoted(text: &str, quote: char, is_raw: bool) -> usize {
    let three: String = std::iter::repeat_n(quote, 3).collect();
    let end = if text.starts_with(&three) { three } else { quote.to_string() };
    let mut skip = false;
    for (at, c) in text.char_indices().skip(end.len()) {
        if skip {
            skip = false;
        } else if c == '\\' && !is_raw {
            skip = true;
        } else if text.get(at..).is_some_and(|rest| rest.starts_with(&end)) {
            return at + end.len();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_and_joins_is_taken_apart_outside_quotes_and_brackets() {
        for (source, expected) in [
            ("a && b", vec!["a", "b"]),
            ("(a && b) && (c)", vec!["a", "b", "c"]),
            ("a && (b || c && d)", vec!["a", "b || c && d"]),
            ("a || b && c", vec!["a || b && c"]),
            ("a ? b && c : d", vec!["a ? b && c : d"]),
            ("x == '&&' && y == \"a\\\"&& b\"", vec!["x == '&&'", "y == \"a\\\"&& b\""]),
            ("x == r'\\' && y", vec!["x == r'\\'", "y"]),
            ("x == '''a'&&'b''' && y", vec!["x == '''a'&&'b'''", "y"]),
            ("a // && c\n && b", vec!["a // && c", "b"]),
            ("(a) && (b)", vec!["a", "b"]),
            ("", vec![""]),
        ] {
            assert_eq!(conjuncts(source), expected, "{source}");
        }
    }

    #[test]
    fn what_is_long_deep_or_chained_is_refused_before_it_is_parsed() {
        for good in [
            "flow.bytes_sent > 10 && flow.country == 'CN'".to_owned(),
            format!("{}a{}", "(".repeat(16), ")".repeat(16)),
            format!("flow.country in ['CN'{}]", ",'RU'".repeat(100)),
            vec!["a.b == c.d"; 60].join(" && "),
        ] {
            assert_eq!(check_bounds(&good), Ok(()), "{good}");
        }
        for bad in [
            " ".repeat(1_001),
            "(".repeat(17),
            format!("1{}", "+1".repeat(100)),
            format!("a{}", ".b".repeat(100)),
            "!".repeat(100),
            format!("{}a", "a?b&&c:".repeat(50)),
            format!("{}1", "1+1+1+1+1+1+1+1+1+1+(".repeat(12)),
        ] {
            assert!(check_bounds(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_place_is_a_column_and_has_a_line_where_there_are_several() {
        assert_eq!(Slip::new(4, "x").told("é b"), "column 4: x");
        assert_eq!(Slip::new(3, "x").told("é b"), "column 3: x");
        assert_eq!(Slip::new(4, "x").told("a\n  b"), "line 2, column 3: x");
    }
}
