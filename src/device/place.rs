//! Where a signature is looked for.
//!
//! Comes in: the word of `config/catalogue/devices.toml`. Goes out: the place, and the source of evidence that it is part of.

use serde::Deserialize;

use super::EvidenceSource;

/// A part of a message that says who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Place {
    /// The Server field of an HTTP answer.
    HttpServer,
    /// The realm of an HTTP challenge.
    HttpRealm,
    /// The path of a request that was answered with a device description.
    HttpAnswerTo,
    /// The Server field of an RTSP answer.
    RtspServer,
    /// The realm of an RTSP challenge.
    RtspRealm,
    /// The subject of a certificate.
    CertificateSubject,
    /// The ONVIF scope `name`.
    OnvifName,
    /// The ONVIF scope `hardware`.
    OnvifHardware,
    /// A device type of SSDP or of a UPnP description.
    SsdpDeviceType,
    /// The manufacturer in a UPnP description.
    UpnpManufacturer,
    /// A service of multicast DNS.
    MdnsService,
    /// sysObjectID of SNMP, or the enterprise of a trap or an engine.
    SnmpObject,
    /// DHCP option 60.
    DhcpVendorClass,
    /// JA4 of a TLS client.
    Ja4,
    /// A protocol of the vendor, of which the device's side was seen.
    Protocol,
}

/// A protocol of the vendor, of which the device's side was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ProtocolSign {
    /// An EZVIZ beacon.
    Beacon,
    /// The kit's port refuses.
    SdkRefusal,
    /// A device registers (LBS).
    LbsRegistration,
    /// An MQTT will as devices leave it (DAS).
    DasWill,
    /// A subscription as devices make it (DAS).
    DasSubscription,
    /// `SafeProtocol` towards an older gateway.
    SafeGateway,
    /// `SafeProtocol` on a local port, from the side that answers.
    SafeLocal,
    /// The vendor's own STUN.
    SafeStun,
    /// The vendor's peer-to-peer protocol.
    P2p,
    /// A device enters a platform of its owner (ISUP).
    IsupRegistration,
}

impl ProtocolSign {
    pub(super) const ALL: [Self; 10] = [
        Self::Beacon,
        Self::SdkRefusal,
        Self::LbsRegistration,
        Self::DasWill,
        Self::DasSubscription,
        Self::SafeGateway,
        Self::SafeLocal,
        Self::SafeStun,
        Self::P2p,
        Self::IsupRegistration,
    ];

    /// The pattern that stands for it.
    pub(super) const fn as_label(self) -> &'static str {
        match self {
            Self::Beacon => "beacon",
            Self::SdkRefusal => "sdk-refusal",
            Self::LbsRegistration => "lbs-registration",
            Self::DasWill => "das-will",
            Self::DasSubscription => "das-subscription",
            Self::SafeGateway => "safe-gateway",
            Self::SafeLocal => "safe-local",
            Self::SafeStun => "safe-stun",
            Self::P2p => "p2p",
            Self::IsupRegistration => "isup-registration",
        }
    }

    /// Where it counts.
    pub(super) const fn source(self) -> EvidenceSource {
        match self {
            Self::Beacon => EvidenceSource::Beacon,
            Self::SdkRefusal => EvidenceSource::Sdk,
            Self::LbsRegistration => EvidenceSource::Lbs,
            Self::DasWill | Self::DasSubscription => EvidenceSource::Das,
            Self::SafeGateway | Self::SafeLocal | Self::SafeStun | Self::P2p => {
                EvidenceSource::Framing
            }
            Self::IsupRegistration => EvidenceSource::Isup,
        }
    }
}

impl Place {
    /// The source of evidence; of a protocol, `pattern` tells it.
    pub(super) fn source(self, pattern: &str) -> Option<EvidenceSource> {
        Some(match self {
            Self::HttpServer | Self::HttpRealm | Self::HttpAnswerTo => EvidenceSource::Http,
            Self::RtspServer | Self::RtspRealm => EvidenceSource::Rtsp,
            Self::CertificateSubject => EvidenceSource::Certificate,
            Self::OnvifName | Self::OnvifHardware => EvidenceSource::WsDiscovery,
            Self::SsdpDeviceType | Self::UpnpManufacturer => EvidenceSource::Ssdp,
            Self::MdnsService => EvidenceSource::Mdns,
            Self::SnmpObject => EvidenceSource::Snmp,
            Self::DhcpVendorClass => EvidenceSource::Dhcp,
            Self::Ja4 => EvidenceSource::Fingerprint,
            Self::Protocol => {
                ProtocolSign::ALL.into_iter().find(|sign| sign.as_label() == pattern)?.source()
            }
        })
    }
}
