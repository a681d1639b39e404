//! IP protocol numbers.

use std::fmt;

/// An IP protocol number (IANA "Assigned Internet Protocol Numbers").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct IpProtocol(pub u8);

impl IpProtocol {
    /// Internet Control Message Protocol, RFC 792.
    pub const ICMP: Self = Self(1);
    /// IPv4 in IP, RFC 2003.
    pub const IPV4: Self = Self(4);
    /// Transmission Control Protocol, RFC 9293.
    pub const TCP: Self = Self(6);
    /// User Datagram Protocol, RFC 768.
    pub const UDP: Self = Self(17);
    /// IPv6 in IP, RFC 4213.
    pub const IPV6: Self = Self(41);
    /// Generic Routing Encapsulation, RFC 2784.
    pub const GRE: Self = Self(47);
    /// ICMP for IPv6, RFC 4443.
    pub const ICMPV6: Self = Self(58);
    /// Stream Control Transmission Protocol, RFC 9260.
    pub const SCTP: Self = Self(132);
}

impl fmt::Display for IpProtocol {
    /// The name that Suricata's EVE output uses, or the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ICMP => f.write_str("ICMP"),
            Self(2) => f.write_str("IGMP"),
            Self::IPV4 => f.write_str("IPIP"),
            Self::TCP => f.write_str("TCP"),
            Self::UDP => f.write_str("UDP"),
            Self::IPV6 => f.write_str("IPv6"),
            Self::GRE => f.write_str("GRE"),
            Self(50) => f.write_str("ESP"),
            Self(51) => f.write_str("AH"),
            Self::ICMPV6 => f.write_str("IPv6-ICMP"),
            Self::SCTP => f.write_str("SCTP"),
            Self(number) => write!(f, "{number}"),
        }
    }
}
