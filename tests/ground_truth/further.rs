//! What else the tables tell: DHCP clients, RTSP requests, and ClientHellos with their ALPN and ECH (tshark); names in
//! SSDP, STUN and NetBIOS (nDPI, which writes the realm of STUN too and cuts or repairs damaged NetBIOS names).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde_json::Value;

use super::ours::{flow, items, text};
use super::sighting::Flow;
use super::spelling;
use super::tables::{Row, Table};

/// What is counted: rows of a table, and how many of them we have.
pub(crate) type Recall = BTreeMap<&'static str, (usize, usize)>;

/// Facts as text, by what they are.
type Facts = BTreeSet<(&'static str, String)>;

/// What a row tells.
type ReadRow = fn(Row<'_>) -> Facts;

/// The tables, by capture.
pub(crate) struct Further(HashMap<String, Facts>);

impl Further {
    /// Reads the tables.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut facts: HashMap<String, Facts> = HashMap::new();
        let tables: [(&str, ReadRow); 4] = [
            ("expected-dhcp.tsv", dhcp_row),
            ("expected-rtsp.tsv", rtsp_row),
            ("expected-clienthello.tsv", client_hello_row),
            ("peer-names.tsv", peer_row),
        ];
        for (name, read) in tables {
            for row in Table::read(folder, name).rows() {
                facts.entry(row.cell("capture").to_owned()).or_default().extend(read(row));
            }
        }
        Self(facts)
    }

    /// Counts what our lines of a capture have of its rows.
    pub(crate) fn count(&self, capture: &str, lines: &[Value], recall: &mut Recall) {
        let Some(rows) = self.0.get(capture) else { return };
        let ours: Facts = lines.iter().flat_map(facts_of_line).collect();
        for row in rows {
            let (all, found) = recall.entry(row.0).or_default();
            *all += 1;
            *found += usize::from(ours.contains(row));
        }
    }
}

/// What is bound to a share, in thousandths.
pub(crate) const BOUND: [(&str, usize); 8] = [
    (DHCP_HOST_NAME, 990),
    (DHCP_VENDOR_CLASS, 990),
    (RTSP_REQUEST, 950),
    (TLS_ALPN, 980),
    (TLS_ECH, 980),
    (QUIC, 950),
    (SSDP_HOST, 950),
    (STUN_NAME, 950),
];

const DHCP_HOST_NAME: &str = "DHCP host name";
const DHCP_VENDOR_CLASS: &str = "DHCP vendor class";
const RTSP_REQUEST: &str = "RTSP request";
const TLS_ALPN: &str = "ClientHello over TCP, its ALPN";
const TLS_ECH: &str = "ClientHello over TCP, its ECH";
const DTLS: &str = "ClientHello of DTLS";
const QUIC: &str = "ClientHello in QUIC";
const SSDP_HOST: &str = "host of SSDP";
const STUN_NAME: &str = "software or realm of STUN";
const NETBIOS_NAME: &str = "name of the NetBIOS name service";

fn dhcp_row(row: Row<'_>) -> Facts {
    let facts =
        [(DHCP_HOST_NAME, row.cell("hostname")), (DHCP_VENDOR_CLASS, row.cell("vendor_class"))];
    let mac = row.cell("client_mac");
    let given = facts.into_iter().filter(|(_, value)| !value.is_empty());
    given.map(|(what, value)| (what, format!("{mac} {value}"))).collect()
}

fn rtsp_row(row: Row<'_>) -> Facts {
    let request = format!("{:?} {} {}", row.flow(), row.cell("method"), row.cell("url"));
    Facts::from([(RTSP_REQUEST, request)])
}

fn client_hello_row(row: Row<'_>) -> Facts {
    let flow = row.flow();
    let alpn = format!("{flow:?} {}", row.cell("alpn"));
    let ech = format!("{flow:?} {}", row.cell("ech") == "1");
    match row.cell("transport") {
        "tls" => Facts::from([(TLS_ALPN, alpn), (TLS_ECH, ech)]),
        "quic" => Facts::from([(QUIC, format!("{flow:?}"))]),
        _ => Facts::from([(DTLS, format!("{flow:?}"))]),
    }
}

fn peer_row(row: Row<'_>) -> Facts {
    let is_name_service = row.cell("sport") == "137" || row.cell("dport") == "137";
    let what = match row.cell("kind") {
        "ssdp" => SSDP_HOST,
        "stun-software" => STUN_NAME,
        "netbios" if is_name_service => NETBIOS_NAME,
        _ => return Facts::new(),
    };
    Facts::from([(what, named(row.flow(), row.cell("name")))])
}

/// Without port and brackets: of `[2001:db8::1]:80` nDPI keeps what stands before the last colon.
fn named(flow: Option<Flow>, name: &str) -> String {
    format!("{flow:?} {}", spelling::host(name).unwrap_or_default())
}

fn facts_of_line(line: &Value) -> Vec<(&'static str, String)> {
    let flow = flow(line);
    let alpn = |section: &Value| {
        let protocols = items(section, "client_alpns").iter().filter_map(Value::as_str);
        format!("{flow:?} {}", protocols.collect::<Vec<_>>().join(","))
    };
    let is_datagram = text(line, "proto") == "UDP";
    match text(line, "event_type") {
        "dhcp" => {
            let dhcp = &line["dhcp"];
            let mac = text(dhcp, "client_mac");
            vec![
                (DHCP_HOST_NAME, format!("{mac} {}", text(dhcp, "hostname"))),
                (DHCP_VENDOR_CLASS, format!("{mac} {}", text(dhcp, "vendor_class_identifier"))),
            ]
        }
        "rtsp" => {
            let rtsp = &line["rtsp"];
            let request = format!("{flow:?} {} {}", text(rtsp, "method"), text(rtsp, "url"));
            vec![(RTSP_REQUEST, request)]
        }
        "tls" if is_datagram => vec![(DTLS, format!("{flow:?}"))],
        "tls" => {
            let tls = &line["tls"];
            let ech = tls["ech"].as_bool().unwrap_or_default();
            vec![(TLS_ALPN, alpn(tls)), (TLS_ECH, format!("{flow:?} {ech}"))]
        }
        "quic" => vec![(QUIC, format!("{flow:?}"))],
        "ssdp" => vec![(SSDP_HOST, named(flow, text(&line["ssdp"], "host")))],
        "stun" => {
            let stun = &line["stun"];
            let names = [text(stun, "software"), text(stun, "realm")];
            names.map(|name| (STUN_NAME, named(flow, name))).to_vec()
        }
        "nbns" => {
            let names = items(&line["nbns"], "names").iter();
            names.map(|name| (NETBIOS_NAME, named(flow, text(name, "name")))).collect()
        }
        _ => Vec::new(),
    }
}
