//! What our EVE lines of one capture name.

use serde_json::Value;

use super::sighting::{Flow, Kind, Sighting};
use super::spelling;

/// The lines of a capture as JSON.
pub(crate) fn parsed(lines: &[u8]) -> Vec<Value> {
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// The names in the lines.
pub(crate) fn sightings(lines: &[Value]) -> Vec<Sighting> {
    let mut found = Vec::new();
    for line in lines {
        let flow = flow(line);
        let mut add = |kind, name: Option<String>| {
            if let Some(name) = name {
                let tool = String::from("hikwatch");
                found.push(Sighting { tool, kind: Some(kind), name, flow, is_optional: false });
            }
        };
        match text(line, "event_type") {
            "tls" => add(Kind::TlsSni, spelling::domain(text(&line["tls"], "sni"))),
            "quic" => add(Kind::QuicSni, spelling::domain(text(&line["quic"], "sni"))),
            "http" => add(Kind::HttpHost, spelling::host(text(&line["http"], "hostname"))),
            "dns" => resolution(&line["dns"], Kind::DnsName, add),
            "mdns" => resolution(&line["mdns"], Kind::MdnsName, add),
            "llmnr" => resolution(&line["llmnr"], Kind::LlmnrName, add),
            _ => {}
        }
    }
    found
}

/// The flow of a line, where it has ports.
pub(crate) fn flow(line: &Value) -> Option<Flow> {
    let port = |name: &str| line[name].as_u64().map(|port| port.to_string());
    Flow::new(text(line, "src_ip"), &port("src_port")?, text(line, "dest_ip"), &port("dest_port")?)
}

/// A text of an object; empty where it is absent.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

/// An array of an object; empty where it is absent.
pub(crate) fn items<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object[name].as_array().map_or(&[], Vec::as_slice)
}

/// Suricata writes a record's content in `rdata` (DNS), `ptr` (multicast DNS), or under its type (LLMNR).
fn resolution(section: &Value, kind: Kind, mut add: impl FnMut(Kind, Option<String>)) {
    for query in items(section, "queries") {
        add(kind, spelling::domain(text(query, "rrname")));
    }
    for answer in items(section, "answers") {
        let owner = text(answer, "rrname");
        add(kind, spelling::domain(owner));
        if !answer["rrtype"].is_null() {
            let content = ["rdata", "a", "aaaa", "cname", "ptr"];
            let content = content.iter().map(|name| text(answer, name)).find(|c| !c.is_empty());
            let rtype = text(answer, "rrtype");
            add(Kind::DnsAnswer, spelling::answer(owner, rtype, content.unwrap_or_default()));
        } else if let Some(pointer) = answer["ptr"].as_str() {
            add(Kind::DnsAnswer, spelling::answer(owner, "PTR", pointer));
        }
    }
}
