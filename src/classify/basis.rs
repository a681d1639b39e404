//! What a verdict on a destination rests on.
//!
//! Comes in: nothing. Goes out: a closed set, with the labels of the events.

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
