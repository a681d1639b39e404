//! The questions that `hikwatch discover` puts, octet by octet.
//!
//! Comes in: who asks, and random numbers. Goes out: payloads and frames, and words that announce them. It sends nothing.
//!
//! * SADP over UDP: `<Probe>` with a number and the type `inquiry`, as public clients send it (MatrixEditor/hiktools and
//!   others). There is no standard.
//! * SADP over Ethernet: EtherType 0x8033, the layout of `lua/sadp.lua` of MatrixEditor/hiktools, which is one parser's view.
//! * WS-Discovery: the Probe of the April 2005 version, which ONVIF asks for (ONVIF Core Specification, 7.3.2).

use std::net::Ipv4Addr;

use crate::net::MacAddr;

/// The group that both questions over UDP go to; of local scope (RFC 2365).
pub(super) const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);

/// The port of SADP.
pub(super) const SADP_PORT: u16 = 37_020;

/// The port of WS-Discovery.
pub(super) const WSD_PORT: u16 = 3702;

/// The EtherType of SADP.
const SADP_ETHER_TYPE: u16 = 0x8033;

/// Octets of a SADP question over Ethernet, without the Ethernet header.
const LINK_LENGTH: usize = 80;

/// A question to every device on the segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// SADP over UDP.
    Sadp,
    /// SADP over Ethernet.
    SadpLink,
    /// WS-Discovery.
    WsDiscovery,
}

impl Question {
    /// In the order in which they are put.
    pub(super) const ALL: [Self; 3] = [Self::Sadp, Self::SadpLink, Self::WsDiscovery];

    /// Whether it goes over UDP, and so takes an IPv4 address.
    pub(super) const fn is_udp(self) -> bool {
        matches!(self, Self::Sadp | Self::WsDiscovery)
    }

    /// What it is and where it goes.
    pub(super) fn words(self) -> String {
        match self {
            Self::Sadp => format!("SADP inquiry, UDP multicast to {GROUP}:{SADP_PORT}"),
            Self::SadpLink => {
                format!("SADP inquiry, EtherType {SADP_ETHER_TYPE:#06x}, Ethernet broadcast")
            }
            Self::WsDiscovery => format!("WS-Discovery Probe, UDP multicast to {GROUP}:{WSD_PORT}"),
        }
    }
}

/// A random number as RFC 9562, 5.4 (UUID version 4) writes it.
pub(super) fn uuid(random: u128) -> String {
    let number = random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{number:032x}");
    let (a, rest) = digits.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// The SADP question over UDP.
pub(super) fn sadp(random: u128) -> Vec<u8> {
    let uuid = uuid(random).to_uppercase();
    let head = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
    format!("{head}<Probe><Uuid>{uuid}</Uuid><Types>inquiry</Types></Probe>").into_bytes()
}

/// The SADP question as a whole Ethernet frame. Without an IPv4 address the field for it is zero.
pub(super) fn sadp_link(random: u32, mac: MacAddr, ip: Option<Ipv4Addr>) -> Vec<u8> {
    let mut frame = Vec::with_capacity(14 + LINK_LENGTH);
    frame.extend(MacAddr::BROADCAST.0);
    frame.extend(mac.0);
    frame.extend(SADP_ETHER_TYPE.to_be_bytes());
    // Version, a request, and two octets of which only the values are known.
    frame.extend([0x21, 0x02, 0x01, 0x42]);
    frame.extend(random.to_be_bytes());
    // The lengths of a MAC and an IPv4 address, 03 for an inquiry; then a sum that requests leave zero.
    frame.extend([0x06, 0x04, 0x03, 0, 0, 0]);
    frame.extend(mac.0);
    frame.extend(ip.unwrap_or(Ipv4Addr::UNSPECIFIED).octets());
    frame.resize(14 + LINK_LENGTH, 0);
    frame
}

/// The Probe of WS-Discovery for devices that send video.
pub(super) fn ws_discovery(random: u128) -> Vec<u8> {
    let uuid = uuid(random);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:w=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" \
         xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\">\
         <e:Header><w:MessageID>uuid:{uuid}</w:MessageID>\
         <w:To e:mustUnderstand=\"true\">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
         <w:Action e:mustUnderstand=\"true\">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>\
         </e:Header><e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body>\
         </e:Envelope>"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_number_is_spelled_as_a_uuid_of_version_4() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn the_question_over_ethernet_has_its_fields_where_devices_look() {
        let mac = MacAddr([2, 0, 0, 0, 0, 7]);
        let frame = sadp_link(0x0102_0304, mac, Some([192, 0, 2, 9].into()));

        assert_eq!(frame.len(), 14 + LINK_LENGTH);
        assert_eq!(frame[..6], [0xff; 6]);
        assert_eq!(frame[12..14], [0x80, 0x33]);
        let body = &frame[14..];
        assert_eq!(body[..12], [0x21, 2, 1, 0x42, 1, 2, 3, 4, 6, 4, 3, 0]);
        assert_eq!((&body[14..20], &body[20..24]), (&mac.0[..], &[192, 0, 2, 9][..]));
    }

    #[test]
    fn the_questions_over_udp_are_short_and_differ_each_time() {
        for question in [sadp, ws_discovery] {
            assert!(question(1).len() < 1200);
            assert_ne!(question(1), question(2));
        }
        assert!(String::from_utf8(sadp(1)).unwrap().contains("<Types>inquiry</Types>"));
    }
}
