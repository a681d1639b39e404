//! Text -> rows: syntax and shape, each row by itself, so that one bad row does not hide the others.

use serde::de::DeserializeOwned;

use super::raw::{
    RawCloud, RawFraming, RawMaker, RawNegative, RawPattern, RawPort, RawRegionCode, RawResolver,
    RawShared, RawSource, RawThirdParty, RawVendor,
};
use super::{CatalogueProblem, CatalogueText};

/// The version of the format that this program reads.
const SCHEMA: i64 = 1;

/// The keys that name a row for a person, in this order.
const NAMING_KEYS: [&str; 12] = [
    "host",
    "suffix",
    "id",
    "slug",
    "prefix",
    "domain",
    "label",
    "code",
    "address",
    "organisation",
    "framing",
    "port",
];

/// The rows of all files, in their order.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) sources: Vec<Row<RawSource>>,
    pub(super) vendors: Vec<Row<RawVendor>>,
    pub(super) makers: Vec<Row<RawMaker>>,
    pub(super) third_parties: Vec<Row<RawThirdParty>>,
    pub(super) clouds: Vec<Row<RawCloud>>,
    pub(super) patterns: Vec<Row<RawPattern>>,
    pub(super) region_codes: Vec<Row<RawRegionCode>>,
    pub(super) negatives: Vec<Row<RawNegative>>,
    pub(super) shared: Vec<Row<RawShared>>,
    pub(super) resolvers: Vec<Row<RawResolver>>,
    pub(super) framings: Vec<Row<RawFraming>>,
    pub(super) ports: Vec<Row<RawPort>>,
}

/// One row, and where it stands.
#[derive(Debug)]
pub(super) struct Row<T> {
    pub(super) place: Place,
    pub(super) raw: T,
}

/// Where a row stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The number of the file.
    pub(super) order: usize,
    /// The name of the file.
    pub(super) file: String,
    /// The row, for a person.
    pub(super) entry: String,
}

impl Place {
    /// Says what is wrong here.
    pub(super) fn problem(&self, problem: impl Into<String>) -> CatalogueProblem {
        CatalogueProblem {
            file: self.file.clone(),
            entry: self.entry.clone(),
            problem: problem.into(),
        }
    }
}

impl Rows {
    /// Reads all files; what cannot be read is told in `problems` and left out.
    pub(super) fn read(files: &[CatalogueText<'_>], problems: &mut Vec<CatalogueProblem>) -> Self {
        let mut rows = Self::default();
        for (order, file) in files.iter().enumerate() {
            let place = Place { order, file: file.name.to_owned(), entry: "file".to_owned() };
            match toml::from_str::<toml::Table>(file.text) {
                Ok(tables) => rows.add(&place, tables, problems),
                Err(error) => problems.push(place.problem(not_toml(file.text, &error))),
            }
        }
        rows
    }

    fn add(&mut self, place: &Place, tables: toml::Table, problems: &mut Vec<CatalogueProblem>) {
        if tables.get("schema").and_then(toml::Value::as_integer) != Some(SCHEMA) {
            problems.push(place.problem(format!("`schema = {SCHEMA}` is missing")));
        }
        for (table, value) in tables {
            match table.as_str() {
                "schema" => {}
                "version" if value.as_integer().is_some_and(|version| version > 0) => {}
                "version" => problems.push(place.problem("`version` is a whole number from 1")),
                "source" => read_rows(&mut self.sources, place, &table, value, problems),
                "vendor" => read_rows(&mut self.vendors, place, &table, value, problems),
                "maker" => read_rows(&mut self.makers, place, &table, value, problems),
                "third_party" => {
                    read_rows(&mut self.third_parties, place, &table, value, problems);
                }
                "cloud" => read_rows(&mut self.clouds, place, &table, value, problems),
                "pattern" => read_rows(&mut self.patterns, place, &table, value, problems),
                "region_code" => read_rows(&mut self.region_codes, place, &table, value, problems),
                "negative" => read_rows(&mut self.negatives, place, &table, value, problems),
                "shared" => read_rows(&mut self.shared, place, &table, value, problems),
                "resolver" => read_rows(&mut self.resolvers, place, &table, value, problems),
                "framing" => read_rows(&mut self.framings, place, &table, value, problems),
                "port" => read_rows(&mut self.ports, place, &table, value, problems),
                _ => problems.push(place.problem(format!("no such table: `{table}`"))),
            }
        }
    }
}

/// Says on one line where the text stops to be TOML, and why.
fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    format!("line {line} is not TOML: {}", error.message().replace('\n', ", "))
}

/// What a row is called by this value.
fn naming(value: &toml::Value) -> Option<String> {
    let text = value.as_str().map(str::to_owned);
    text.or_else(|| value.as_integer().map(|number| number.to_string()))
}

fn read_rows<T: DeserializeOwned>(
    rows: &mut Vec<Row<T>>,
    file: &Place,
    table: &str,
    value: toml::Value,
    problems: &mut Vec<CatalogueProblem>,
) {
    let toml::Value::Array(values) = value else {
        problems.push(file.problem(format!("write `[[{table}]]`, once for each entry")));
        return;
    };
    for (index, value) in values.into_iter().enumerate() {
        let name = NAMING_KEYS.iter().find_map(|key| naming(value.get(key)?));
        let entry = match name {
            Some(name) => format!("{table}[{index}] ({name})"),
            None => format!("{table}[{index}]"),
        };
        let place = Place { entry, ..file.clone() };
        match value.try_into::<T>() {
            Ok(raw) => rows.push(Row { place, raw }),
            Err(error) => problems.push(place.problem(error.message())),
        }
    }
}
