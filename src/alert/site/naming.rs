//! What somebody may have meant by a name that does not exist.
//!
//! Comes in: names from expressions and messages. Goes out: the nearest field, or those of its family.

use super::fields::{FIELDS, Family};
use crate::net::{nearest, printable};

/// Longest name that is repeated.
const MAX_NAME_CHARS: usize = 64;

pub(super) fn cut(name: &str) -> String {
    printable(name, MAX_NAME_CHARS)
}

/// What may have been meant by the name of a field.
pub(super) fn meant(name: &str) -> String {
    if let Some(known) = nearest(name, FIELDS.iter().map(|field| field.name)) {
        return format!("; did you mean `{known}`?");
    }
    let family = name.split('.').next().unwrap_or_default();
    match Family::ALL.into_iter().find(|known| known.as_label() == family) {
        Some(family) => format!("; there are: {}", fields_of(family)),
        None => {
            let families = Family::ALL.map(|family| format!("{}.*", family.as_label()));
            format!("; fields are {}", families.join(", "))
        }
    }
}

pub(super) fn fields_of(family: Family) -> String {
    let of_family = FIELDS.iter().filter(|field| field.family() == family);
    of_family.map(|field| field.name).collect::<Vec<_>>().join(", ")
}
