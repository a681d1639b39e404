//! A strict reader of OpenMetrics 1.0 text, written from its specification and from nothing of the program: what it does
//! not know it refuses. Counters, gauges and info are all that the program has.
//!
//! <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>

use std::collections::{BTreeMap, BTreeSet};

/// A family as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) unit: Option<String>,
    pub(crate) help: Option<String>,
    /// Name, labels, value.
    pub(crate) samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

/// Reads an exposition, or says in which line it is wrong.
pub(crate) fn read(text: &str) -> Result<BTreeMap<String, Family>, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("does not end with # EOF and a line feed")?;
    let mut reader = Reader::default();
    for (number, line) in body.split_terminator('\n').enumerate() {
        reader.line(line).map_err(|problem| format!("line {}: {problem}: {line}", number + 1))?;
    }
    if !body.is_empty() && !body.ends_with('\n') {
        return Err("the last line has no end".to_owned());
    }
    reader.close()?;
    Ok(reader.families)
}

#[derive(Default)]
struct Reader {
    families: BTreeMap<String, Family>,
    current: Option<String>,
    seen: BTreeSet<(String, BTreeMap<String, String>)>,
    /// Labels of the metric that is being read, and those that are over, in the current family.
    metric: Option<BTreeMap<String, String>>,
    over: BTreeSet<BTreeMap<String, String>>,
    /// Every name of a sample that a family lays claim to.
    claimed: BTreeMap<String, String>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if line.is_empty() {
            return Err("empty".to_owned());
        }
        match line.strip_prefix('#') {
            Some(rest) => self.descriptor(rest),
            None => self.sample(line),
        }
    }

    fn descriptor(&mut self, rest: &str) -> Result<(), String> {
        let rest = rest.strip_prefix(' ').ok_or("no blank behind #")?;
        let mut words = rest.splitn(3, ' ');
        let (Some(keyword), Some(name), Some(value)) = (words.next(), words.next(), words.next())
        else {
            return Err("a descriptor has three parts".to_owned());
        };
        if !is_name(name, true) {
            return Err("no name of a metric".to_owned());
        }
        self.enter(name)?;
        let family = self.families.get_mut(name).ok_or("no family")?;
        if !family.samples.is_empty() {
            return Err("a descriptor behind samples".to_owned());
        }
        match keyword {
            "TYPE" if family.kind.is_empty() && ["counter", "gauge", "info"].contains(&value) => {
                family.kind = value.to_owned();
                let suffixes: &[&str] = match value {
                    "counter" => &["_total", "_created", ""],
                    "info" => &["_info", ""],
                    _ => &[""],
                };
                for suffix in suffixes {
                    let sample = format!("{name}{suffix}");
                    if let Some(other) = self.claimed.insert(sample.clone(), name.to_owned()) {
                        return Err(format!("{sample} is {other}'s already"));
                    }
                }
            }
            "UNIT" if family.unit.is_none() && name.ends_with(&format!("_{value}")) => {
                family.unit = Some(value.to_owned());
            }
            "HELP" if family.help.is_none() => family.help = Some(unescape(value)?),
            _ => return Err("an unknown, repeated or unfit descriptor".to_owned()),
        }
        Ok(())
    }

    fn enter(&mut self, name: &str) -> Result<(), String> {
        if self.current.as_deref() == Some(name) {
            return Ok(());
        }
        self.close()?;
        if self.families.contains_key(name) {
            return Err("a family in two places".to_owned());
        }
        let family = Family { kind: String::new(), unit: None, help: None, samples: Vec::new() };
        self.families.insert(name.to_owned(), family);
        self.current = Some(name.to_owned());
        self.metric = None;
        self.over.clear();
        Ok(())
    }

    /// A family that is over has a type, and an info has no unit.
    fn close(&self) -> Result<(), String> {
        let Some(name) = &self.current else { return Ok(()) };
        let family = &self.families[name];
        match (family.kind.as_str(), &family.unit) {
            ("", _) => Err(format!("{name} has no type")),
            ("info", Some(_)) => Err(format!("{name} is an info with a unit")),
            _ => Ok(()),
        }
    }

    fn sample(&mut self, line: &str) -> Result<(), String> {
        let end = line.find(['{', ' ']).ok_or("no value")?;
        let (name, rest) = line.split_at(end);
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => labels(rest)?,
            None => (BTreeMap::new(), rest),
        };
        let value = number(rest.strip_prefix(' ').ok_or("no blank before the value")?)?;
        let current = self.current.clone().ok_or("a sample without a family")?;
        let family = self.families.get_mut(&current).ok_or("no family")?;
        let suffix = name.strip_prefix(current.as_str()).ok_or("a sample of another family")?;
        let fits = match family.kind.as_str() {
            "counter" => match suffix {
                "_total" => value.is_finite() && value >= 0.0,
                // It says when the counter before it began.
                "_created" => self.metric.as_ref() == Some(&labels) && value > 0.0,
                _ => false,
            },
            "gauge" => suffix.is_empty(),
            "info" => suffix == "_info" && value == 1.0,
            _ => false,
        };
        if !fits {
            return Err("a sample that its family cannot have".to_owned());
        }
        if self.metric.as_ref() != Some(&labels) {
            if let Some(before) = self.metric.replace(labels.clone()) {
                self.over.insert(before);
            }
            if self.over.contains(&labels) {
                return Err("a metric in two places".to_owned());
            }
        }
        if !self.seen.insert((name.to_owned(), labels.clone())) {
            return Err("a sample twice".to_owned());
        }
        family.samples.push((name.to_owned(), labels, value));
        Ok(())
    }
}

/// Reads labels up to the closing brace; gives what follows it.
fn labels(mut rest: &str) -> Result<(BTreeMap<String, String>, &str), String> {
    let mut labels = BTreeMap::new();
    loop {
        let (name, after) = rest.split_once("=\"").ok_or("a label without a value")?;
        if !is_name(name, false) || name.starts_with("__") {
            return Err(format!("no name of a label: {name}"));
        }
        let mut end = None;
        let mut escaped = false;
        for (at, character) in after.char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let end = end.ok_or("a value without its end")?;
        if labels.insert(name.to_owned(), unescape(&after[..end])?).is_some() {
            return Err("a label twice".to_owned());
        }
        rest = &after[end + 1..];
        if let Some(behind) = rest.strip_prefix('}') {
            return Ok((labels, behind));
        }
        rest = rest.strip_prefix(',').ok_or("no comma between labels")?;
    }
}

fn unescape(text: &str) -> Result<String, String> {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => plain.push('\n'),
                Some(same @ ('\\' | '"')) => plain.push(same),
                other => return Err(format!("no escape: {other:?}")),
            },
            '"' => return Err("a bare quotation mark".to_owned()),
            other => plain.push(other),
        }
    }
    Ok(plain)
}

fn number(text: &str) -> Result<f64, String> {
    match text {
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        "NaN" => Ok(f64::NAN),
        // Rust reads words as well.
        _ if text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) => {
            text.parse().map_err(|_| "no number".to_owned())
        }
        _ => Err("no number".to_owned()),
    }
}

fn is_name(name: &str, with_colon: bool) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || (c == ':' && with_colon);
    !name.is_empty() && name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[test]
fn the_reader_takes_what_is_right_and_refuses_what_is_not() {
    let right = "# TYPE a_bytes counter\n# UNIT a_bytes bytes\n# HELP a_bytes Q \\\" \\\\ \\n.\n\
                 a_bytes_total{x=\"1,}\\\"\"} 1\na_bytes_created{x=\"1,}\\\"\"} 2.5\na_bytes_total{x=\"2\"} 1e3\n\
                 # TYPE b info\nb_info{y=\"z\"} 1\n# TYPE c gauge\nc NaN\n# EOF\n";
    let families = read(right).unwrap();
    assert_eq!(families["a_bytes"].samples.len(), 3);
    assert_eq!(families["a_bytes"].samples[0].1["x"], "1,}\"");
    assert_eq!(families["a_bytes"].help.as_deref(), Some("Q \" \\ \n."));

    for (wrong, replaced) in [
        ("", "# EOF\n"),
        ("# EOF", "# EOF\n"),
        ("\n# EOF\n", "# EOF\n"),
        ("# TYPE a_bytes_total counter", "# TYPE a_bytes counter"),
        ("# UNIT a_bytes seconds", "# UNIT a_bytes bytes"),
        ("# HELP a_bytes Q \" .", "# HELP a_bytes Q \\\" \\\\ \\n."),
        ("a_bytes_total{x=\"1,}\\q\"}", "a_bytes_total{x=\"1,}\\\"\"}"),
        ("a_bytes{x=\"2\"} 1e3", "a_bytes_total{x=\"2\"} 1e3"),
        ("a_bytes_total{x=\"2\"} -1", "a_bytes_total{x=\"2\"} 1e3"),
        ("a_bytes_total{x=\"2\"} 1 2", "a_bytes_total{x=\"2\"} 1e3"),
        ("a_bytes_total{x=\"2\",} 1", "a_bytes_total{x=\"2\"} 1e3"),
        ("a_bytes_total{x=\"2\",x=\"3\"} 1", "a_bytes_total{x=\"2\"} 1e3"),
        ("a_bytes_total{x=\"1,}\\\"\"} 1", "a_bytes_total{x=\"2\"} 1e3"),
        ("a_bytes_created{x=\"2\"} 1", "a_bytes_total{x=\"2\"} 1e3"),
        ("a_bytes_total{x=\"2\"} inf", "a_bytes_total{x=\"2\"} 1e3"),
        ("b_info{y=\"z\"} 2", "b_info{y=\"z\"} 1"),
        ("# TYPE b info\n# UNIT b b", "# TYPE b info"),
        ("# TYPE a_bytes_total gauge\na_bytes_total NaN", "# TYPE c gauge\nc NaN"),
        ("# TYPE a_bytes gauge\na_bytes NaN", "# TYPE c gauge\nc NaN"),
        ("c NaN", "# TYPE c gauge\nc NaN"),
        ("# HELP c C.\nc NaN", "# TYPE c gauge\nc NaN"),
    ] {
        assert!(right.contains(replaced), "{replaced}");
        let text = right.replacen(replaced, wrong, 1);
        assert!(read(&text).is_err(), "{text}");
    }
}
