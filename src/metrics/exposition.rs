//! The two formats that Prometheus reads: text 0.0.4 and OpenMetrics 1.0.
//!
//! Comes in: families with their samples, in order. Goes out: text. Names and help are ours; label values may come from
//! the network and are escaped. It is written by hand, since an exposition of thousands of series has to be made while a
//! scrape waits: <https://prometheus.io/docs/instrumenting/exposition_formats/>,
//! <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>.

use std::fmt::Write as _;

use crate::net::Timestamp;

/// Units that a name may end in and that OpenMetrics is told of.
const UNITS: [&str; 3] = ["seconds", "bytes", "ratio"];

/// A format of the exposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpositionFormat {
    /// Prometheus text, version 0.0.4.
    Text,
    /// OpenMetrics text, version 1.0.0.
    OpenMetrics,
}

impl ExpositionFormat {
    /// The media type that an answer in this format has.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What the samples of a family are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only grows; its name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Always 1, its labels say it all; its name ends in `_info`.
    Info,
}

/// A value of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    /// A count; exact.
    Whole(u64),
    /// Anything else.
    Real(f64),
}

/// Labels of a sample, in the order in which they are written.
pub(crate) type Labels<'l> = [(&'l str, &'l str)];

/// An exposition that is being written.
pub(crate) struct Exposition {
    format: ExpositionFormat,
    text: String,
}

/// A family that is being written; its header comes with its first sample.
pub(crate) struct FamilyWriter<'e> {
    exposition: &'e mut Exposition,
    name: &'e str,
    /// The name in OpenMetrics, to which each sample adds the suffix of its kind.
    stem: &'e str,
    help: &'e str,
    kind: Kind,
    is_begun: bool,
}

impl Exposition {
    /// Begins an exposition that will have about `expected` bytes.
    pub(crate) fn new(format: ExpositionFormat, expected: usize) -> Self {
        Self { format, text: String::with_capacity(expected) }
    }

    /// Begins a family.
    pub(crate) fn family<'e>(
        &'e mut self,
        name: &'e str,
        help: &'e str,
        kind: Kind,
    ) -> FamilyWriter<'e> {
        let suffix = match kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge => "",
        };
        let stem = name.strip_suffix(suffix).unwrap_or(name);
        FamilyWriter { exposition: self, name, stem, help, kind, is_begun: false }
    }

    /// The whole text.
    pub(crate) fn finish(mut self) -> String {
        if self.format == ExpositionFormat::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }

    fn line(&mut self, name: &str, suffix: &str, labels: &Labels<'_>, value: Value) {
        self.text.push_str(name);
        self.text.push_str(suffix);
        let mut before = '{';
        for (label, text) in labels {
            self.text.push(before);
            self.text.push_str(label);
            self.text.push_str("=\"");
            push_escaped(&mut self.text, text, true);
            self.text.push('"');
            before = ',';
        }
        if before == ',' {
            self.text.push('}');
        }
        self.text.push(' ');
        push_value(&mut self.text, value);
        self.text.push('\n');
    }
}

impl FamilyWriter<'_> {
    /// Writes a sample.
    pub(crate) fn sample(&mut self, labels: &Labels<'_>, value: Value) {
        self.begin();
        self.exposition.line(self.name, "", labels, value);
    }

    /// Writes when the counter with these labels began; only OpenMetrics has a place for it, behind its sample.
    pub(crate) fn created(&mut self, labels: &Labels<'_>, at: Timestamp) {
        if self.exposition.format == ExpositionFormat::OpenMetrics && self.kind == Kind::Counter {
            let value = Value::Real(at.as_secs_f64());
            self.exposition.line(self.stem, "_created", labels, value);
        }
    }

    fn begin(&mut self) {
        if std::mem::replace(&mut self.is_begun, true) {
            return;
        }
        let is_open = self.exposition.format == ExpositionFormat::OpenMetrics;
        let name = if is_open { self.stem } else { self.name };
        let kind = match self.kind {
            Kind::Counter => "counter",
            Kind::Info if is_open => "info",
            Kind::Gauge | Kind::Info => "gauge",
        };
        let text = &mut self.exposition.text;
        for part in ["# HELP ", name, " "] {
            text.push_str(part);
        }
        push_escaped(text, self.help, is_open);
        for part in ["\n# TYPE ", name, " ", kind, "\n"] {
            text.push_str(part);
        }
        let unit = UNITS
            .iter()
            .find(|unit| name.strip_suffix(**unit).is_some_and(|before| before.ends_with('_')));
        if let (true, Some(unit)) = (is_open && self.kind != Kind::Info, unit) {
            for part in ["# UNIT ", name, " ", unit, "\n"] {
                text.push_str(part);
            }
        }
    }
}

/// Escapes what the formats have a meaning for; a quotation mark has none in the help of text 0.0.4.
fn push_escaped(out: &mut String, text: &str, quotes: bool) {
    let special = |byte: u8| byte == b'\\' || byte == b'\n' || (byte == b'"' && quotes);
    if !text.bytes().any(special) {
        out.push_str(text);
        return;
    }
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes => out.push_str("\\\""),
            other => out.push(other),
        }
    }
}

fn push_value(out: &mut String, value: Value) {
    // A `String` takes whatever is written.
    let written = match value {
        Value::Whole(number) => write!(out, "{number}"),
        Value::Real(number) if number == f64::INFINITY => write!(out, "+Inf"),
        Value::Real(number) if number == f64::NEG_INFINITY => write!(out, "-Inf"),
        Value::Real(number) => write!(out, "{number}"),
    };
    debug_assert!(written.is_ok(), "text grows");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_written_as_their_specifications_have_it() {
        let golden = [
            (
                ExpositionFormat::Text,
                "# HELP x_bytes_total A \"b\" \\\\ c\\nd.\n\
                 # TYPE x_bytes_total counter\n\
                 x_bytes_total{a=\"q\\\"\\\\\\n\",b=\"\u{e9}\"} 18446744073709551615\n\
                 x_bytes_total 0\n\
                 # HELP x_up Up.\n\
                 # TYPE x_up gauge\n\
                 x_up +Inf\n\
                 x_up -Inf\n\
                 x_up NaN\n\
                 # HELP x_info Who.\n\
                 # TYPE x_info gauge\n\
                 x_info{a=\"\"} 1\n\
                 # HELP x_timestamp_seconds When.\n\
                 # TYPE x_timestamp_seconds gauge\n\
                 x_timestamp_seconds 1767225600.25\n",
            ),
            (
                ExpositionFormat::OpenMetrics,
                "# HELP x_bytes A \\\"b\\\" \\\\ c\\nd.\n\
                 # TYPE x_bytes counter\n\
                 # UNIT x_bytes bytes\n\
                 x_bytes_total{a=\"q\\\"\\\\\\n\",b=\"\u{e9}\"} 18446744073709551615\n\
                 x_bytes_created{a=\"q\\\"\\\\\\n\",b=\"\u{e9}\"} 12.5\n\
                 x_bytes_total 0\n\
                 # HELP x_up Up.\n\
                 # TYPE x_up gauge\n\
                 x_up +Inf\n\
                 x_up -Inf\n\
                 x_up NaN\n\
                 # HELP x Who.\n\
                 # TYPE x info\n\
                 x_info{a=\"\"} 1\n\
                 # HELP x_timestamp_seconds When.\n\
                 # TYPE x_timestamp_seconds gauge\n\
                 # UNIT x_timestamp_seconds seconds\n\
                 x_timestamp_seconds 1767225600.25\n\
                 # EOF\n",
            ),
        ];

        for (format, expected) in golden {
            let mut exposition = Exposition::new(format, 0);
            let mut bytes = exposition.family("x_bytes_total", "A \"b\" \\ c\nd.", Kind::Counter);
            let labels = [("a", "q\"\\\n"), ("b", "\u{e9}")];
            bytes.sample(&labels, Value::Whole(u64::MAX));
            bytes.created(&labels, Timestamp::from_parts(12, 500_000_000));
            bytes.sample(&[], Value::Whole(0));
            let mut up = exposition.family("x_up", "Up.", Kind::Gauge);
            for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
                up.sample(&[], Value::Real(value));
            }
            exposition.family("x_info", "Who.", Kind::Info).sample(&[("a", "")], Value::Whole(1));
            let when = Value::Real(1_767_225_600.25);
            exposition.family("x_timestamp_seconds", "When.", Kind::Gauge).sample(&[], when);

            assert_eq!(exposition.finish(), expected, "{format:?}");
        }
    }

    #[test]
    fn a_family_without_samples_is_not_mentioned() {
        let mut exposition = Exposition::new(ExpositionFormat::OpenMetrics, 0);
        exposition.family("x_total", "None.", Kind::Counter);

        assert_eq!(exposition.finish(), "# EOF\n");
    }
}
