//! What may be set about the analysis.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::alert;
use crate::device::Labels;
use crate::geo::Geo;
use crate::net::{InterfaceId, LocalNets};

/// Bounds of the analyst, and what it takes for our own network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Address blocks of our own network.
    pub local_nets: LocalNets,
    /// Addresses of this machine: what goes there says nothing about what is seen of others.
    pub own_addresses: Vec<IpAddr>,
    /// Most devices that are kept; vendor devices are the last to be forgotten.
    pub max_devices: usize,
    /// Where addresses are registered.
    pub geo: Arc<Geo>,
    /// What the owner calls devices.
    pub labels: Arc<Labels>,
    /// A device that is silent for longer counts as offline.
    pub offline_after: Duration,
    /// Most names that are remembered over all hosts.
    pub max_names: usize,
    /// Most live flows of concern that are kept with their destination.
    pub max_watched_flows: usize,
    /// Interfaces whose flows are not added to totals: they show traffic that another interface shows too.
    pub uncounted_interfaces: Vec<InterfaceId>,
    /// Messages that concern neither a vendor device nor a vendor cloud are told too; else only those that do.
    pub all_messages: bool,
    /// How long devices are learned, what is left out of alerts, and what is expected.
    pub alerts: alert::Config,
    /// Gather why alert rules fire, and which nearly do. For a run that ends: it is kept to its end.
    pub explain_alerts: bool,
    /// Devices that were heard of are told at least this often (packet time) although nothing is new, for who stores
    /// their times; never without it.
    pub checkpoint_interval: Option<Duration>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            local_nets: LocalNets::default(),
            own_addresses: Vec::new(),
            max_devices: 4096,
            geo: Arc::default(),
            labels: Arc::default(),
            offline_after: Duration::from_secs(15 * 60),
            max_names: 8192,
            max_watched_flows: 16_384,
            uncounted_interfaces: Vec::new(),
            all_messages: true,
            alerts: alert::Config::default(),
            explain_alerts: false,
            checkpoint_interval: None,
        }
    }
}
