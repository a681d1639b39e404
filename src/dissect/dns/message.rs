//! What was read of one DNS, mDNS or LLMNR message.
//!
//! Comes in: nothing. Goes out: owned, bounded values. It keeps no bytes of records that it cannot name.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::dissect::AppProtocol;

/// A DNS message, RFC 1035, 4.1. Names are without the final dot, in the case of the wire; what is UTF-8 and can be
/// seen stays as it is (RFC 6762, 16), other bytes, dots and backslashes inside a label are escaped as `\DDD`
/// (RFC 4343, 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsMessage {
    /// [`AppProtocol::Dns`], [`AppProtocol::Mdns`] or [`AppProtocol::Llmnr`].
    pub protocol: AppProtocol,
    /// Identifier.
    pub id: u16,
    /// The 16 bits of flags behind the identifier, as sent.
    pub flags: u16,
    /// Questions, as many as fit the reader's limit.
    pub queries: Vec<DnsQuery>,
    /// Records of the answer section, as many as fit the reader's limit.
    pub answers: Vec<DnsRecord>,
    /// Records of the authority section whose content is read; in a probe of multicast DNS, what the prober
    /// wants to own (RFC 6762, 8.2).
    pub authorities: Vec<DnsRecord>,
    /// Records of the additional section whose content is read; multicast DNS puts addresses here (RFC 6763, 12).
    pub additionals: Vec<DnsRecord>,
    /// Something could not be read, because the message was cut or is damaged there; what stands before it was kept.
    pub truncated: bool,
}

impl DnsMessage {
    /// A message without questions and records.
    #[must_use]
    pub const fn new(protocol: AppProtocol, id: u16, flags: u16) -> Self {
        Self {
            protocol,
            id,
            flags,
            queries: Vec::new(),
            answers: Vec::new(),
            authorities: Vec::new(),
            additionals: Vec::new(),
            truncated: false,
        }
    }

    /// Tells whether this is a response (QR bit).
    #[must_use]
    pub const fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// The kind of query, 0 to 15; 0 is a standard query (IANA "DNS OpCodes").
    #[must_use]
    pub const fn opcode(&self) -> u16 {
        self.flags >> 11 & 0x0f
    }

    /// The response code, 0 to 15; 0 is success.
    #[must_use]
    pub const fn rcode(&self) -> u8 {
        self.flags.to_be_bytes()[1] & 0x0f
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsQuery {
    /// The name asked for.
    pub name: String,
    /// Type (IANA "DNS Parameters"): 1 is A, 28 is AAAA.
    pub rtype: u16,
}

/// One resource record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    /// The owner of the record.
    pub name: String,
    /// Type.
    pub rtype: u16,
    /// Time to live in seconds.
    pub ttl: u32,
    /// What it says.
    pub data: DnsRecordData,
}

/// The content of a resource record, as far as we use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DnsRecordData {
    /// Type 1, RFC 1035, 3.4.1.
    A(Ipv4Addr),
    /// Type 28, RFC 3596.
    Aaaa(Ipv6Addr),
    /// Type 5, RFC 1035, 3.3.1.
    Cname(String),
    /// Type 12, RFC 1035, 3.3.12.
    Ptr(String),
    /// Type 2, RFC 1035, 3.3.11.
    Ns(String),
    /// Type 6, RFC 1035, 3.3.13: MNAME, the primary name server.
    Soa(String),
    /// Type 15, RFC 1035, 3.3.9.
    Mx(DnsMailExchange),
    /// Type 16, RFC 1035, 3.3.14: the strings, as many as fit the reader's limit.
    Txt(Vec<String>),
    /// Type 33, RFC 2782.
    Srv(DnsService),
    /// Types 64 (SVCB) and 65 (HTTPS), RFC 9460, 2.
    Svcb(Box<DnsServiceBinding>),
    /// Anything else, or of a form that its type does not allow; its bytes are not kept.
    Other,
}

impl DnsRecordData {
    /// Bytes of text that it holds.
    pub(super) fn text_len(&self) -> usize {
        match self {
            Self::Cname(name) | Self::Ptr(name) | Self::Ns(name) | Self::Soa(name) => name.len(),
            Self::Mx(mail) => mail.exchange.len(),
            Self::Txt(strings) => strings.iter().map(String::len).sum(),
            Self::Srv(service) => service.target.len(),
            Self::Svcb(binding) => binding.target.len(),
            Self::A(_) | Self::Aaaa(_) | Self::Other => 0,
        }
    }
}

/// The content of an MX record, RFC 1035, 3.3.9.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DnsMailExchange {
    /// PREFERENCE: lower is better.
    pub preference: u16,
    /// EXCHANGE: the host that takes mail.
    pub exchange: String,
}

/// The content of an SRV record, RFC 2782.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DnsService {
    /// Priority: lower is tried first.
    pub priority: u16,
    /// Weight among those of one priority.
    pub weight: u16,
    /// Port of the service.
    pub port: u16,
    /// The host that offers it; empty when nobody does.
    pub target: String,
}

/// The content of an SVCB or HTTPS record, RFC 9460, 2.2 and 7.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DnsServiceBinding {
    /// SvcPriority; 0 makes the record an alias of `target`.
    pub priority: u16,
    /// TargetName; empty when it is the owner of the record.
    pub target: String,
    /// `alpn`: protocol identifiers, as many as fit the reader's limit.
    pub alpns: Vec<String>,
    /// `port`, when it is not the one of the scheme.
    pub port: Option<u16>,
    /// `ipv4hint`, as many as fit the reader's limit.
    pub ipv4_hints: Vec<Ipv4Addr>,
    /// `ipv6hint`, as many as fit the reader's limit.
    pub ipv6_hints: Vec<Ipv6Addr>,
    /// `ech` is present (key 5, RFC 9848): clients will hide the name that they contact.
    pub ech: bool,
}
