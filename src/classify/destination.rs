//! Where a flow goes, and why we think so.

use std::sync::Arc;

use crate::catalogue::{CloudRole, Region, Speaker};

/// A vendor cloud service at the far end of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Whose cloud it is: `hikvision`, `ezviz` ...
    pub vendor: Arc<str>,
    /// The service, in the vendor's words where it has any: `ezviz-lbs`, `hik-connect` ...
    pub service: Arc<str>,
    /// What it is for.
    pub role: CloudRole,
    /// Where it says it stands.
    pub region: Region,
    /// Who normally speaks to it.
    pub speaker: Speaker,
    /// The name that decided, as the host asked for it; absent when no name was seen.
    pub domain: Option<Arc<str>>,
    /// 0 to 100.
    pub confidence: u8,
    /// What kind of observation decided.
    pub basis: Basis,
    /// The steps of the verdict, for a person: which observation met which catalogue entry.
    pub reason: Arc<str>,
}

/// What kind of observation a verdict on a destination rests on, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The server name in a TLS ClientHello.
    Sni,
    /// The server name in a QUIC Initial.
    QuicSni,
    /// The Host field of an HTTP request.
    HttpHost,
    /// A DNS answer that the same host got for this address.
    Dns,
    /// An answer of an HTTP-based resolver.
    HttpDns,
    /// A block of addresses.
    Prefix,
    /// What the payload says.
    Payload,
    /// A step that came before, such as a broker's answer.
    Correlation,
    /// The port alone.
    Port,
}

impl Basis {
    /// The label, as in events.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Sni => "sni",
            Self::QuicSni => "quic-sni",
            Self::HttpHost => "http-host",
            Self::Dns => "dns",
            Self::HttpDns => "httpdns",
            Self::Prefix => "prefix",
            Self::Payload => "payload",
            Self::Correlation => "correlation",
            Self::Port => "port",
        }
    }
}
