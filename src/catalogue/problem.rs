//! What comes in as text, and what may be wrong with it.

use std::fmt;

/// The text of one catalogue file, in TOML.
#[derive(Debug, Clone, Copy)]
pub struct CatalogueText<'a> {
    /// What to call it in problems; a path as a rule.
    pub name: &'a str,
    /// Its content.
    pub text: &'a str,
}

/// One thing that is wrong with a catalogue file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}: {entry}: {problem}")]
pub struct CatalogueProblem {
    /// The name of the file.
    pub file: String,
    /// The entry, such as `cloud[3]` or `host dev.ezviz7.com`; `file` when the whole is meant.
    pub entry: String,
    /// What is wrong, for a person.
    pub problem: String,
}

/// All that is wrong with a set of catalogue files, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CatalogueProblems(pub Vec<CatalogueProblem>);

impl fmt::Display for CatalogueProblems {
    /// One problem a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}
