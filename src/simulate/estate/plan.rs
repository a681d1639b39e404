//! What an estate is to be like.
//!
//! Comes in: nothing. Goes out: a plan, which a test changes field by field.

/// How large an estate is, and what happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EstatePlan {
    /// Vendor devices, at most 240.
    pub units: u16,
    /// Hosts that are no vendor device, at most 60.
    pub bystanders: u16,
    /// Hours that it runs.
    pub hours: u16,
    /// How much happens in an hour, in percent of the usual.
    pub activity: u16,
    /// Devices in a hundred that meet a block in each cycle: a day, or half the run when that is shorter.
    pub blocked_percent: u8,
    /// Times that the uplink is out for hours.
    pub outages: u16,
    /// Devices in a hundred that come back with another address after a reboot.
    pub roaming_percent: u8,
    /// What the observer misses.
    pub impairment: Impairment,
    /// Flows are written down, to be drained.
    pub keeps_flows: bool,
}

/// What the observer misses. It changes what is handed out, never the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Impairment {
    /// Nothing.
    None,
    /// Frames at random, so many in a hundred.
    Loss(u8),
    /// All but one side.
    OneSided(SeenSide),
}

/// The side that an observer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenSide {
    /// What hosts at home send.
    Sent,
    /// What the router sends to them, and what goes to groups and to all.
    Received,
}

impl EstatePlan {
    /// The large case: 200 devices over 72 hours.
    #[must_use]
    pub const fn large() -> Self {
        Self {
            units: 200,
            bystanders: 24,
            hours: 72,
            activity: 100,
            blocked_percent: 25,
            outages: 3,
            roaming_percent: 40,
            impairment: Impairment::None,
            keeps_flows: false,
        }
    }

    /// The small case: 12 devices over 6 hours, in which much happens.
    #[must_use]
    pub const fn small() -> Self {
        Self {
            units: 12,
            bystanders: 6,
            hours: 6,
            activity: 150,
            outages: 1,
            keeps_flows: true,
            ..Self::large()
        }
    }

    /// The same estate, seen with an impairment.
    #[must_use]
    pub const fn impaired(self, impairment: Impairment) -> Self {
        Self { impairment, ..self }
    }
}

impl Default for EstatePlan {
    fn default() -> Self {
        Self::small()
    }
}
