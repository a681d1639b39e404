//! `hikwatch devices show`: one device, explained.
//!
//! Comes in: a device as `/api/v1/devices/{id}` gives it. Goes out: text for people. Whatever a device says of itself is
//! untrusted, and made harmless here.

use std::fmt::Write as _;

use serde_json::Value;

use super::activity_lines::activity_lines;
use super::device_table::name_of;
use super::fitted_table::{Cell, Column, FittedTable};
use super::json_field::{cell, entries, number};
use super::moment::{ago, exact};
use super::table::{Table, bytes};
use super::vendor_title::VendorTitles;
use crate::net::{Timestamp, printable};

/// Most characters of one line of a device's words.
const MAX_LINE: usize = 200;

/// Before each line of a section.
const INDENT: usize = 2;

const FACTS: &[Column] = &[
    column("PART", 10, 10, 0),
    column("WEIGHT", 6, 6, 0),
    column("KIND", 14, 15, 2),
    column("SOURCE", 8, 12, 0),
    column("CLAIM", 16, 40, 0),
    column("SEEN", 10, 60, 0),
    column("TIMES", 5, 7, 0),
    column("FIRST", 11, 19, 1),
    column("LAST", 11, 19, 0),
];

const fn column(title: &'static str, least: usize, most: usize, expendable: u8) -> Column {
    Column { title, short_title: title, least, most, expendable }
}

/// Everything that is known of a device.
pub(super) fn device_page(device: &Value, now: Timestamp, width: usize) -> String {
    let mut text = headline(device);
    text.push('\n');
    who(device, &mut text);
    life(device, now, &mut text);
    let reasons = reasons(device, width);
    let _infallible = write!(text, "\nWhy\n{reasons}");
    clouds(device, &mut text);
    let hours = activity_lines(device);
    if !hours.is_empty() {
        let _infallible = write!(text, "\nWhat it did with the cloud, by the hour (UTC)\n{hours}");
    }
    text
}

/// Who it is and how sure that is, on one line: `Annke, made by Hikvision: confidence 77 of 100, confirmed`.
pub(super) fn headline(device: &Value) -> String {
    let titles = VendorTitles::load();
    let id = cell(device, "device_id");
    let called = match name_of(device) {
        Some(name) => format!("{} ({id})", printable(&name, MAX_LINE)),
        None => id,
    };
    if cell(device, "vendor").is_empty() {
        return format!("{called}: no device of a vendor that is known here\n");
    }
    let confidence = number(device, "confidence");
    let word = cell(device, "certainty");
    let who = printable(&titles.who(device), MAX_LINE);
    format!("{called}: {who}, confidence {confidence} of 100, {}\n", in_words(&word))
}

/// What a word of certainty rests on.
fn in_words(certainty: &str) -> &'static str {
    match certainty {
        "confirmed" => "confirmed by independent kinds of evidence",
        "likely" => "likely",
        _ => "possible",
    }
}

/// Each piece of evidence, the sum, what speaks against it, what would change it, what it hints at.
pub(super) fn reasons(device: &Value, width: usize) -> String {
    let nothing = Value::Null;
    let explanation = device.get("explanation").unwrap_or(&nothing);
    let mut text = String::new();
    let facts = entries(explanation, "facts");
    if facts.is_empty() {
        text.push_str("  there is no evidence\n");
    } else {
        let mut table = FittedTable::new(FACTS);
        for fact in facts {
            let mut cells = ["part", "weight", "kind", "source", "claim", "value", "count"]
                .map(|key| Cell::new(&cell(fact, key)))
                .to_vec();
            cells.extend(["first_seen", "last_seen"].map(|key| {
                let time = exact(&cell(fact, key));
                // Without the year and the second where that is too long.
                Cell::new(&time).or_short(time.get(5..16).unwrap_or_default())
            }));
            table.row(cells);
        }
        indented(&table.render(width.saturating_sub(INDENT), false), &mut text);
    }
    let mut say = |line: String| {
        let _infallible = writeln!(text, "  {}", printable(&line, 2 * MAX_LINE));
    };
    let arithmetic = cell(explanation, "arithmetic");
    if !arithmetic.is_empty() {
        say(format!("The sum: {arithmetic}"));
    }
    for contradiction in entries(device, "contradictions") {
        let [house, support, sources] =
            ["house", "support", "sources"].map(|key| cell(contradiction, key));
        say(format!("Against it: {house}, {support} by itself, seen in {sources}"));
    }
    for (key, verb) in [("raise", "raise"), ("fall", "lower")] {
        if let Some(prospect) = explanation.get(key) {
            let [observation, confidence] =
                ["observation", "confidence"].map(|key| cell(prospect, key));
            say(format!("{observation} would {verb} it to {confidence}"));
        }
    }
    for hint in entries(device, "hints") {
        let [id, words, grade, sources] =
            ["id", "text", "grade", "sources"].map(|key| cell(hint, key));
        say(format!("A hint, not tested: it {words} ({id}, grade {grade}, from {sources})"));
    }
    text
}

fn who(device: &Value, text: &mut String) {
    let label = device.get("label").unwrap_or(&Value::Null);
    let titles = VendorTitles::load();
    let explanation = device.get("explanation").unwrap_or(&Value::Null);
    let grade = cell(explanation, "oem_grade");
    let made_by = match cell(device, "oem_of") {
        maker if maker.is_empty() || grade.is_empty() => titles.title(&maker),
        maker => format!("{} (established with grade {grade})", titles.title(&maker)),
    };
    for (title, value) in [
        ("Name", cell(label, "name")),
        ("Site", cell(label, "site")),
        ("Owner", cell(label, "owner")),
        ("Vendor", titles.brand(device)),
        ("Made by", made_by),
        ("Kind", cell(device, "kind")),
        ("Model", cell(device, "model")),
        ("Serial", cell(device, "serial")),
        ("Firmware", cell(device, "firmware")),
        ("Host name", cell(device, "hostname")),
        ("MAC", cell(device, "mac")),
        ("Other MACs", cell(device, "other_macs")),
        ("Addresses", cell(device, "ips")),
    ] {
        line(title, &value, text);
    }
}

/// Whether it is there, whether it was set up, and what happened to it.
fn life(device: &Value, now: Timestamp, text: &mut String) {
    let state = device.get("state").unwrap_or(&Value::Null);
    let seen = |value: &str| format!("{} UTC ({})", exact(value), ago(value, now));
    line("State", &cell(state, "presence"), text);
    for key in ["first_seen", "last_seen"] {
        let title = if key == "first_seen" { "First seen" } else { "Last seen" };
        line(title, &seen(&cell(device, key)), text);
    }
    let flag = |key: &str| state.get(key).and_then(Value::as_bool);
    let password = match flag("activated") {
        Some(true) => "was set, it says",
        Some(false) => "was never set, it says",
        None => "",
    };
    line("Password", password, text);
    let since = |key: &str| cell(state, key);
    if !since("default_login").is_empty() {
        let words =
            format!("let somebody in by a default login, last {}", seen(&since("default_login")));
        line("Login", &words, text);
    }
    if !since("channels").is_empty() {
        line("Channels", &format!("{} cameras behind it, it says", since("channels")), text);
    }
    for change in entries(state, "changes") {
        let [what, from, to] = ["what", "from", "to"].map(|key| cell(change, key));
        line(
            "Changed",
            &format!("{what} from {from} to {to}, {}", seen(&cell(change, "at"))),
            text,
        );
    }
    if flag("is_client") == Some(true) {
        line("Client", "speaks to a vendor's cloud as an app does", text);
    }
    if flag("random_mac") == Some(true) {
        line("MAC is", "made up by the device (locally administered)", text);
    }
    if !since("conflict").is_empty() {
        let words = format!("another station uses its address since {}", seen(&since("conflict")));
        line("Conflict", &words, text);
    }
}

fn clouds(device: &Value, text: &mut String) {
    let destinations = entries(device, "destinations");
    if destinations.is_empty() {
        return;
    }
    text.push_str("\nVendor clouds\n");
    let mut table = Table::new(&["SERVICE", "ROLE", "REGION", "NAME", "SENT", "RECEIVED", "WHY"]);
    for destination in destinations {
        let cloud = destination.get("cloud").unwrap_or(&Value::Null);
        let mut cells =
            ["service", "role", "region", "domain"].map(|key| cell(cloud, key)).to_vec();
        cells.extend(["bytes_sent", "bytes_received"].map(|key| bytes(number(destination, key))));
        cells.push(cell(cloud, "basis"));
        table.row(cells);
    }
    indented(&table.render(), text);
}

/// A line of the sheet; none without a value.
fn line(title: &str, value: &str, text: &mut String) {
    if !value.is_empty() {
        let _infallible = writeln!(text, "  {title:<11} {}", printable(value, MAX_LINE));
    }
}

fn indented(lines: &str, text: &mut String) {
    for line in lines.lines() {
        let _infallible = writeln!(text, "  {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn device() -> Value {
        json!({
            "device_id": "d-0a1b2c3d4e5f", "vendor": "annke", "oem_of": "hikvision", "kind": "camera",
            "model": "C500\u{1b}[2J", "confidence": 67, "certainty": "confirmed", "mac": "44:a6:42:01:02:03",
            "other_macs": ["44:a6:42:01:02:04"], "ips": ["192.0.2.7"], "label": {"name": "Front door"},
            "first_seen": "1970-01-01T00:00:00.000000+0000", "last_seen": "1970-01-01T00:01:00.000000+0000",
            "state": {
                "presence": "offline", "activated": false, "channels": 8, "is_client": false, "random_mac": false,
                "default_login": "1970-01-01T00:00:30.000000+0000", "conflict": "1970-01-01T00:00:40.000000+0000",
                "changes": [{
                    "at": "1970-01-01T00:00:50.000000+0000", "what": "firmware", "from": "V5.5", "to": "V5.6\u{1b}[2J",
                }],
            },
            "contradictions": [{"house": "dahua", "support": 13, "sources": ["http"]}],
            "hints": [{"id": "UNACTIVATED", "text": "says that no password was ever set", "grade": "B", "sources": ["idx"]}],
            "explanation": {
                "oem_grade": "B", "arithmetic": "100 x (1 - 0.50 (registry)) = 50",
                "facts": [{
                    "part": "raises", "weight": 55, "kind": "discovery", "source": "sadp", "claim": "vendor is annke",
                    "value": "<b>\u{202e}", "count": 3, "first_seen": "1970-01-01T00:00:00.000000+0000",
                    "last_seen": "1970-01-01T00:01:00.000000+0000",
                }],
                "raise": {"observation": "a registration with the vendor's cloud", "confidence": 88},
                "fall": {"observation": "the name of another maker", "confidence": 44},
            },
            "destinations": [{
                "cloud": {"service": "ezviz-lbs", "role": "registration", "region": "eu", "basis": "dns"},
                "bytes_sent": 2048, "bytes_received": 1,
            }],
        })
    }

    #[test]
    fn the_page_says_who_why_and_what_would_change_it() {
        let page = device_page(&device(), Timestamp::from_parts(180, 0), 120);

        for part in [
            "Front door (d-0a1b2c3d4e5f): Annke, made by Hikvision, confidence 67 of 100, confirmed",
            "Hikvision (established with grade B)",
            "44:a6:42:01:02:04",
            "was never set",
            "default login, last 1970-01-01 00:00:30 UTC (2 min ago)",
            "8 cameras",
            "another station",
            "firmware from V5.5 to V5.6",
            "offline",
            "raises  55",
            "discovery  sadp",
            "The sum: 100 x (1 - 0.50 (registry)) = 50",
            "Against it: dahua, 13 by itself, seen in http",
            "a registration with the vendor's cloud would raise it to 88",
            "the name of another maker would lower it to 44",
            "A hint, not tested: it says that no password was ever set (UNACTIVATED, grade B, from idx)",
            "ezviz-lbs  registration  eu",
            "2.0 KiB",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains(['\u{1b}', '\u{202e}']), "{page}");
    }

    #[test]
    fn what_is_not_known_has_no_line() {
        let stranger = json!({ "device_id": "d-1", "confidence": 0 });
        let page = device_page(&stranger, Timestamp::ZERO, 80);

        assert!(page.starts_with("d-1: no device of a vendor"), "{page}");
        assert!(page.contains("there is no evidence") && !page.contains("Model"), "{page}");
    }
}
