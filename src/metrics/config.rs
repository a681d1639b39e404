//! What may be set about metrics.

/// Bounds of the exposition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How much is told.
    pub profile: Profile,
    /// Devices with series of their own; further ones share `device="other"`.
    pub max_devices: usize,
    /// Tell in OpenMetrics when the counters of a device began. A Prometheus keeps each as one more series.
    pub created: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { profile: Profile::Site, max_devices: 256, created: false }
    }
}

/// How much the exposition tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Everything, by device: for who lives or works there.
    Site,
    /// Sums without devices: for who watches hundreds of sites from one Prometheus.
    Fleet,
}

impl Profile {
    /// The profiles by their names in the configuration.
    pub const NAMES: [(&str, Self); 2] = [("site", Self::Site), ("fleet", Self::Fleet)];
}
