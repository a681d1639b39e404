//! What the registry has counted, as it leaves the room.

/// What the registry has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RegistryStats {
    /// Devices now.
    pub(crate) devices: usize,
    /// Those of a vendor in the catalogue.
    pub(crate) vendor_devices: usize,
    /// Devices that were forgotten to make room.
    pub(crate) evicted: u64,
    /// Devices that found no room.
    pub(crate) refused: u64,
}
