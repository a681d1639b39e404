//! One observed fact about a device.

use super::Claim;
use crate::net::Timestamp;

/// A fact that was seen, what it claims, and how much it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Where it was seen.
    pub source: EvidenceSource,
    /// What it claims.
    pub claim: Claim,
    /// What was seen, bounded and untrusted.
    pub value: String,
    /// How much it counts for the vendor, 0 to 100: the confidence that it would give alone; 0 for what only describes.
    pub weight: u8,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// How often it was seen.
    pub count: u32,
}

/// The kinds of observation; two facts from one source are not independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceSource {
    /// The block that the MAC address is registered in.
    Oui,
    /// A SADP message over UDP 37020.
    Sadp,
    /// A SADP message over EtherType 0x8033.
    SadpLink,
    /// An EZVIZ beacon over EtherType 0x8d8d.
    Beacon,
    /// WS-Discovery and the ONVIF scopes in it.
    WsDiscovery,
    /// SSDP and the description that it leads to.
    Ssdp,
    /// Multicast DNS.
    Mdns,
    /// A DHCP message.
    Dhcp,
    /// The Server field or the realm of an HTTP answer.
    Http,
    /// The Server field or the realm of an RTSP answer.
    Rtsp,
    /// A certificate that the device showed.
    Certificate,
    /// SNMP sysObjectID or sysDescr.
    Snmp,
    /// The device network SDK, TCP 8000.
    Sdk,
    /// A registration with the vendor's cloud (LBS).
    Lbs,
    /// A session with the vendor's control service (DAS over MQTT).
    Das,
    /// The vendor's framings of P2P, STUN and relay.
    Framing,
    /// A registration with a platform of the owner (ISUP).
    Isup,
    /// A name that only a device of the vendor looks up or contacts.
    CloudName,
    /// The vendor's time server.
    Ntp,
    /// The set of ports that it answers on.
    Ports,
    /// How it begins TLS (JA4).
    Fingerprint,
}

impl EvidenceSource {
    /// Every source, in order.
    pub const ALL: [Self; 21] = [
        Self::Oui,
        Self::Sadp,
        Self::SadpLink,
        Self::Beacon,
        Self::WsDiscovery,
        Self::Ssdp,
        Self::Mdns,
        Self::Dhcp,
        Self::Http,
        Self::Rtsp,
        Self::Certificate,
        Self::Snmp,
        Self::Sdk,
        Self::Lbs,
        Self::Das,
        Self::Framing,
        Self::Isup,
        Self::CloudName,
        Self::Ntp,
        Self::Ports,
        Self::Fingerprint,
    ];

    /// The label, as in events.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Oui => "oui",
            Self::Sadp => "sadp",
            Self::SadpLink => "sadp-link",
            Self::Beacon => "beacon",
            Self::WsDiscovery => "ws-discovery",
            Self::Ssdp => "ssdp",
            Self::Mdns => "mdns",
            Self::Dhcp => "dhcp",
            Self::Http => "http",
            Self::Rtsp => "rtsp",
            Self::Certificate => "certificate",
            Self::Snmp => "snmp",
            Self::Sdk => "sdk",
            Self::Lbs => "lbs",
            Self::Das => "das",
            Self::Framing => "framing",
            Self::Isup => "isup",
            Self::CloudName => "cloud-name",
            Self::Ntp => "ntp",
            Self::Ports => "ports",
            Self::Fingerprint => "fingerprint",
        }
    }

    /// The source of a label.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_label() == label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_is_found_by_its_label() {
        for source in EvidenceSource::ALL {
            assert_eq!(EvidenceSource::from_label(source.as_label()), Some(source));
        }
    }
}
