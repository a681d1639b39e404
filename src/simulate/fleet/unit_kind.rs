//! Kinds of vendor units, finer than the contract's.

/// What a vendor unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
    /// Hikvision camera (DS-2CD...).
    Camera,
    /// Hikvision camera that turns (DS-2DE...).
    PtzCamera,
    /// Hikvision network recorder (DS-76...NI).
    NetworkRecorder,
    /// Hikvision recorder for analogue cameras (DS-72...).
    AnalogRecorder,
    /// Hikvision door station (DS-KV...).
    Intercom,
    /// Hikvision access terminal (DS-K1T...).
    AccessTerminal,
    /// EZVIZ camera with mains power, its own address block or a module maker's.
    EzvizCamera,
    /// EZVIZ doorbell with mains power, of the DB1's kind.
    EzvizDoorbell,
    /// EZVIZ unit on a battery, of the CP4's kind: it answers nothing.
    EzvizBattery,
    /// Camera that is sold under another brand.
    RebrandCamera,
    /// Recorder that is sold under another brand.
    RebrandRecorder,
    /// Doorbell that is sold under another brand.
    RebrandDoorbell,
    /// Thermal camera of HIKMICRO or under another brand.
    ThermalCamera,
    /// Alarm panel of the group.
    AlarmPanel,
}

impl UnitKind {
    /// All kinds.
    pub const ALL: [Self; 14] = [
        Self::Camera,
        Self::PtzCamera,
        Self::NetworkRecorder,
        Self::AnalogRecorder,
        Self::Intercom,
        Self::AccessTerminal,
        Self::EzvizCamera,
        Self::EzvizDoorbell,
        Self::EzvizBattery,
        Self::RebrandCamera,
        Self::RebrandRecorder,
        Self::RebrandDoorbell,
        Self::ThermalCamera,
        Self::AlarmPanel,
    ];

    /// The kind in words.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::PtzCamera => "ptz-camera",
            Self::NetworkRecorder => "network-recorder",
            Self::AnalogRecorder => "analog-recorder",
            Self::Intercom => "intercom",
            Self::AccessTerminal => "access-terminal",
            Self::EzvizCamera => "ezviz-camera",
            Self::EzvizDoorbell => "ezviz-doorbell",
            Self::EzvizBattery => "ezviz-battery",
            Self::RebrandCamera => "rebrand-camera",
            Self::RebrandRecorder => "rebrand-recorder",
            Self::RebrandDoorbell => "rebrand-doorbell",
            Self::ThermalCamera => "thermal-camera",
            Self::AlarmPanel => "alarm-panel",
        }
    }

    /// The kind in the words of the contract.
    #[must_use]
    pub const fn device_kind(self) -> &'static str {
        match self {
            Self::Camera
            | Self::PtzCamera
            | Self::EzvizCamera
            | Self::RebrandCamera
            | Self::ThermalCamera => "camera",
            Self::NetworkRecorder | Self::AnalogRecorder | Self::RebrandRecorder => "recorder",
            Self::EzvizDoorbell | Self::EzvizBattery | Self::RebrandDoorbell => "doorbell",
            Self::Intercom => "intercom",
            Self::AccessTerminal => "access-control",
            Self::AlarmPanel => "unknown",
        }
    }

    /// How many of 60 units are of this kind.
    pub(crate) const fn share(self) -> usize {
        match self {
            Self::Camera => 11,
            Self::EzvizCamera => 7,
            Self::RebrandCamera => 6,
            Self::NetworkRecorder => 5,
            Self::PtzCamera | Self::EzvizDoorbell | Self::EzvizBattery | Self::RebrandDoorbell => 4,
            Self::AnalogRecorder | Self::Intercom | Self::AccessTerminal => 3,
            Self::RebrandRecorder | Self::ThermalCamera | Self::AlarmPanel => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_of_sixty() {
        assert_eq!(UnitKind::ALL.into_iter().map(UnitKind::share).sum::<usize>(), 60);
    }
}
