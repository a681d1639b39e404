//! What may be set about capturing.

use std::net::SocketAddr;

/// How frames are captured from interfaces and sniffers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Which backend opens interfaces.
    pub backend: Backend,
    /// Memory of one interface's ring, in bytes; rounded to whole blocks.
    pub ring_bytes: usize,
    /// Memory of the table of flows that the kernel counts in our place, in bytes; with too little for one flow there is
    /// none.
    pub cutoff_bytes: usize,
    /// Threads that share the frames of one interface, and the memory of its ring and table.
    pub workers: usize,
    /// Asks the interface for frames that are not addressed to it.
    pub promiscuous: bool,
    /// A filter expression in the language of pcap-filter(7); libpcap backend only.
    pub filter: Option<String>,
    /// Where TZSP datagrams are taken; only the command line names such addresses.
    pub tzsp: Vec<SocketAddr>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            backend: Backend::AfPacket,
            ring_bytes: 8 << 20,
            cutoff_bytes: 2 << 20,
            workers: 1,
            promiscuous: true,
            filter: None,
            tzsp: Vec::new(),
        }
    }
}

/// What opens an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Backend {
    /// A TPACKET_V3 ring of our own; Linux, CAP_NET_RAW.
    #[default]
    AfPacket,
    /// libpcap, when built with the feature `libpcap`.
    Libpcap,
}

/// Which side of the network an interface is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum InterfaceRole {
    /// Our own network: bytes are counted here.
    #[default]
    Lan,
    /// The way out of a gateway: seen, not counted, since `lan` counts the same flows.
    Wan,
    /// A copy of somebody else's traffic (mirror port): counted.
    Mirror,
}

impl InterfaceRole {
    /// `lan`, `wan` or `mirror`.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Lan => "lan",
            Self::Wan => "wan",
            Self::Mirror => "mirror",
        }
    }
}

/// An interface to capture on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceConfig {
    /// The system's name for it.
    pub name: String,
    /// Its role.
    pub role: InterfaceRole,
}
