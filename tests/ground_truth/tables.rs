//! The tables of names that other tools made, as sightings by capture.
//!
//! Read are `expected-{sni,http,dns}.tsv` (tshark), `peer-names.tsv` (nDPI, Zeek, Suricata, JA4) and the DNS
//! answers in `peer-suricata-checks.tsv`. A table that is absent says nothing; a peer without rows neither.
//!
//! The peers' tables have what each found in the captures of its own suite. `tool_runs.tsv` beside this file has what they
//! find in captures of others: each row is a line of the output of that version, run with those arguments.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::sighting::{Flow, Kind, Sighting};
use super::spelling;

/// Sightings by capture.
pub(crate) type Sightings = HashMap<String, Vec<Sighting>>;

/// A table with named columns.
pub(crate) struct Table {
    columns: HashMap<String, usize>,
    rows: Vec<Vec<String>>,
}

/// A row of a [`Table`].
#[derive(Clone, Copy)]
pub(crate) struct Row<'a>(&'a Table, &'a [String]);

impl Table {
    /// Reads `name` in `folder`; empty where it is absent.
    pub(crate) fn read(folder: &Path, name: &str) -> Self {
        let bytes = std::fs::read(folder.join(name)).unwrap_or_default();
        Self::parse(&String::from_utf8_lossy(&bytes))
    }

    /// Reads a text with a head of column names.
    pub(crate) fn parse(text: &str) -> Self {
        // Not `lines`: it would take a carriage return for part of the line's end.
        let mut rows = text
            .split('\n')
            .filter(|row| !row.is_empty())
            .map(|row| row.split('\t').map(str::to_owned).collect::<Vec<_>>());
        let head = rows.next().unwrap_or_default();
        let columns = head.into_iter().enumerate().map(|(at, name)| (name, at)).collect();
        Self { columns, rows: rows.collect() }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|row| Row(self, row))
    }
}

impl<'a> Row<'a> {
    /// The cell in a column; empty where either is absent.
    pub(crate) fn cell(self, column: &str) -> &'a str {
        self.0.columns.get(column).and_then(|at| self.1.get(*at)).map_or("", String::as_str)
    }

    /// The flow in the columns of addresses and ports.
    pub(crate) fn flow(self) -> Option<Flow> {
        Flow::new(self.cell("src"), self.cell("sport"), self.cell("dst"), self.cell("dport"))
    }
}

/// Reads all tables of names.
pub(crate) fn sightings(folder: &Path) -> Sightings {
    let mut sightings = Sightings::new();
    let mut add = |row: Row<'_>, tool: &str, kind, name: Option<String>, is_optional| {
        let Some(name) = name else { return };
        let (tool, flow) = (tool.to_owned(), row.flow());
        let of_capture = sightings.entry(row.cell("capture").to_owned()).or_default();
        of_capture.push(Sighting { tool, kind, name, flow, is_optional });
    };
    for row in Table::read(folder, "expected-sni.tsv").rows() {
        let kind = match row.cell("transport") {
            "quic" | "gquic" => Kind::QuicSni,
            _ => Kind::TlsSni,
        };
        add(row, TSHARK, Some(kind), spelling::domain(row.cell("sni")), false);
    }
    for row in Table::read(folder, "expected-http.tsv").rows() {
        let is_optional = row.cell("carrier") != "http";
        add(row, TSHARK, Some(Kind::HttpHost), spelling::host(row.cell("host")), is_optional);
        let target = spelling::host_of_target(row.cell("method"), row.cell("uri"));
        add(row, TSHARK, Some(Kind::HttpHost), target, true);
    }
    for row in Table::read(folder, "expected-dns.tsv").rows() {
        let kind = Kind::from_word(row.cell("proto"));
        add(row, TSHARK, kind, spelling::domain(row.cell("qname")), false);
        add(row, TSHARK, kind, spelling::domain(row.cell("owner")), false);
        // EVE shows but pointers of multicast DNS. Its queries have answers too (RFC 6762, 7.1).
        if row.cell("proto") != "mdns" || row.cell("rtype") == "PTR" {
            let answer = spelling::answer(row.cell("owner"), row.cell("rtype"), row.cell("answer"));
            add(row, TSHARK, Some(Kind::DnsAnswer), answer, false);
        }
    }
    for row in Table::read(folder, "peer-names.tsv").rows() {
        let (tool, name) = (row.cell("peer"), row.cell("name"));
        match (tool, row.cell("kind")) {
            (_, "http-host") => {
                add(row, tool, Some(Kind::HttpHost), spelling::host(name), false);
            }
            // JA4 tells no transport; `other` is a protocol above or beside the one that carries the name.
            ("ja4", _) | (_, "other") => add(row, tool, None, spelling::domain(name), false),
            (_, word) => {
                if let Some(kind) = Kind::from_word(word) {
                    add(row, tool, Some(kind), spelling::domain(name), false);
                }
            }
        }
    }
    for row in Table::parse(TOOL_RUNS).rows() {
        let kind = Kind::from_word(row.cell("kind")).unwrap();
        add(row, row.cell("peer"), Some(kind), Some(row.cell("name").to_owned()), false);
    }
    for row in Table::read(folder, "peer-suricata-checks.tsv").rows() {
        for answer in checked_answers(row) {
            add(row, "suricata", Some(Kind::DnsAnswer), Some(answer), false);
        }
    }
    sightings
}

/// What the tools find in captures of others.
const TOOL_RUNS: &str = include_str!("tool_runs.tsv");

/// The name of the tool that made the `expected` tables.
pub(crate) const TSHARK: &str = "tshark";

/// The answers in a check that has to match: `dns.answers[0].rrname=...; dns.answers[0].rrtype=...`.
fn checked_answers(row: Row<'_>) -> Vec<String> {
    let mut answers: BTreeMap<&str, HashMap<&str, &str>> = BTreeMap::new();
    if row.cell("count") == "0" || row.cell("event_type") != "dns" {
        return Vec::new();
    }
    for field in row.cell("match").split("; ") {
        let Some((index, field)) =
            field.strip_prefix("dns.answers[").and_then(|rest| rest.split_once("]."))
        else {
            continue;
        };
        if let Some((name, value)) = field.split_once('=') {
            answers.entry(index).or_default().insert(name, value);
        }
    }
    let cell =
        |fields: &HashMap<&str, &str>, name| fields.get(name).map_or("", |value| *value).to_owned();
    answers
        .values()
        .filter_map(|fields| {
            spelling::answer(
                &cell(fields, "rrname"),
                &cell(fields, "rrtype"),
                &cell(fields, "rdata"),
            )
        })
        .collect()
}
