//! Names that are fit to be a label.

/// Names of the catalogue are short, plain words; anything else did not come from there.
pub(crate) fn slug(name: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=32).contains(&name.len()) && name.bytes().all(is_plain) { name } else { "other" }
}
