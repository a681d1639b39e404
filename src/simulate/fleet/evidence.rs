//! The kinds of evidence that a host may give about itself.
//!
//! Comes in: what a script has sent. Goes out: a set of kinds. It is the truth about what was to be seen, so
//! that what nobody found can be explained; it weighs nothing.

use std::fmt;

/// One kind of evidence, as the published descriptions have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EvidenceKind {
    /// It sent frames from an address block of the vendor or of a company of its group.
    Oui,
    /// A SADP reply over UDP 37020 that names it.
    SadpReply,
    /// A SADP message from it over `EtherType` 0x8033.
    SadpLink,
    /// The EZVIZ beacon over `EtherType` 0x8d8d.
    Beacon,
    /// WS-Discovery with scopes that name maker or model.
    WsDiscovery,
    /// SSDP `NOTIFY` with the device type of the vendor's firmware.
    SsdpNotify,
    /// The UPnP description over HTTP.
    SsdpDescription,
    /// Multicast DNS with `_CGI._tcp` or `_psia._tcp`.
    Mdns,
    /// A DHCP host name that is its model.
    DhcpName,
    /// An HTTP `Server` line of the vendor's.
    HttpServer,
    /// An HTTP realm of the vendor's.
    HttpRealm,
    /// An RTSP realm of the vendor's.
    RtspRealm,
    /// A TLS certificate with the vendor's subject, in clear.
    TlsSubject,
    /// SNMP `sysObjectID` below the vendor's enterprise number.
    Snmp,
    /// An answer of `HCNetSDK` framing.
    Sdk,
    /// LBS registration with the serial in clear.
    Registration,
    /// MQTT CONNECT with the vendor's will topic.
    Control,
    /// A name that only the vendor's devices look up.
    CloudName,
    /// A name of the vendor's time servers, which others use as well.
    NtpName,
    /// Open ports of the vendor's set.
    OpenPorts,
    /// A list of its channels that a recorder gave in clear.
    ChannelList,
}

impl EvidenceKind {
    /// All kinds.
    pub const ALL: [Self; 21] = [
        Self::Oui,
        Self::SadpReply,
        Self::SadpLink,
        Self::Beacon,
        Self::WsDiscovery,
        Self::SsdpNotify,
        Self::SsdpDescription,
        Self::Mdns,
        Self::DhcpName,
        Self::HttpServer,
        Self::HttpRealm,
        Self::RtspRealm,
        Self::TlsSubject,
        Self::Snmp,
        Self::Sdk,
        Self::Registration,
        Self::Control,
        Self::CloudName,
        Self::NtpName,
        Self::OpenPorts,
        Self::ChannelList,
    ];

    /// The kind in words.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Oui => "oui",
            Self::SadpReply => "sadp",
            Self::SadpLink => "sadp-link",
            Self::Beacon => "beacon",
            Self::WsDiscovery => "ws-discovery",
            Self::SsdpNotify => "ssdp",
            Self::SsdpDescription => "ssdp-description",
            Self::Mdns => "mdns",
            Self::DhcpName => "dhcp-name",
            Self::HttpServer => "http-server",
            Self::HttpRealm => "http-realm",
            Self::RtspRealm => "rtsp-realm",
            Self::TlsSubject => "tls-subject",
            Self::Snmp => "snmp",
            Self::Sdk => "sdk",
            Self::Registration => "registration",
            Self::Control => "control",
            Self::CloudName => "cloud-name",
            Self::NtpName => "ntp-name",
            Self::OpenPorts => "open-ports",
            Self::ChannelList => "channel-list",
        }
    }

    /// Tells whether published facts let the kind stand for this vendor: what ordinary hosts show as well (host
    /// names, time servers, ports, the UPnP device type, which a lamp gateway has too) does not.
    #[must_use]
    pub const fn is_specific(self) -> bool {
        !matches!(self, Self::DhcpName | Self::NtpName | Self::OpenPorts | Self::SsdpNotify)
    }

    const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct EvidenceSet(u32);

impl EvidenceSet {
    /// No kind.
    pub const NONE: Self = Self(0);

    /// These kinds.
    #[must_use]
    pub const fn of(kinds: &[EvidenceKind]) -> Self {
        let mut bits = 0;
        let mut rest = kinds;
        while let [first, others @ ..] = rest {
            bits |= first.bit();
            rest = others;
        }
        Self(bits)
    }

    /// This set and `kind`.
    #[must_use]
    pub const fn with(self, kind: EvidenceKind) -> Self {
        Self(self.0 | kind.bit())
    }

    /// This set without `kind`.
    #[must_use]
    pub const fn without(self, kind: EvidenceKind) -> Self {
        Self(self.0 & !kind.bit())
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether `kind` is in the set.
    #[must_use]
    pub const fn contains(self, kind: EvidenceKind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// How many kinds there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Tells whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, in the order of [`EvidenceKind::ALL`].
    pub fn iter(self) -> impl Iterator<Item = EvidenceKind> {
        EvidenceKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }

    /// The kinds in words.
    #[must_use]
    pub fn labels(self) -> Vec<&'static str> {
        self.iter().map(EvidenceKind::as_label).collect()
    }
}

impl fmt::Debug for EvidenceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.labels()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_keeps_what_was_put_in_and_nothing_else() {
        let set = EvidenceSet::of(&[EvidenceKind::Oui, EvidenceKind::ChannelList]);

        assert_eq!(set.labels(), ["oui", "channel-list"]);
        assert_eq!(set.without(EvidenceKind::Oui).len(), 1);
        assert!(!set.contains(EvidenceKind::Snmp));
        assert_eq!(EvidenceSet::of(&EvidenceKind::ALL).len(), EvidenceKind::ALL.len());
    }
}
