//! Fields of the daemon's answers, as text.
//!
//! Comes in: JSON. Goes out: text for a cell; nothing in it is made harmless yet.

use serde_json::Value;

/// The list under a key; empty when there is none.
pub(super) fn entries<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The value under a key; empty when there is none.
pub(super) fn cell(value: &Value, key: &str) -> String {
    match value.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => {
            let parts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            parts.join(" ")
        }
        Some(other) => other.to_string(),
    }
}

/// The number under a key; 0 when there is none.
pub(super) fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}
