//! What one source says of one capture: a name of a kind, and perhaps the flow.

use std::net::IpAddr;

/// What a name is, and in which protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `server_name` of a ClientHello over TCP or DTLS.
    TlsSni,
    /// `server_name` of a ClientHello in QUIC, and the `SNI` tag of Google QUIC.
    QuicSni,
    /// Host of an HTTP/1 request.
    HttpHost,
    /// Asked or answered in DNS.
    DnsName,
    /// Asked or answered in multicast DNS.
    MdnsName,
    /// Asked or answered in LLMNR.
    LlmnrName,
    /// A record in an answer section.
    DnsAnswer,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::TlsSni,
        Self::QuicSni,
        Self::HttpHost,
        Self::DnsName,
        Self::MdnsName,
        Self::LlmnrName,
        Self::DnsAnswer,
    ];

    /// The word for it in tables and in the list of disagreements.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::TlsSni => "tls-sni",
            Self::QuicSni => "quic-sni",
            Self::HttpHost => "http-host",
            Self::DnsName => "dns",
            Self::MdnsName => "mdns",
            Self::LlmnrName => "llmnr",
            Self::DnsAnswer => "dns-answer",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Both ends of a flow in no order: tools do not agree who began it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Flow([(IpAddr, u16); 2]);

impl Flow {
    pub(crate) fn new(src: &str, sport: &str, dst: &str, dport: &str) -> Option<Self> {
        let mut ends =
            [(src.parse().ok()?, sport.parse().ok()?), (dst.parse().ok()?, dport.parse().ok()?)];
        ends.sort();
        Some(Self(ends))
    }
}

/// A tool says that a name is in a capture.
#[derive(Debug, Clone)]
pub(crate) struct Sighting {
    pub(crate) tool: String,
    /// Absent where the tool does not tell it; it then stands for each kind in which another tool has the name.
    pub(crate) kind: Option<Kind>,
    pub(crate) name: String,
    pub(crate) flow: Option<Flow>,
    /// Not what we have to find (HTTP/2, decrypted, SSDP), but whoever finds it is right.
    pub(crate) is_optional: bool,
}
