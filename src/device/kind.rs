//! Kinds of devices.

/// What a device is (contract of events and metrics: a closed set).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum DeviceKind {
    /// A network camera.
    Camera,
    /// A recorder (NVR, DVR).
    Recorder,
    /// A video doorbell.
    Doorbell,
    /// A door or gate controller.
    AccessControl,
    /// An intercom.
    Intercom,
    /// Not known.
    #[default]
    Unknown,
}

impl DeviceKind {
    /// The label, as in events and metrics.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Recorder => "recorder",
            Self::Doorbell => "doorbell",
            Self::AccessControl => "access-control",
            Self::Intercom => "intercom",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of a label; `unknown` and other words are none.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        [Self::Camera, Self::Recorder, Self::Doorbell, Self::AccessControl, Self::Intercom]
            .into_iter()
            .find(|kind| kind.as_label() == label)
    }
}
