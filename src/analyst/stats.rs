//! What the analyst has counted.

/// Plain counters of the analyst since it was made; `devices`, `names` and `watched_flows` are of now, the others only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnalystStats {
    /// Devices in the registry, those of no vendor included.
    pub devices: usize,
    /// Those among them that are of a vendor in the catalogue.
    pub vendor_devices: usize,
    /// Devices that were forgotten to make room.
    pub devices_evicted: u64,
    /// Devices that found no room.
    pub devices_refused: u64,
    /// Names that are remembered over all hosts.
    pub names: usize,
    /// Names that were forgotten to make room.
    pub names_evicted: u64,
    /// Live flows of concern.
    pub watched_flows: usize,
    /// Flows of concern that found no room; their bytes are in no tally.
    pub watched_flows_refused: u64,
}
