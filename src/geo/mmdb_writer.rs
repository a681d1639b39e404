//! Writes small MaxMind DB files for tests (MaxMind DB File Format 2.0): records of 24 bits, no pointers.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use crate::net::IpPrefix;

/// Length of a record of the tree in bytes; a node has two.
const RECORD: usize = 3;

/// A value of a record.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Number(u32),
    Short(u16),
    Long(u64),
    Map(BTreeMap<String, Self>),
    List(Vec<Self>),
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Text(text) => {
                control(bytes, 2, text.len());
                bytes.extend(text.as_bytes());
            }
            Self::Number(number) => {
                control(bytes, 6, 4);
                bytes.extend(number.to_be_bytes());
            }
            Self::Short(number) => {
                control(bytes, 5, 2);
                bytes.extend(number.to_be_bytes());
            }
            Self::Long(number) => {
                control(bytes, 9, 8);
                bytes.extend(number.to_be_bytes());
            }
            Self::Map(entries) => {
                control(bytes, 7, entries.len());
                for (key, value) in entries {
                    Self::Text(key.clone()).write(bytes);
                    value.write(bytes);
                }
            }
            Self::List(values) => {
                control(bytes, 11, values.len());
                values.iter().for_each(|value| value.write(bytes));
            }
        }
    }
}

pub(super) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// The byte with type and size, and what continues it.
fn control(bytes: &mut Vec<u8>, kind: u8, size: usize) {
    let (low, more) = match size {
        0..29 => (size, None),
        _ => (29, Some(size - 29)),
    };
    let low = u8::try_from(low).unwrap();
    match kind {
        0..=7 => bytes.push(kind << 5 | low),
        _ => bytes.extend([low, kind - 7]),
    }
    bytes.extend(more.map(|more| u8::try_from(more).unwrap()));
}

/// Where a record of the tree leads.
#[derive(Debug, Clone, Copy)]
enum Leads {
    Nowhere,
    Node(usize),
    Data(usize),
}

/// A database of IPv6 with IPv4 below `::/96`.
#[derive(Debug)]
pub(super) struct Mmdb {
    kind: String,
    nodes: Vec<[Leads; 2]>,
    data: Vec<u8>,
}

impl Mmdb {
    pub(super) fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), nodes: vec![[Leads::Nowhere; 2]], data: Vec::new() }
    }

    /// Adds a network, which must not overlap one that is there.
    pub(super) fn with(mut self, network: &str, record: Value) -> Self {
        let (address, length) = network.split_once('/').unwrap();
        let (address, length): (IpAddr, u32) = (address.parse().unwrap(), length.parse().unwrap());
        IpPrefix::new(address, u8::try_from(length).unwrap()).unwrap();
        let (bits, length) = match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), length + 96),
            IpAddr::V6(v6) => (Ipv6Addr::to_bits(v6), length),
        };
        let data = self.data.len();
        record.write(&mut self.data);

        let mut node = 0;
        for depth in 1..=length {
            let side = usize::from(bits >> (128 - depth) & 1 == 1);
            node = match (depth == length, self.nodes[node][side]) {
                (true, _) => {
                    self.nodes[node][side] = Leads::Data(data);
                    break;
                }
                (false, Leads::Node(next)) => next,
                (false, Leads::Nowhere) => {
                    let next = self.nodes.len();
                    self.nodes.push([Leads::Nowhere; 2]);
                    self.nodes[node][side] = Leads::Node(next);
                    next
                }
                (false, Leads::Data(_)) => panic!("{network} lies in another network"),
            };
        }
        self
    }

    /// The file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let count = self.nodes.len();
        let mut bytes = Vec::new();
        for leads in self.nodes.iter().flatten() {
            let record = match leads {
                Leads::Nowhere => count,
                Leads::Node(node) => *node,
                Leads::Data(offset) => count + 16 + offset,
            };
            bytes.extend(&u32::try_from(record).unwrap().to_be_bytes()[4 - RECORD..]);
        }
        bytes.extend([0; 16]);
        bytes.extend(&self.data);
        bytes.extend(b"\xab\xcd\xefMaxMind.com");
        map([
            ("binary_format_major_version", Value::Short(2)),
            ("binary_format_minor_version", Value::Short(0)),
            ("build_epoch", Value::Long(1_769_860_800)),
            ("database_type", Value::text(&self.kind)),
            ("description", map([])),
            ("ip_version", Value::Short(6)),
            ("languages", Value::List(Vec::new())),
            ("node_count", Value::Number(u32::try_from(count).unwrap())),
            ("record_size", Value::Short(u16::try_from(8 * RECORD).unwrap())),
        ])
        .write(&mut bytes);
        bytes
    }
}
