//! What may be set about metering.

use crate::flow;

/// Bounds of one meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The flow table.
    pub flow: flow::Config,
    /// Most bytes of a stream's head that are put together; a longer ClientHello stays unread.
    pub max_head_bytes: usize,
    /// Bytes that all stream heads of a meter may hold together; guards against floods of half a ClientHello.
    pub heads_budget: usize,
    /// Bytes that all datagrams in fragments of a meter may hold together; guards against floods of fragments.
    pub fragments_budget: usize,
    /// Keeps flows of different interfaces apart; false for captures, where both directions of a
    /// flow may have been recorded on different interfaces.
    pub interfaces_apart: bool,
    /// Reads what stands in tunnels over UDP. Any stranger can send a datagram to the port of one, and with it frames of
    /// their own making; so it is for captures, and for mirrors that arrive that way.
    pub trust_tunnels: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            flow: flow::Config::default(),
            max_head_bytes: 16 << 10,
            heads_budget: 4 << 20,
            fragments_budget: 1 << 20,
            interfaces_apart: true,
            trust_tunnels: false,
        }
    }
}
