//! `dns`, `mdns` and `llmnr`: names asked for and answers.
//!
//! Comes in: a DNS message. Goes out: version 3 of Suricata's `dns`, and its `mdns` and `llmnr`, which know fewer
//! fields and spell types in lower case.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Serialize, Serializer};

use super::eve_dns_text::{Case, Rdata, rcode_name, type_name};
use super::eve_text::{Text, is_false};
use crate::dissect::{DnsMessage, DnsQuery, DnsRecord, DnsRecordData, DnsService};

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
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "dns_authorities")]
    authorities: &'a [DnsRecord],
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "dns_additionals")]
    additionals: &'a [DnsRecord],
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
            opcode: message.opcode(),
            rcode: rcode_name(message.rcode()),
            queries: message.queries.iter().map(|query| query_object(query, Case::Upper)).collect(),
            answers: &message.answers,
            authorities: &message.authorities,
            additionals: &message.additionals,
        }
    }
}

/// A record of any section; the schema knows `soa` in two of them and `srv` in answers only.
#[derive(Serialize)]
struct DnsAnswer<'a> {
    rrname: &'a str,
    rrtype: Cow<'static, str>,
    ttl: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    rdata: Option<Text<Rdata<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    soa: Option<SoaObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    srv: Option<SrvObject<'a>>,
}

#[derive(Debug, Serialize)]
struct SoaObject<'a> {
    mname: &'a str,
}

#[derive(Debug, Serialize)]
struct SrvObject<'a> {
    priority: u16,
    weight: u16,
    port: u16,
    name: &'a str,
}

impl<'a> DnsAnswer<'a> {
    /// The record with its content as text.
    fn in_text(record: &'a DnsRecord) -> Self {
        Self {
            rrname: &record.name,
            rrtype: type_name(record.rtype, Case::Upper),
            ttl: record.ttl,
            rdata: (record.data != DnsRecordData::Other).then_some(Text(Rdata(&record.data))),
            soa: None,
            srv: None,
        }
    }

    /// The record as authorities have it.
    fn authority(record: &'a DnsRecord) -> Self {
        let mut answer = Self::in_text(record);
        answer.soa = soa_object(&record.data);
        if answer.soa.is_some() {
            answer.rdata = None;
        }
        answer
    }

    /// The record as answers have it.
    fn answer(record: &'a DnsRecord) -> Self {
        let mut answer = Self::authority(record);
        answer.srv = srv_object(&record.data);
        if answer.srv.is_some() {
            answer.rdata = None;
        }
        answer
    }
}

fn soa_object(content: &DnsRecordData) -> Option<SoaObject<'_>> {
    if let DnsRecordData::Soa(mname) = content { Some(SoaObject { mname }) } else { None }
}

fn srv_object(content: &DnsRecordData) -> Option<SrvObject<'_>> {
    let DnsRecordData::Srv(service) = content else { return None };
    let DnsService { priority, weight, port, target } = service;
    Some(SrvObject { priority: *priority, weight: *weight, port: *port, name: target })
}

fn dns_answers<S: Serializer>(records: &[DnsRecord], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(records.iter().map(DnsAnswer::answer))
}

fn dns_authorities<S: Serializer>(records: &[DnsRecord], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(records.iter().map(DnsAnswer::authority))
}

fn dns_additionals<S: Serializer>(records: &[DnsRecord], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(records.iter().map(DnsAnswer::in_text))
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorities: Vec<MdnsAnswer<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    additionals: Vec<MdnsAnswer<'a>>,
}

/// A record; the schema has no place for addresses and services.
#[derive(Debug, Serialize)]
struct MdnsAnswer<'a> {
    rrname: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ptr: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    txt: &'a [String],
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
            ptr: if let DnsRecordData::Ptr(name) = &record.data { Some(name) } else { None },
            txt: if let DnsRecordData::Txt(strings) = &record.data { strings } else { &[] },
        };
        let authority =
            |record: &'a DnsRecord| MdnsAnswer { rrname: &record.name, ptr: None, txt: &[] };
        Self {
            kind: kind(message),
            id: message.id,
            flags: flag_names(message.flags, &names),
            opcode: message.opcode(),
            rcode: message.rcode(),
            queries: message.queries.iter().map(|query| query_object(query, Case::Lower)).collect(),
            answers: message.answers.iter().map(answer).collect(),
            authorities: message.authorities.iter().map(authority).collect(),
            additionals: message.additionals.iter().map(answer).collect(),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    ns: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mx: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    txt: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    soa: Option<SoaObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    srv: Option<SrvObject<'a>>,
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
                DnsRecordData::Ns(name) => answer.ns = Some(name),
                DnsRecordData::Mx(mail) => answer.mx = Some(&mail.exchange),
                DnsRecordData::Txt(strings) => answer.txt = strings,
                DnsRecordData::Soa(_) => answer.soa = soa_object(&record.data),
                DnsRecordData::Srv(_) => answer.srv = srv_object(&record.data),
                DnsRecordData::Svcb(_) | DnsRecordData::Other => {}
            }
            answer
        };
        Self {
            kind: kind(message),
            id: message.id,
            flags: flag_names(message.flags, &[(0x0400, "c"), (0x0200, "tc"), (0x0100, "t")]),
            opcode: message.opcode(),
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

const fn kind(message: &DnsMessage) -> &'static str {
    if message.is_response() { "response" } else { "request" }
}

fn flag_names(flags: u16, names: &[(u16, &'static str)]) -> Vec<&'static str> {
    names.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect()
}
