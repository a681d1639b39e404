//! What may be set about flows.

use std::time::Duration;

use super::wheel::Wheel;

/// Bounds of the flow table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Most flows at a time, in one worker's table; guards memory against scans and floods.
    pub max_flows: u32,
    /// A TCP conversation that was established ends after this much silence.
    pub tcp_idle_timeout: Duration,
    /// A TCP attempt without an answer ends after this much silence.
    pub tcp_half_open_timeout: Duration,
    /// A TCP conversation that was finished leaves after this time, so that late segments still find it.
    pub tcp_closed_timeout: Duration,
    /// UDP and every other protocol with ports end after this much silence.
    pub udp_idle_timeout: Duration,
    /// ICMP and protocols without ports end after this much silence.
    pub other_idle_timeout: Duration,
    /// A flow that lives on is reported again each time this much has passed (IPFIX active timeout).
    pub active_timeout: Duration,
    /// Totals of a live flow are told at most this often.
    pub update_interval: Duration,
}

impl Config {
    /// The shortest timeout that can be kept.
    pub const MIN_TIMEOUT: Duration = Wheel::MIN_TIMEOUT;
    /// The longest timeout that can be kept.
    pub const MAX_TIMEOUT: Duration = Wheel::MAX_TIMEOUT;
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_flows: 131_072,
            tcp_idle_timeout: Duration::from_secs(600),
            tcp_half_open_timeout: Duration::from_secs(60),
            tcp_closed_timeout: Duration::from_secs(10),
            udp_idle_timeout: Duration::from_secs(120),
            other_idle_timeout: Duration::from_secs(30),
            active_timeout: Duration::from_secs(1800),
            update_interval: Duration::from_secs(10),
        }
    }
}
