//! Which sources of evidence are independent of each other.
//!
//! Comes in: a source. Goes out: its kind. Two facts of one kind can have one common cause (one web server, one list of
//! names, one forger's tool), so that together they are worth no more than the stronger of them.

use super::EvidenceSource;

/// A group of sources that are not independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceKind {
    /// Whom the address block is registered to.
    Registry,
    /// The vendor's discovery protocol, on either transport.
    Discovery,
    /// The beacon by which units of the vendor find one another.
    Interconnection,
    /// WS-Discovery with ONVIF scopes.
    Onvif,
    /// SSDP and UPnP.
    Upnp,
    /// Multicast DNS.
    Mdns,
    /// DHCP.
    Lease,
    /// HTTP, RTSP and the certificate: mostly of one web server.
    Banner,
    /// SNMP.
    Management,
    /// The command port of the vendor's kit.
    Sdk,
    /// Names of the vendor's cloud, that of its time servers too.
    CloudName,
    /// The protocols of the vendor's cloud.
    CloudProtocol,
    /// A registration with a platform of the owner.
    Platform,
    /// The ports that it answers on.
    Ports,
    /// How it begins TLS.
    Fingerprint,
}

impl EvidenceKind {
    /// Every kind, in order.
    pub const ALL: [Self; 15] = [
        Self::Registry,
        Self::Discovery,
        Self::Interconnection,
        Self::Onvif,
        Self::Upnp,
        Self::Mdns,
        Self::Lease,
        Self::Banner,
        Self::Management,
        Self::Sdk,
        Self::CloudName,
        Self::CloudProtocol,
        Self::Platform,
        Self::Ports,
        Self::Fingerprint,
    ];

    /// The word for it, as in explanations.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Discovery => "discovery",
            Self::Interconnection => "interconnection",
            Self::Onvif => "onvif",
            Self::Upnp => "upnp",
            Self::Mdns => "mdns",
            Self::Lease => "lease",
            Self::Banner => "banner",
            Self::Management => "management",
            Self::Sdk => "sdk",
            Self::CloudName => "cloud-name",
            Self::CloudProtocol => "cloud-protocol",
            Self::Platform => "platform",
            Self::Ports => "ports",
            Self::Fingerprint => "fingerprint",
        }
    }
}

impl From<EvidenceSource> for EvidenceKind {
    fn from(source: EvidenceSource) -> Self {
        match source {
            EvidenceSource::Oui => Self::Registry,
            EvidenceSource::Sadp | EvidenceSource::SadpLink => Self::Discovery,
            EvidenceSource::Beacon => Self::Interconnection,
            EvidenceSource::WsDiscovery => Self::Onvif,
            EvidenceSource::Ssdp => Self::Upnp,
            EvidenceSource::Mdns => Self::Mdns,
            EvidenceSource::Dhcp => Self::Lease,
            EvidenceSource::Http | EvidenceSource::Rtsp | EvidenceSource::Certificate => {
                Self::Banner
            }
            EvidenceSource::Snmp => Self::Management,
            EvidenceSource::Sdk => Self::Sdk,
            EvidenceSource::CloudName | EvidenceSource::Ntp => Self::CloudName,
            EvidenceSource::Lbs | EvidenceSource::Das | EvidenceSource::Framing => {
                Self::CloudProtocol
            }
            EvidenceSource::Isup => Self::Platform,
            EvidenceSource::Ports => Self::Ports,
            EvidenceSource::Fingerprint => Self::Fingerprint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_has_a_kind_and_each_kind_a_source() {
        for kind in EvidenceKind::ALL {
            assert!(
                EvidenceSource::ALL.into_iter().any(|source| EvidenceKind::from(source) == kind)
            );
        }
    }
}
