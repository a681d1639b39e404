//! What a device did with the vendor's cloud, hour by hour, for people.
//!
//! Comes in: a device as `/api/v1/devices/{id}` gives it. Goes out: lines of text. Names in it are untrusted, and made
//! harmless here.

use std::fmt::Write as _;

use serde_json::Value;

use super::json_field::{cell, entries, number};
use super::moment::exact;
use super::table::bytes;
use crate::net::printable;

/// Most hours that are shown: a day.
const MAX_SHOWN: usize = 24;
/// Most characters of a line.
const MAX_LINE: usize = 240;

/// The latest hours, latest first; each with its state, its reasons, and the ways around the network's rules.
pub(super) fn activity_lines(device: &Value) -> String {
    let hours = entries(device, "activity");
    let mut text = String::new();
    for hour in hours.iter().take(MAX_SHOWN) {
        let [state, start, confidence] =
            ["state", "start", "confidence"].map(|key| cell(hour, key));
        let reasons: Vec<String> = strings(hour, "reasons");
        let also: Vec<String> = strings(hour, "also");
        let mut line = format!("{} {state} ({confidence} % sure)", exact(&start));
        if !also.is_empty() {
            let _infallible = write!(line, ", also {}", also.join(", "));
        }
        if !reasons.is_empty() {
            let _infallible = write!(line, ": {}", reasons.join("; "));
        }
        say(&mut text, 2, &line);
        for role in entries(hour, "roles") {
            let line = format!(
                "{}: {} sent in {} s, {} received in {} s",
                cell(role, "role"),
                bytes(number(role, "bytes_sent")),
                number(role, "seconds_sent"),
                bytes(number(role, "bytes_received")),
                number(role, "seconds_received"),
            );
            say(&mut text, 4, &line);
        }
        for evasion in entries(hour, "evasions") {
            let [kind, count, subject] = ["kind", "count", "subject"].map(|key| cell(evasion, key));
            say(&mut text, 4, &format!("{kind}: {count} times, last {subject}"));
        }
    }
    let more = hours.len().saturating_sub(MAX_SHOWN);
    if more > 0 {
        say(&mut text, 2, &format!("... and {more} hours before; see the API"));
    }
    text
}

fn say(text: &mut String, indent: usize, line: &str) {
    let _infallible = writeln!(text, "{:indent$}{}", "", printable(line, MAX_LINE));
}

fn strings(value: &Value, key: &str) -> Vec<String> {
    entries(value, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_its_state_its_reasons_its_roles_and_its_evasions() {
        let device = serde_json::json!({"activity": [{
            "start": "2026-01-31T12:00:00.000000+0000", "state": "p2p-view", "confidence": 86,
            "also": ["upload"], "reasons": ["much was sent\u{1b}[2J"],
            "roles": [{"role": "p2p", "bytes_sent": 2048, "seconds_sent": 9, "bytes_received": 10, "seconds_received": 8}],
            "evasions": [{"kind": "httpdns", "count": 3, "subject": "119.29.29.29"}],
        }]});

        let text = activity_lines(&device);

        assert_eq!(
            text,
            "  2026-01-31 12:00:00 p2p-view (86 % sure), also upload: much was sent?[2J\n    \
             p2p: 2.0 KiB sent in 9 s, 10 B received in 8 s\n    httpdns: 3 times, last 119.29.29.29\n"
        );
        assert_eq!(activity_lines(&Value::Null), "");
    }
}
