//! What a device chiefly did with the vendor's cloud in an hour.

/// The states, a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActivityState {
    /// Nothing went to a vendor cloud.
    Idle,
    /// It only registered, kept its control channel, asked for the time or for its public address.
    ControlOnly,
    /// It tried to register or to keep its control channel, and nothing came of it.
    RegistrationFailing,
    /// Video went out over a relay of the cloud.
    CloudRelay,
    /// Video went straight to a peer that the cloud brought together with it.
    P2pView,
    /// Snapshots or recordings were stored in the cloud.
    Upload,
    /// It fetched firmware.
    Firmware,
    /// Too little was seen to say.
    Unknown,
}

impl ActivityState {
    /// The label, as in events.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::ControlOnly => "control-only",
            Self::RegistrationFailing => "registration-failing",
            Self::CloudRelay => "cloud-relay",
            Self::P2pView => "p2p-view",
            Self::Upload => "upload",
            Self::Firmware => "firmware",
            Self::Unknown => "unknown",
        }
    }
}
