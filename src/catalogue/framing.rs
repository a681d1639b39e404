//! The ways of speaking by which a vendor's service is known without any name: one word for each.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A protocol, or a shape of messages, that tells the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Registration of EZVIZ devices (LBS).
    Lbs,
    /// The control channel: MQTT with the topics of the device access service (DAS).
    DasMqtt,
    /// `SafeProtocol` with commands of the device access of the older generation.
    SafeAccess,
    /// `SafeProtocol` with commands of the vendor's own STUN.
    SafeStun,
    /// `SafeProtocol` with commands that bring viewers and devices together (CAS).
    SafeCas,
    /// `SafeProtocol` with commands that play recordings of the cloud.
    SafeReplay,
    /// Peer-to-peer, version 3.
    P2pV3,
    /// Video relay (VTM).
    Vtm,
    /// The vendor's SDK: log-in and control of a device.
    Hcnetsdk,
    /// ISUP, earlier EHome.
    Isup,
    /// Pictures in clear text: `POST /sdk.post`.
    SdkPost,
    /// Pictures and recordings to rented storage.
    SnapshotUpload,
    /// Names resolved over HTTP, past the resolver of the network.
    #[serde(rename = "httpdns")]
    HttpDns,
}

impl Framing {
    /// Every framing, in the order of their declaration.
    pub const ALL: [Self; 13] = [
        Self::Lbs,
        Self::DasMqtt,
        Self::SafeAccess,
        Self::SafeStun,
        Self::SafeCas,
        Self::SafeReplay,
        Self::P2pV3,
        Self::Vtm,
        Self::Hcnetsdk,
        Self::Isup,
        Self::SdkPost,
        Self::SnapshotUpload,
        Self::HttpDns,
    ];

    /// The word for it, as catalogue files write it.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Lbs => "lbs",
            Self::DasMqtt => "das-mqtt",
            Self::SafeAccess => "safe-access",
            Self::SafeStun => "safe-stun",
            Self::SafeCas => "safe-cas",
            Self::SafeReplay => "safe-replay",
            Self::P2pV3 => "p2p-v3",
            Self::Vtm => "vtm",
            Self::Hcnetsdk => "hcnetsdk",
            Self::Isup => "isup",
            Self::SdkPost => "sdk-post",
            Self::SnapshotUpload => "snapshot-upload",
            Self::HttpDns => "httpdns",
        }
    }

    /// The framing with this word.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|framing| framing.as_label().eq_ignore_ascii_case(label))
    }
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_in_a_file_is_the_label() {
        for framing in Framing::ALL {
            let json = serde_json::to_value(framing).unwrap();
            assert_eq!(json, framing.as_label());
            assert_eq!(Framing::from_label(framing.as_label()), Some(framing));
        }
        assert_eq!(Framing::from_label("rtsp"), None);
    }
}
