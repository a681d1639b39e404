//! Which device the user means.
//!
//! Comes in: what was typed, and the devices as the API lists them. Goes out: the identifier of one device, or why it is not
//! clear which. What was typed is a whole identifier, an address, the name that the owner gave, or the
//! beginning of an identifier, in this order.

use std::net::IpAddr;

use serde_json::Value;

use super::device_table::name_of;
use super::failure::{Code, Failure};
use super::json_field::{cell, entries};
use crate::net::{MacAddr, printable};

/// Most candidates that are named when several fit.
const MAX_NAMED: usize = 8;

/// Hexadecimal digits of an identifier.
const DIGITS: usize = 12;

/// Tells whether a text is a whole identifier: nothing else goes into a path of the API.
pub(super) fn is_identifier(text: &str) -> bool {
    let digits = text.strip_prefix("d-").unwrap_or_default();
    digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// The identifier of the one device that `wanted` stands for.
///
/// # Errors
/// None fits (66), or several do (64).
pub(super) fn find_device(devices: &[Value], wanted: &str) -> Result<String, Failure> {
    let mac = wanted.parse::<MacAddr>().ok();
    let ip = wanted.parse::<IpAddr>().ok();
    let rules: [&dyn Fn(&Value) -> bool; 4] = [
        &|device| cell(device, "device_id") == wanted,
        &|device| {
            mac.is_some_and(|mac| has_mac(device, mac)) || ip.is_some_and(|ip| has_ip(device, ip))
        },
        &|device| is_called(device, wanted),
        &|device| begins_with(&cell(device, "device_id"), wanted),
    ];
    for rule in rules {
        let fitting: Vec<&Value> = devices.iter().filter(|device| rule(device)).collect();
        match fitting.as_slice() {
            [] => {}
            [device] => return Ok(cell(device, "device_id")),
            several => return Err(ambiguous(wanted, several)),
        }
    }
    Err(Failure::new(
        Code::NoInput,
        format!(
            "no device is known by `{}`: give an identifier or the beginning of one, a MAC or IP address, or the \
             name of its label; `hikwatch devices` lists them",
            printable(wanted, 60)
        ),
    ))
}

fn ambiguous(wanted: &str, several: &[&Value]) -> Failure {
    let named = several.iter().take(MAX_NAMED).map(|device| {
        let id = cell(device, "device_id");
        name_of(device).map_or(id.clone(), |name| format!("{id} ({})", printable(&name, 40)))
    });
    let named: Vec<String> = named.collect();
    let more = several.len().saturating_sub(MAX_NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!(
        "`{}` fits {} devices: {}{rest}; give an identifier",
        printable(wanted, 60),
        several.len(),
        named.join(", ")
    );
    Failure::new(Code::Usage, message)
}

fn has_mac(device: &Value, mac: MacAddr) -> bool {
    let others = entries(device, "other_macs").iter().filter_map(Value::as_str);
    let own = device.get("mac").and_then(Value::as_str);
    others.chain(own).any(|known| known.parse() == Ok(mac))
}

fn has_ip(device: &Value, ip: IpAddr) -> bool {
    let addresses = entries(device, "ips").iter().filter_map(Value::as_str);
    addresses.into_iter().any(|known| known.parse() == Ok(ip))
}

/// The owner's name; what a device calls itself is not for it to choose who is meant.
fn is_called(device: &Value, wanted: &str) -> bool {
    let name = device.get("label").map(|label| cell(label, "name")).unwrap_or_default();
    !name.is_empty() && name.to_lowercase() == wanted.to_lowercase()
}

fn begins_with(id: &str, wanted: &str) -> bool {
    let wanted = wanted.to_ascii_lowercase();
    let digits = wanted.strip_prefix("d-").unwrap_or(&wanted);
    !digits.is_empty() && id.strip_prefix("d-").is_some_and(|id| id.starts_with(digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn devices() -> Vec<Value> {
        vec![
            json!({
                "device_id": "d-0a1b2c3d4e5f", "mac": "44:a6:42:01:02:03", "ips": ["192.0.2.7", "2001:db8::7"],
                "other_macs": ["44:a6:42:01:02:04"], "label": {"name": "Front door"},
            }),
            json!({ "device_id": "d-0a1fffffffff", "ips": ["192.0.2.8"], "hostname": "Front door" }),
            json!({ "device_id": "d-b00000000000", "ips": ["192.0.2.8"], "label": {"name": "0a1"} }),
        ]
    }

    #[test]
    fn a_device_is_found_by_all_that_names_it() {
        for wanted in [
            "d-0a1b2c3d4e5f",
            "d-0a1b",
            "0A1B",
            "44:A6:42:01:02:03",
            "44-a6-42-01-02-04",
            "192.0.2.7",
            "2001:DB8:0::7",
            "front DOOR",
        ] {
            assert_eq!(find_device(&devices(), wanted).unwrap(), "d-0a1b2c3d4e5f", "{wanted}");
        }
        assert_eq!(find_device(&devices(), "0a1").unwrap(), "d-b00000000000");
    }

    #[test]
    fn what_fits_none_or_several_is_said_so() {
        let refused = |wanted: &str| find_device(&devices(), wanted).unwrap_err();

        let several = refused("d-0a1");
        assert_eq!(several.code, Code::Usage);
        assert!(several.message.contains("fits 2 devices: d-0a1b2c3d4e5f (Front door), d-0a1f"));
        assert_eq!(refused("192.0.2.8").code, Code::Usage);
        for unknown in ["", "d-", "d-f", "192.0.2.9", "44:a6:42:01:02:05", "../status"] {
            assert_eq!(refused(unknown).code, Code::NoInput, "{unknown}");
        }
    }

    #[test]
    fn only_a_whole_identifier_goes_into_a_path() {
        assert!(is_identifier("d-0a1b2c3d4e5f"));
        for other in ["d-0a1b", "0a1b2c3d4e5f", "d-../status000", "d-0a1b2c3d4e5f0"] {
            assert!(!is_identifier(other), "{other}");
        }
    }
}
