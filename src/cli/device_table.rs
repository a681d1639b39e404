//! `hikwatch devices`: one line a device.
//!
//! Comes in: devices as the API lists them. Goes out: a table for people. What devices say of themselves is untrusted
//! text; the table makes it harmless.

use serde_json::Value;

use super::fitted_table::{Cell, Colour, Column, FittedTable};
use super::json_field::{cell, entries};
use super::moment::ago;
use super::vendor_title::VendorTitles;
use crate::net::Timestamp;

const COLUMNS: &[Column] = &[
    column("NAME", 10, 20, 0),
    column("VENDOR", 17, 28, 0),
    column("KIND", 8, 14, 6),
    column("MODEL", 10, 22, 2),
    column("FIRMWARE", 8, 22, 7),
    column("ADDRESS", 13, 39, 0),
    Column { short_title: "CONF", ..column("CONFIDENCE", 4, 12, 0) },
    Column { short_title: "SEEN", ..column("LAST SEEN", 7, 11, 1) },
    column("STATE", 7, 7, 3),
    column("CLOUD", 9, 24, 5),
    column("ID", 14, 14, 8),
];

const fn column(title: &'static str, least: usize, most: usize, expendable: u8) -> Column {
    Column { title, short_title: title, least, most, expendable }
}

/// The devices in the order of the API: those of vendors first.
pub(super) fn device_table(items: &[Value], now: Timestamp) -> FittedTable {
    let titles = VendorTitles::load();
    let mut table = FittedTable::new(COLUMNS);
    for item in items {
        let id = cell(item, "device_id");
        let last_seen = ago(&cell(item, "last_seen"), now);
        let presence = item.get("state").map(|state| cell(state, "presence")).unwrap_or_default();
        let is_offline = presence == "offline";
        table.row([
            Cell::new(&name_of(item).unwrap_or_else(|| id.clone())),
            Cell::new(&titles.who(item)).or_short(&titles.who_in_short(item)),
            Cell::new(&cell(item, "kind")),
            Cell::new(&cell(item, "model")),
            Cell::new(&cell(item, "firmware")),
            Cell::new(&address_of(item)),
            confidence(item),
            Cell::new(&last_seen).or_short(last_seen.trim_end_matches(" ago")),
            Cell::new(&presence).coloured(if is_offline { Colour::Dim } else { Colour::Plain }),
            clouds(item),
            Cell::new(&id),
        ]);
    }
    table
}

/// What the owner calls it, else what it calls itself.
pub(super) fn name_of(device: &Value) -> Option<String> {
    let label = device.get("label").map(|label| cell(label, "name")).unwrap_or_default();
    let names = [label, cell(device, "hostname")];
    names.into_iter().find(|name| !name.trim().is_empty())
}

/// The address that it was last seen with, IPv4 where there is one.
fn address_of(device: &Value) -> String {
    let addresses = || entries(device, "ips").iter().rev().filter_map(Value::as_str);
    let address = addresses().find(|address| address.contains('.')).or_else(|| addresses().next());
    address.unwrap_or_default().to_owned()
}

fn confidence(device: &Value) -> Cell {
    let number = cell(device, "confidence");
    let word = cell(device, "certainty");
    let colour = match word.as_str() {
        "confirmed" => Colour::Green,
        "likely" => Colour::Yellow,
        _ => Colour::Plain,
    };
    Cell::new(format!("{number} {word}").trim()).or_short(&number).coloured(colour)
}

/// The services by name; the first and how many more there are where that is too long.
fn clouds(device: &Value) -> Cell {
    let names: Vec<&str> = entries(device, "clouds").iter().filter_map(Value::as_str).collect();
    let all = Cell::new(&names.join(" "));
    match names.split_first() {
        Some((first, rest)) if !rest.is_empty() => {
            all.or_short(&format!("{first} +{}", rest.len()))
        }
        Some(_) | None => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_device_is_one_line_that_fits() {
        let device = json!({
            "device_id": "d-0a1b2c3d4e5f", "vendor": "annke", "oem_of": "hikvision", "kind": "camera",
            "model": "ANNKE C500", "firmware": "V5.6.2build 190701", "confidence": 77,
            "certainty": "confirmed", "ips": ["2001:db8::1", "192.0.2.7"], "label": {"name": "Front door"},
            "last_seen": "1970-01-01T00:01:00.000000+0000", "state": {"presence": "online"},
            "clouds": ["ezviz-lbs", "ezviz-das", "ezviz-relay"],
        });
        let table = device_table(std::slice::from_ref(&device), Timestamp::from_parts(180, 0));

        let wide = table.render(200, false);
        for part in [
            "Front door",
            "Annke, made by Hikvision",
            "192.0.2.7",
            "77 confirmed",
            "2 min ago",
            "online",
            "d-0a1b2c3d4e5f",
            "V5.6.2build 190701",
            "ezviz-lbs +2",
        ] {
            assert!(wide.contains(part), "{part}: {wide}");
        }
        for width in [80, 100, 120] {
            let text = table.render(width, false);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
            for part in
                ["Front door", "Annke", "ANNKE C500", "192.0.2.7", "77", "2 min ago", "online"]
            {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
        assert!(!table.render(80, false).contains("FIRMWARE"));
    }

    #[test]
    fn a_device_without_a_name_is_called_by_its_identifier() {
        let device = json!({ "device_id": "d-1", "confidence": 0, "hostname": " " });
        let text = device_table(&[device], Timestamp::ZERO).render(80, false);

        assert!(text.lines().nth(1).is_some_and(|line| line.starts_with("d-1")), "{text}");
    }
}
