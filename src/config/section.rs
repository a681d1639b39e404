//! Reads one table of the file, key by key, and gathers every problem on the way.
//!
//! Comes in: a TOML table and the settings to overlay. Goes out: changed settings, problems, and the
//! names of the keys that were asked for, so that what was not asked for is known to be a mistake.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use toml::{Table, Value};

use super::error::ConfigError;
use super::units::{duration, show_duration, show_size, size};
use crate::net::{nearest, printable};

/// Most characters of a wrong value or key that a problem repeats; guards logs and terminals.
const MAX_SHOWN: usize = 64;

/// What reading has brought to light so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Everything that is wrong.
    pub(super) problems: Vec<ConfigError>,
    /// Every key that was asked for, with its table.
    pub(super) known: Vec<String>,
}

/// One table, being read. A key that is absent leaves its setting as it is.
pub(super) struct Section<'a> {
    path: String,
    table: &'a Table,
    asked: Vec<&'static str>,
    findings: &'a mut Findings,
}

impl<'a> Section<'a> {
    /// Reads the whole document by `read`, then reports the keys that it did not ask for.
    pub(super) fn read_document(
        table: &'a Table,
        findings: &'a mut Findings,
        read: impl FnOnce(&mut Section<'_>),
    ) {
        Self::read(String::new(), table, findings, read);
    }

    /// Reads the table called `key`; an absent one is read as empty.
    pub(super) fn table(&mut self, key: &'static str, read: impl FnOnce(&mut Section<'_>)) {
        let empty = Table::new();
        let table = match self.value(key) {
            None => &empty,
            Some(Value::Table(table)) => table,
            Some(other) => {
                self.refuse(key, format!("must be a table, written [{key}], is {}", shown(other)));
                return;
            }
        };
        Self::read(self.full_key(key), table, self.findings, read);
    }

    /// Reads each table of the list called `key`, at most `max`.
    pub(super) fn tables(
        &mut self,
        key: &'static str,
        max: usize,
        mut read: impl FnMut(&mut Section<'_>),
    ) {
        let wanted = || format!("must be tables, each written [[{key}]]");
        let list = match self.value(key) {
            None => return,
            Some(Value::Array(list)) => list,
            Some(other) => return self.refuse(key, format!("{}, is {}", wanted(), shown(other))),
        };
        if list.len() > max {
            self.refuse(key, format!("at most {max} are allowed, there are {}", list.len()));
        }
        for (index, entry) in list.iter().take(max).enumerate() {
            let path = self.full_key(&format!("{key}[{index}]"));
            if let Value::Table(table) = entry {
                Self::read(path, table, self.findings, &mut read);
            } else {
                let problem = format!("{}, is {}", wanted(), shown(entry));
                self.findings.problems.push(ConfigError { key: path, problem });
            }
        }
    }

    /// Reads `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str, setting: &mut bool) {
        match self.value(key) {
            None => {}
            Some(Value::Boolean(value)) => *setting = *value,
            Some(other) => self.refuse(key, format!("must be true or false, is {}", shown(other))),
        }
    }

    /// Reads a whole number within `range`.
    pub(super) fn count<N>(&mut self, key: &'static str, setting: &mut N, range: RangeInclusive<N>)
    where
        N: Copy + PartialOrd + std::fmt::Display + TryFrom<i64>,
    {
        let Some(value) = self.value(key) else { return };
        let number = value.as_integer().and_then(|number| N::try_from(number).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => *setting = number,
            None => {
                let (least, most) = (range.start(), range.end());
                let problem =
                    format!("must be a whole number from {least} to {most}, is {}", shown(value));
                self.refuse(key, problem);
            }
        }
    }

    /// Reads a duration with a unit within `range`.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        setting: &mut Duration,
        range: RangeInclusive<Duration>,
    ) {
        let Some(value) = self.value(key) else { return };
        match value.as_str().and_then(duration).filter(|found| range.contains(found)) {
            Some(found) => *setting = found,
            None => {
                let problem = format!(
                    "must be a whole number and a unit (ms, s, m, h) in quotes, from \"{}\" to \"{}\", is {}",
                    show_duration(*range.start()),
                    show_duration(*range.end()),
                    shown(value)
                );
                self.refuse(key, problem);
            }
        }
    }

    /// Reads a size with a unit within `range`, in bytes.
    pub(super) fn size(
        &mut self,
        key: &'static str,
        setting: &mut usize,
        range: RangeInclusive<u64>,
    ) {
        let Some(value) = self.value(key) else { return };
        let bytes = value.as_str().and_then(size).filter(|bytes| range.contains(bytes));
        match bytes.and_then(|bytes| usize::try_from(bytes).ok()) {
            Some(bytes) => *setting = bytes,
            None => {
                let problem = format!(
                    "must be a whole number and a unit (B, KiB, MiB, GiB) in quotes, from \"{}\" to \"{}\", is {}",
                    show_size(*range.start()),
                    show_size(*range.end()),
                    shown(value)
                );
                self.refuse(key, problem);
            }
        }
    }

    /// Reads a size that may be left empty, which unsets it.
    pub(super) fn optional_size(
        &mut self,
        key: &'static str,
        setting: &mut Option<usize>,
        range: RangeInclusive<u64>,
    ) {
        let mut found = setting.unwrap_or_default();
        if self.is_unset(key) {
            *setting = None;
            return;
        }
        self.size(key, &mut found, range);
        if self.table.contains_key(key) {
            *setting = Some(found);
        }
    }

    /// Reads a duration that may be left empty, which unsets it.
    pub(super) fn optional_duration(
        &mut self,
        key: &'static str,
        setting: &mut Option<Duration>,
        range: RangeInclusive<Duration>,
    ) {
        let mut found = setting.unwrap_or_default();
        if self.is_unset(key) {
            *setting = None;
            return;
        }
        self.duration(key, &mut found, range);
        if self.table.contains_key(key) {
            *setting = Some(found);
        }
    }

    /// Tells whether a key is there, and empty.
    fn is_unset(&mut self, key: &'static str) -> bool {
        let is_unset = self.table.get(key).and_then(Value::as_str) == Some("");
        if is_unset {
            self.asked.push(key);
        }
        is_unset
    }

    /// Reads one of the words in `choices`.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        setting: &mut T,
        choices: &[(&str, T)],
    ) {
        let Some(value) = self.value(key) else { return };
        let found = choices.iter().find(|(word, _)| value.as_str() == Some(*word));
        match found {
            Some((_, choice)) => *setting = *choice,
            None => {
                let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                let problem = format!("must be {}, is {}", words.join(" or "), shown(value));
                self.refuse(key, problem);
            }
        }
    }

    /// Tells whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Reads text; none when it is absent or not text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        let value = self.value(key)?;
        if value.as_str().is_none() {
            self.refuse(key, format!("must be text in quotes, is {}", shown(value)));
        }
        value.as_str()
    }

    /// Reads text that may be left empty, which unsets it.
    pub(super) fn optional_text(&mut self, key: &'static str, setting: &mut Option<String>) {
        if let Some(text) = self.text(key) {
            *setting = (!text.is_empty()).then(|| text.to_owned());
        }
    }

    /// Reads a path that may be left empty, which unsets it.
    pub(super) fn optional_path(&mut self, key: &'static str, setting: &mut Option<PathBuf>) {
        if let Some(text) = self.text(key) {
            *setting = (!text.is_empty()).then(|| PathBuf::from(text));
        }
    }

    /// Reads an address with a port.
    pub(super) fn socket_address(&mut self, key: &'static str, setting: &mut SocketAddr) {
        let Some(text) = self.text(key) else { return };
        match text.parse() {
            Ok(address) => *setting = address,
            Err(_) => {
                let wanted =
                    "must be an address and a port, such as \"127.0.0.1:19855\" or \"[::1]:19855\"";
                self.refuse(key, format!("{wanted}, is \"{}\"", printable(text, MAX_SHOWN)));
            }
        }
    }

    /// Reads a list of texts; none when it is absent or anything in it is not text.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<&'a str>> {
        let value = self.value(key)?;
        let texts = value.as_array().map(|list| list.iter().map(Value::as_str).collect());
        if let Some(Some(texts)) = texts {
            return Some(texts);
        }
        self.refuse(
            key,
            format!("must be a list of texts, such as [\"a\", \"b\"], is {}", shown(value)),
        );
        None
    }

    /// Adds a problem of the key called `key`.
    pub(super) fn refuse(&mut self, key: &str, problem: String) {
        let key = self.full_key(key);
        self.findings.problems.push(ConfigError { key, problem });
    }

    fn read(
        path: String,
        table: &Table,
        findings: &mut Findings,
        read: impl FnOnce(&mut Section<'_>),
    ) {
        let mut section = Section { path, table, asked: Vec::new(), findings };
        read(&mut section);
        section.report_unknown_keys();
    }

    fn report_unknown_keys(&mut self) {
        for key in self.table.keys().filter(|key| !self.asked.contains(&key.as_str())) {
            let problem = match nearest(key, self.asked.iter().copied()) {
                Some(known) => format!("no such key; did you mean `{known}`?"),
                None => format!("no such key; there are: {}", self.asked.join(", ")),
            };
            let key = printable(key, MAX_SHOWN);
            let key = if self.path.is_empty() { key } else { format!("{}.{key}", self.path) };
            self.findings.problems.push(ConfigError { key, problem });
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.push(key);
        self.findings.known.push(self.full_key(key));
        self.table.get(key)
    }

    fn full_key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// Writes a value with its kind, so that a missing pair of quotes shows.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", printable(text, MAX_SHOWN)),
        Value::Integer(number) => format!("the number {number}"),
        Value::Float(number) => format!("the number {number}"),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(_) => "a date".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}
