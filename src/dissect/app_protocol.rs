//! The application protocols that are read or recognised.

/// The application protocol of a flow or a message, as Suricata's `app_proto` names it where it has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppProtocol {
    /// Domain Name System, RFC 1035, on any transport in clear.
    Dns,
    /// Multicast DNS, RFC 6762.
    Mdns,
    /// Link-Local Multicast Name Resolution, RFC 4795.
    Llmnr,
    /// NetBIOS name service, RFC 1002.
    Nbns,
    /// DNS over TLS, RFC 7858: recognised by port or ALPN.
    Dot,
    /// DNS over HTTPS, RFC 8484: recognised by the name of a public resolver.
    Doh,
    /// DNS over QUIC, RFC 9250: recognised by port or ALPN.
    Doq,
    /// TLS, RFC 8446 and before.
    Tls,
    /// DTLS, RFC 9147 and before.
    Dtls,
    /// QUIC, RFC 9000, its drafts, and Google's own.
    Quic,
    /// HTTP/1, RFC 9112.
    Http,
    /// RTSP, RFC 2326 and RFC 7826.
    Rtsp,
    /// RTP, RFC 3550: recognised.
    Rtp,
    /// RTCP, RFC 3550: recognised.
    Rtcp,
    /// SIP, RFC 3261.
    Sip,
    /// STUN and TURN, RFC 8489 and RFC 8656.
    Stun,
    /// DHCP for IPv4, RFC 2131.
    Dhcp,
    /// DHCP for IPv6, RFC 8415.
    Dhcpv6,
    /// Neighbor Discovery for IPv6, RFC 4861.
    Ndp,
    /// Network Time Protocol, RFC 5905.
    Ntp,
    /// SNMP, RFC 1157 and RFC 3416.
    Snmp,
    /// Syslog, RFC 5424 and RFC 3164.
    Syslog,
    /// MQTT 3.1 to 5.0.
    Mqtt,
    /// NAT-PMP, RFC 6886, and PCP, RFC 6887.
    Portmap,
    /// Simple Service Discovery Protocol, UPnP Device Architecture 2.0, 1.
    Ssdp,
    /// Web Services Dynamic Discovery 1.1.
    Wsd,
    /// Hikvision's Search Active Device Protocol, over UDP 37020 or EtherType 0x8033.
    Sadp,
    /// The framing of Hikvision's network SDK, TCP 8000.
    Hcnetsdk,
    /// EZVIZ's location service, TCP 8666.
    Lbs,
    /// The framing that EZVIZ calls safe protocol.
    Safe,
    /// The peer-to-peer framing of EZVIZ and Hik-Connect, version 3.
    P2p,
    /// The video relay of EZVIZ and Hik-Connect.
    Vtm,
    /// Hikvision's ISUP, once EHome: registration.
    Isup,
    /// The beacon of EZVIZ devices, EtherType 0x8d8d.
    Beacon,
}

impl AppProtocol {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Every protocol, for counters that exist from the start; in the order of the discriminants.
    pub const ALL: [Self; 34] = [
        Self::Dns,
        Self::Mdns,
        Self::Llmnr,
        Self::Nbns,
        Self::Dot,
        Self::Doh,
        Self::Doq,
        Self::Tls,
        Self::Dtls,
        Self::Quic,
        Self::Http,
        Self::Rtsp,
        Self::Rtp,
        Self::Rtcp,
        Self::Sip,
        Self::Stun,
        Self::Dhcp,
        Self::Dhcpv6,
        Self::Ndp,
        Self::Ntp,
        Self::Snmp,
        Self::Syslog,
        Self::Mqtt,
        Self::Portmap,
        Self::Ssdp,
        Self::Wsd,
        Self::Sadp,
        Self::Hcnetsdk,
        Self::Lbs,
        Self::Safe,
        Self::P2p,
        Self::Vtm,
        Self::Isup,
        Self::Beacon,
    ];

    /// Tells whether only one maker's devices and tools speak it.
    #[must_use]
    pub const fn is_proprietary(self) -> bool {
        matches!(
            self,
            Self::Sadp
                | Self::Hcnetsdk
                | Self::Lbs
                | Self::Safe
                | Self::P2p
                | Self::Vtm
                | Self::Isup
                | Self::Beacon
        )
    }

    /// The lower-case name.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Mdns => "mdns",
            Self::Llmnr => "llmnr",
            Self::Nbns => "nbns",
            Self::Dot => "dot",
            Self::Doh => "doh",
            Self::Doq => "doq",
            Self::Tls => "tls",
            Self::Dtls => "dtls",
            Self::Quic => "quic",
            Self::Http => "http",
            Self::Rtsp => "rtsp",
            Self::Rtp => "rtp",
            Self::Rtcp => "rtcp",
            Self::Sip => "sip",
            Self::Stun => "stun",
            Self::Dhcp => "dhcp",
            Self::Dhcpv6 => "dhcpv6",
            Self::Ndp => "ndp",
            Self::Ntp => "ntp",
            Self::Snmp => "snmp",
            Self::Syslog => "syslog",
            Self::Mqtt => "mqtt",
            Self::Portmap => "portmap",
            Self::Ssdp => "ssdp",
            Self::Wsd => "wsd",
            Self::Sadp => "sadp",
            Self::Hcnetsdk => "hcnetsdk",
            Self::Lbs => "lbs",
            Self::Safe => "safe",
            Self::P2p => "p2p",
            Self::Vtm => "vtm",
            Self::Isup => "isup",
            Self::Beacon => "beacon",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_by_protocol_have_one_place_each() {
        for (place, protocol) in AppProtocol::ALL.into_iter().enumerate() {
            assert_eq!(protocol as usize, place);
        }
        let labels: std::collections::BTreeSet<_> =
            AppProtocol::ALL.into_iter().map(AppProtocol::as_label).collect();
        assert_eq!(labels.len(), AppProtocol::COUNT);
    }
}
