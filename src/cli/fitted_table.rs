//! A table that fits the terminal: columns become narrower, then the least important of them leave.
//!
//! Comes in: cells of untrusted text. Goes out: lines that are no wider than they may be, in which no character moves the
//! cursor, and wide characters (UAX #11) count as two.

use unicode_width::UnicodeWidthChar;

use crate::net::printable;

/// Most characters of a cell that are looked at.
const MAX_CELL: usize = 200;

/// Between two columns.
const GAP: usize = 2;

/// Stands for what is cut off.
const CUT: char = '\u{2026}';

/// A column and how it may be treated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Its header.
    pub(super) title: &'static str,
    /// Its header where that is too wide.
    pub(super) short_title: &'static str,
    /// As narrow as it may become.
    pub(super) least: usize,
    /// As wide as it may become.
    pub(super) most: usize,
    /// The column with the highest number leaves first; 0 never leaves.
    pub(super) expendable: u8,
}

/// A colour of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Plain,
    Green,
    Yellow,
    Dim,
}

impl Colour {
    /// The sequence of ECMA-48, 8.3.117 (SGR).
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Green => "\u{1b}[32m",
            Self::Yellow => "\u{1b}[33m",
            Self::Dim => "\u{1b}[2m",
        }
    }
}

/// What stands in a row and a column.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    /// Stands there when the column is too narrow for the text.
    short: Option<String>,
    colour: Colour,
}

impl Cell {
    pub(super) fn new(text: &str) -> Self {
        Self { text: harmless(text), short: None, colour: Colour::Plain }
    }

    pub(super) fn or_short(self, short: &str) -> Self {
        Self { short: Some(harmless(short)), ..self }
    }

    pub(super) fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }
}

/// Rows under a header.
#[derive(Debug)]
pub(super) struct FittedTable {
    columns: &'static [Column],
    rows: Vec<Vec<Cell>>,
}

impl FittedTable {
    pub(super) const fn new(columns: &'static [Column]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row: one cell a column.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines, none wider than `width` unless the columns that must stay are.
    pub(super) fn render(&self, width: usize, colours: bool) -> String {
        let layout = self.layout(width);
        let mut text = String::new();
        let header = self.columns.iter().map(|column| Cell {
            colour: Colour::Dim,
            ..Cell::new(column.title).or_short(column.short_title)
        });
        let header: Vec<Cell> = header.collect();
        for row in std::iter::once(&header).chain(&self.rows) {
            let mut line = String::new();
            let mut owed = 0;
            for (cell, width) in row.iter().zip(&layout) {
                let Some(width) = *width else { continue };
                line.extend(std::iter::repeat_n(' ', owed));
                let shown = shown(cell, width);
                owed = width.saturating_sub(width_of(&shown)) + GAP;
                let code = if colours && !shown.is_empty() { cell.colour.code() } else { "" };
                line.push_str(code);
                line.push_str(&shown);
                line.push_str(if code.is_empty() { "" } else { "\u{1b}[0m" });
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// The width of each column; nothing for those that leave.
    fn layout(&self, width: usize) -> Vec<Option<usize>> {
        let natural = |(number, column): (usize, &Column)| {
            let cells = self.rows.iter().filter_map(|row| row.get(number));
            let widest = cells.map(|cell| width_of(&cell.text)).max().unwrap_or(0);
            // A column without content tells nothing.
            let is_needed = widest > 0 || column.expendable == 0;
            is_needed.then(|| widest.max(column.title.len()).min(column.most))
        };
        let mut widths: Vec<Option<usize>> = self.columns.iter().enumerate().map(natural).collect();
        let least = |widths: &[Option<usize>]| {
            let narrow = |(width, column): (&Option<usize>, &Column)| {
                width.map(|width| width.min(column.least) + GAP)
            };
            widths.iter().zip(self.columns).filter_map(narrow).sum::<usize>().saturating_sub(GAP)
        };
        while least(&widths) > width {
            let candidates = widths.iter_mut().zip(self.columns);
            let candidates =
                candidates.filter(|(width, column)| width.is_some() && column.expendable > 0);
            match candidates.max_by_key(|(_, column)| column.expendable) {
                Some((leaving, _)) => *leaving = None,
                None => break,
            }
        }
        let mut narrow = widths.clone();
        self.narrow(&mut narrow, width);
        // A column that shows short forms needs no more than these; the others get what it leaves.
        for (number, (width, narrow)) in widths.iter_mut().zip(narrow).enumerate() {
            if let (Some(width), Some(narrow)) = (width, narrow) {
                *width = self.shown_width(number, narrow).unwrap_or(*width);
            }
        }
        self.narrow(&mut widths, width);
        widths
    }

    /// What a column of this width takes with the short forms that stand in it; nothing where none does.
    fn shown_width(&self, number: usize, width: usize) -> Option<usize> {
        let cells = || self.rows.iter().filter_map(|row| row.get(number));
        let is_short = |cell: &Cell| cell.short.is_some() && width_of(&cell.text) > width;
        if !cells().any(is_short) {
            return None;
        }
        let column = self.columns.get(number)?;
        let is_wide = column.title.len() > width;
        let title = if is_wide { column.short_title } else { column.title };
        cells().map(|cell| width_of(&shown(cell, width))).chain([title.len()]).max()
    }

    /// Takes width from the columns that have most to spare.
    fn narrow(&self, widths: &mut [Option<usize>], width: usize) {
        loop {
            let columns = widths.iter().flatten().count();
            let total: usize =
                widths.iter().flatten().sum::<usize>() + GAP * columns.saturating_sub(1);
            if total <= width {
                return;
            }
            let widest = widths
                .iter_mut()
                .zip(self.columns)
                .filter_map(|(width, column)| {
                    let width = width.as_mut()?;
                    let spare = width.saturating_sub(column.least);
                    (spare > 0).then_some((spare, width))
                })
                .max_by_key(|(spare, _)| *spare);
            match widest {
                Some((_, width)) => *width -= 1,
                None => return,
            }
        }
    }
}

/// The text of a cell in a column of this width.
fn shown(cell: &Cell, width: usize) -> String {
    match &cell.short {
        Some(short) if width_of(&cell.text) > width => cut(short, width),
        Some(_) | None => cut(&cell.text, width),
    }
}

fn cut(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut room = width.saturating_sub(1);
    for c in text.chars() {
        let Some(rest) = room.checked_sub(c.width().unwrap_or(0)) else { break };
        room = rest;
        kept.push(c);
    }
    kept.push(CUT);
    kept
}

/// Text without what moves the cursor or takes no place of its own: marks can be piled up over other lines.
fn harmless(text: &str) -> String {
    let text = printable(text, MAX_CELL);
    text.chars().filter(|c| c.width().is_some_and(|width| width > 0)).collect()
}

fn width_of(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { title: "NAME", short_title: "NAME", least: 6, most: 20, expendable: 0 },
        Column { title: "CONFIDENCE", short_title: "CONF", least: 4, most: 12, expendable: 0 },
        Column { title: "FIRMWARE", short_title: "FW", least: 8, most: 20, expendable: 2 },
        Column { title: "CLOUD", short_title: "CLOUD", least: 5, most: 20, expendable: 1 },
    ];

    fn table() -> FittedTable {
        let mut table = FittedTable::new(COLUMNS);
        table.row([
            Cell::new("a camera of some name"),
            Cell::new("77 confirmed").or_short("77").coloured(Colour::Green),
            Cell::new("V5.6.2build 190701"),
            Cell::new("ezviz-lbs"),
        ]);
        table
    }

    #[test]
    fn columns_become_narrow_before_any_leaves_and_no_line_is_too_wide() {
        for width in 12..90 {
            for line in table().render(width, false).lines() {
                assert!(width_of(line) <= width, "{width}: {line}");
            }
        }
        assert!(table().render(35, false).contains("FW"));
        assert!(!table().render(28, false).contains("FW"));
        assert!(table().render(80, false).contains("77 confirmed"));
        let narrow = table().render(24, false);
        assert!(narrow.contains(" 77 ") && narrow.contains("CONF "), "{narrow}");
    }

    #[test]
    fn no_text_moves_the_cursor_or_leaves_its_column() {
        let mut table = FittedTable::new(COLUMNS);
        let evil = "\u{1b}[2J\r\n\u{202e}\u{5bb6}\u{5bb6}\u{5bb6}\u{5bb6}a\u{301}\u{301}";
        table.row([Cell::new(evil), Cell::new("1"), Cell::new(evil), Cell::new(evil)]);

        let text = table.render(40, false);

        assert_eq!(text.lines().count(), 2);
        assert!(!text.contains(['\u{1b}', '\r', '\u{202e}', '\u{301}']), "{text:?}");
        assert!(text.lines().all(|line| width_of(line) <= 40), "{text}");
    }

    #[test]
    fn colours_are_there_only_when_asked_for_and_a_column_without_content_is_not() {
        assert!(table().render(80, true).contains("\u{1b}[32m77 confirmed\u{1b}[0m"));
        assert!(!table().render(80, false).contains('\u{1b}'));

        let mut table = FittedTable::new(COLUMNS);
        table.row([Cell::new("x"), Cell::new("1"), Cell::new(""), Cell::new("y")]);
        assert_eq!(table.render(80, false), "NAME  CONFIDENCE  CLOUD\nx     1           y\n");
    }
}
