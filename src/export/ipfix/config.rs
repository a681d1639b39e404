//! What may be set about IPFIX.

use std::time::Duration;

/// Where flow records go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpfixConfig {
    /// The collector, `host:port`; nothing is sent without it.
    pub collector: Option<String>,
    /// How they travel.
    pub transport: IpfixTransport,
    /// The observation domain: tells several sensors at one collector apart.
    pub domain: u32,
    /// Over UDP the templates are sent again after this time.
    pub template_interval: Duration,
}

impl Default for IpfixConfig {
    fn default() -> Self {
        Self {
            collector: None,
            transport: IpfixTransport::Udp,
            domain: 1,
            template_interval: Duration::from_secs(60),
        }
    }
}

/// How IPFIX messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IpfixTransport {
    /// One message a datagram, RFC 7011, 10.3.
    #[default]
    Udp,
    /// One after the other, RFC 7011, 10.4.
    Tcp,
}

impl IpfixTransport {
    /// The names.
    pub const NAMES: [(&'static str, Self); 2] = [("udp", Self::Udp), ("tcp", Self::Tcp)];
}
