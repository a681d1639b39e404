//! What may be set about metrics.

/// Bounds of the exposition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Devices with series of their own; further ones share `device="other"`.
    pub max_devices: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_devices: 256 }
    }
}
