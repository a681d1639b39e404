//! `dns`, `mdns` and `llmnr`: names asked for and answers.
//!
//! Comes in: a DNS message. Goes out: version 3 of Suricata's `dns`, and its `mdns` and `llmnr`, which know fewer
//! fields and spell types in lower case.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Serialize, Serializer};

use super::eve_text::{Text, is_false};
use crate::dissect::{DnsMessage, DnsQuery, DnsRecord, DnsRecordData};

/// EVE `dns`, version 3.
#[derive(Debug, Serialize)]
pub(crate) struct DnsSection<'a> {
    version: u8,
    #[serde(rename = "type")]
    kind: &'static str,
    id: u16,
    flags: Text<Flags>,
    #[serde(skip_serializing_if = "is_false")]
    qr: bool,
    #[serde(skip_serializing_if = "is_false")]
    aa: bool,
    #[serde(skip_serializing_if = "is_false")]
    tc: bool,
    #[serde(skip_serializing_if = "is_false")]
    rd: bool,
    #[serde(skip_serializing_if = "is_false")]
    ra: bool,
    opcode: u16,
    rcode: Cow<'static, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queries: Vec<QueryObject<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "dns_answers")]
    answers: &'a [DnsRecord],
}

impl<'a> DnsSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a DnsMessage) -> Self {
        let flag = |bit: u16| message.flags & bit != 0;
        Self {
            version: 3,
            kind: kind(message),
            id: message.id,
            flags: Text(Flags(message.flags)),
            qr: flag(0x8000),
            aa: flag(0x0400),
            tc: flag(0x0200),
            rd: flag(0x0100),
            ra: flag(0x0080),
            opcode: opcode(message),
            rcode: rcode_name(message.rcode()),
            queries: message.queries.iter().map(|query| query_object(query, Case::Upper)).collect(),
            answers: &message.answers,
        }
    }
}

#[derive(Serialize)]
struct DnsAnswer<'a> {
    rrname: &'a str,
    rrtype: Cow<'static, str>,
    ttl: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    rdata: Option<Text<Rdata<'a>>>,
}

fn dns_answers<S: Serializer>(answers: &[DnsRecord], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(answers.iter().map(|record| DnsAnswer {
        rrname: &record.name,
        rrtype: type_name(record.rtype, Case::Upper),
        ttl: record.ttl,
        rdata: (record.data != DnsRecordData::Other).then_some(Text(Rdata(&record.data))),
    }))
}

/// EVE `mdns`.
#[derive(Debug, Serialize)]
pub(crate) struct MdnsSection<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: u16,
    flags: Vec<&'static str>,
    opcode: u16,
    rcode: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queries: Vec<QueryObject<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answers: Vec<MdnsAnswer<'a>>,
}

#[derive(Debug, Serialize)]
struct MdnsAnswer<'a> {
    rrname: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ptr: Option<&'a str>,
}

impl<'a> MdnsSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a DnsMessage) -> Self {
        let names = [
            (0x0400, "aa"),
            (0x0200, "tc"),
            (0x0100, "rd"),
            (0x0080, "ra"),
            (0x0040, "z"),
            (0x0020, "ad"),
            (0x0010, "cd"),
        ];
        let answer = |record: &'a DnsRecord| MdnsAnswer {
            rrname: &record.name,
            ptr: match &record.data {
                DnsRecordData::Ptr(name) => Some(name),
                DnsRecordData::A(_)
                | DnsRecordData::Aaaa(_)
                | DnsRecordData::Cname(_)
                | DnsRecordData::Other => None,
            },
        };
        Self {
            kind: kind(message),
            id: message.id,
            flags: flag_names(message.flags, &names),
            opcode: opcode(message),
            rcode: message.rcode(),
            queries: message.queries.iter().map(|query| query_object(query, Case::Lower)).collect(),
            answers: message.answers.iter().map(answer).collect(),
        }
    }
}

/// EVE `llmnr`.
#[derive(Debug, Serialize)]
pub(crate) struct LlmnrSection<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: u16,
    flags: Vec<&'static str>,
    opcode: u16,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queries: Vec<QueryObject<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answers: Vec<LlmnrAnswer<'a>>,
}

#[derive(Debug, Default, Serialize)]
struct LlmnrAnswer<'a> {
    rrname: &'a str,
    rrtype: Cow<'static, str>,
    ttl: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aaaa: Option<Ipv6Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ptr: Option<&'a str>,
}

impl<'a> LlmnrSection<'a> {
    /// Shows a message; the flags are those of RFC 4795, 2.1.1.
    pub(crate) fn new(message: &'a DnsMessage) -> Self {
        let answer = |record: &'a DnsRecord| {
            let mut answer = LlmnrAnswer {
                rrname: &record.name,
                rrtype: type_name(record.rtype, Case::Lower),
                ttl: record.ttl,
                ..LlmnrAnswer::default()
            };
            match &record.data {
                DnsRecordData::A(address) => answer.a = Some(*address),
                DnsRecordData::Aaaa(address) => answer.aaaa = Some(*address),
                DnsRecordData::Cname(name) => answer.cname = Some(name),
                DnsRecordData::Ptr(name) => answer.ptr = Some(name),
                DnsRecordData::Other => {}
            }
            answer
        };
        Self {
            kind: kind(message),
            id: message.id,
            flags: flag_names(message.flags, &[(0x0400, "c"), (0x0200, "tc"), (0x0100, "t")]),
            opcode: opcode(message),
            queries: message.queries.iter().map(|query| query_object(query, Case::Lower)).collect(),
            answers: message.answers.iter().map(answer).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct QueryObject<'a> {
    rrname: &'a str,
    rrtype: Cow<'static, str>,
}

fn query_object(query: &DnsQuery, case: Case) -> QueryObject<'_> {
    QueryObject { rrname: &query.name, rrtype: type_name(query.rtype, case) }
}

/// The 16 bits of flags in hexadecimal, without leading zeros.
#[derive(Debug)]
struct Flags(u16);

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

struct Rdata<'a>(&'a DnsRecordData);

impl fmt::Display for Rdata<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            DnsRecordData::A(address) => address.fmt(f),
            DnsRecordData::Aaaa(address) => address.fmt(f),
            DnsRecordData::Cname(name) | DnsRecordData::Ptr(name) => f.write_str(name),
            DnsRecordData::Other => Ok(()),
        }
    }
}

const fn kind(message: &DnsMessage) -> &'static str {
    if message.is_response() { "response" } else { "request" }
}

const fn opcode(message: &DnsMessage) -> u16 {
    message.flags >> 11 & 0x0f
}

fn flag_names(flags: u16, names: &[(u16, &'static str)]) -> Vec<&'static str> {
    names.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect()
}

/// How a section spells record types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Upper,
    Lower,
}

/// Names a record type (IANA "DNS Parameters", "Resource Record (RR) TYPEs"); a number where it has no name here.
fn type_name(rtype: u16, case: Case) -> Cow<'static, str> {
    let name = match rtype {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        10 => "NULL",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        24 => "SIG",
        25 => "KEY",
        28 => "AAAA",
        29 => "LOC",
        33 => "SRV",
        35 => "NAPTR",
        39 => "DNAME",
        41 => "OPT",
        43 => "DS",
        44 => "SSHFP",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        50 => "NSEC3",
        52 => "TLSA",
        64 => "SVCB",
        65 => "HTTPS",
        99 => "SPF",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        256 => "URI",
        257 => "CAA",
        _ => return Cow::Owned(rtype.to_string()),
    };
    match case {
        Case::Upper => Cow::Borrowed(name),
        Case::Lower => Cow::Owned(name.to_ascii_lowercase()),
    }
}

/// Names a response code (IANA "DNS Parameters", "DNS RCODEs").
fn rcode_name(rcode: u8) -> Cow<'static, str> {
    Cow::Borrowed(match rcode {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        _ => return Cow::Owned(rcode.to_string()),
    })
}
