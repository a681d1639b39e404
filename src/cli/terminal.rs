//! What is at the other end of standard output.
//!
//! Comes in: the terminal and the environment. Goes out: how wide a line may be, and whether it may have colours
//! (<https://no-color.org>).

use std::env;
use std::io::{self, IsTerminal};

/// The width where nobody says one, as in a pipe or a file.
const DEFAULT_WIDTH: usize = 120;

/// The narrowest that tables are made for.
const LEAST_WIDTH: usize = 40;

/// The widest: longer lines are hard to follow.
const MOST_WIDTH: usize = 240;

/// Columns of standard output: what the terminal says, else `COLUMNS`.
pub(super) fn width() -> usize {
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into());
    let named = || env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    terminal.or_else(named).unwrap_or(DEFAULT_WIDTH).clamp(LEAST_WIDTH, MOST_WIDTH)
}

/// Tells whether standard output takes colours and the user wants them.
pub(super) fn has_colours() -> bool {
    let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !unwanted && !dumb
}
