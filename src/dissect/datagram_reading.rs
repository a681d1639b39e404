//! Which dissectors may read a datagram, and what they say.
//!
//! Comes in: the payload of a datagram and its ports. Goes out: candidates by port and by the first byte, and the
//! verdict of each. What only the content speaks for has to be certain; on a port of its own a protocol is believed.
//!
//! | first byte | candidates |
//! |---|---|
//! | 0x00 to 0x3f | STUN, DTLS (0x16), SNMP no (by port), QUIC of Google, DNS |
//! | letters, `<` | SIP, SSDP, SADP, WS-Discovery, ISUP |
//! | 0x40 to 0x7f | DNS, TURN channels no (by flow), QUIC of Google |
//! | 0x80 to 0xbf | RTP and RTCP, safe protocol (0x9e), QUIC before its standard, DNS |
//! | 0xc0 to 0xff | QUIC, peer-to-peer (0xe2), DNS |

use super::exchange::TlsHandshake;
use super::verdict::Probe;
use super::{AppProtocol, Appetite, DatagramVerdict, DissectReason, Message};
use super::{
    dhcp, dhcpv6, dns, dtls, framing, nbns, ntp, portmap, quic, rtp, sadp, sip, snmp, ssdp, stun,
    syslog, wsd,
};

/// The protocol of a well-known port (IANA "Service Name and Transport Protocol Port Number Registry"; 37020 is not
/// registered, see [`sadp`]).
pub(super) const fn port_protocol(port: u16) -> Option<AppProtocol> {
    match port {
        53 => Some(AppProtocol::Dns),
        67 | 68 => Some(AppProtocol::Dhcp),
        123 => Some(AppProtocol::Ntp),
        137 => Some(AppProtocol::Nbns),
        161 | 162 => Some(AppProtocol::Snmp),
        514 => Some(AppProtocol::Syslog),
        546 | 547 => Some(AppProtocol::Dhcpv6),
        1900 => Some(AppProtocol::Ssdp),
        3702 => Some(AppProtocol::Wsd),
        5350 | 5351 => Some(AppProtocol::Portmap),
        5353 => Some(AppProtocol::Mdns),
        5355 => Some(AppProtocol::Llmnr),
        37020 => Some(AppProtocol::Sadp),
        _ => None,
    }
}

/// The protocols that a payload may be of whatever its ports, in the order in which they are asked.
pub(super) const fn candidates(payload: &[u8]) -> &'static [AppProtocol] {
    match payload {
        [] => &[],
        [0x14..=0x16, ..] => &[AppProtocol::Dtls, AppProtocol::Stun, AppProtocol::Dns],
        // Behind the preamble of CAPWAP (RFC 5415, 4.2).
        [0x01, 0, 0, 0, 0x16, ..] => &[AppProtocol::Dtls, AppProtocol::Dns],
        [b'<', ..] => &[AppProtocol::Sadp, AppProtocol::Wsd, AppProtocol::Isup],
        [0x00..=0x3f, ..] => &[AppProtocol::Stun, AppProtocol::Quic, AppProtocol::Dns],
        [b'A'..=b'Z', ..] => {
            &[AppProtocol::Sip, AppProtocol::Ssdp, AppProtocol::Quic, AppProtocol::Dns]
        }
        [0x40..=0x7f, ..] => &[AppProtocol::Quic, AppProtocol::Dns],
        [0x9e, ..] => &[AppProtocol::Safe, AppProtocol::Rtp, AppProtocol::Dns],
        [0x80..=0xbf, ..] => {
            &[AppProtocol::Rtcp, AppProtocol::Quic, AppProtocol::Dns, AppProtocol::Rtp]
        }
        [0xe2, ..] => &[AppProtocol::P2p, AppProtocol::Quic, AppProtocol::Dns],
        [0xc0..=0xff, ..] => &[AppProtocol::Quic, AppProtocol::Dns],
    }
}

/// What the dissector of `protocol` says of a payload, which is on a port of that protocol or not.
pub(super) fn read_datagram(
    protocol: AppProtocol,
    payload: &[u8],
    by_port: bool,
) -> Result<DatagramVerdict, DissectReason> {
    let believed = by_port || probe(protocol, payload) == Probe::Certain;
    let message = match protocol {
        AppProtocol::Rtp => {
            return Ok(match rtp::probe(payload) {
                Probe::NotForUs => NOTHING,
                Probe::Unsure | Probe::Certain => DatagramVerdict::PerhapsRtp,
            });
        }
        AppProtocol::Quic => {
            return Ok(match quic::probe(payload) {
                Probe::Certain => DatagramVerdict::Quic,
                Probe::Unsure | Probe::NotForUs => NOTHING,
            });
        }
        _ if !believed => return Ok(NOTHING),
        AppProtocol::Rtcp => return Ok(DatagramVerdict::Recognised(protocol)),
        AppProtocol::Dns | AppProtocol::Mdns | AppProtocol::Llmnr => {
            dns::dissect(payload, protocol)?.map(|dns| Message::Dns(Box::new(dns)))
        }
        AppProtocol::Nbns => nbns::dissect(payload)?.map(|nbns| Message::Nbns(Box::new(nbns))),
        AppProtocol::Dhcp => Some(Message::Dhcp(Box::new(dhcp::dissect(payload)?))),
        AppProtocol::Dhcpv6 => {
            dhcpv6::dissect(payload)?.map(|dhcp| Message::Dhcpv6(Box::new(dhcp)))
        }
        AppProtocol::Ntp => ntp::dissect(payload)?.map(Message::Ntp),
        AppProtocol::Snmp => snmp::dissect(payload)?.map(|snmp| Message::Snmp(Box::new(snmp))),
        AppProtocol::Syslog => {
            syslog::dissect(payload)?.map(|syslog| Message::Syslog(Box::new(syslog)))
        }
        AppProtocol::Ssdp => ssdp::dissect(payload)?.map(|ssdp| Message::Ssdp(Box::new(ssdp))),
        AppProtocol::Wsd => wsd::dissect(payload)?.map(|wsd| Message::Wsd(Box::new(wsd))),
        AppProtocol::Portmap => {
            portmap::dissect(payload)?.map(|portmap| Message::Portmap(Box::new(portmap)))
        }
        AppProtocol::Sadp => sadp::dissect(payload)?.map(|sadp| Message::Sadp(Box::new(sadp))),
        AppProtocol::Sip => sip::dissect(payload)?.map(|sip| Message::Sip(Box::new(sip))),
        AppProtocol::Stun => stun::dissect(payload)?.map(|stun| Message::Stun(Box::new(stun))),
        AppProtocol::Dtls => dtls::dissect(payload)?.map(|hello| {
            let client = Some(std::sync::Arc::new(hello));
            Message::Tls(Box::new(TlsHandshake { client, server: None, over_datagrams: true }))
        }),
        AppProtocol::Safe => {
            framing::safe::dissect(payload)?.map(|safe| Message::Safe(Box::new(safe)))
        }
        AppProtocol::P2p => framing::p2p::dissect(payload)?.map(Message::P2p),
        AppProtocol::Isup => {
            framing::isup::dissect(payload)?.map(|isup| Message::Isup(Box::new(isup)))
        }
        AppProtocol::Dot
        | AppProtocol::Doh
        | AppProtocol::Doq
        | AppProtocol::Tls
        | AppProtocol::Http
        | AppProtocol::Rtsp
        | AppProtocol::Ndp
        | AppProtocol::Mqtt
        | AppProtocol::Hcnetsdk
        | AppProtocol::Lbs
        | AppProtocol::Vtm
        | AppProtocol::Beacon => None,
    };
    Ok(message.map_or(NOTHING, |message| DatagramVerdict::Read(message, Appetite::of(protocol))))
}

const NOTHING: DatagramVerdict = DatagramVerdict::Nothing(Appetite::Few);

/// What the content alone says; of protocols that are read only on their ports: nothing.
fn probe(protocol: AppProtocol, payload: &[u8]) -> Probe {
    match protocol {
        AppProtocol::Dns => dns::probe(payload),
        AppProtocol::Sip => sip::probe(payload),
        AppProtocol::Ssdp => ssdp::probe(payload),
        AppProtocol::Wsd => wsd::probe(payload),
        AppProtocol::Sadp => sadp::probe(payload),
        AppProtocol::Stun => stun::probe(payload),
        AppProtocol::Dtls => dtls::probe(payload),
        AppProtocol::Rtcp => rtp::probe_rtcp(payload),
        AppProtocol::Safe => framing::safe::probe(payload),
        AppProtocol::P2p => framing::p2p::probe(payload),
        AppProtocol::Isup => framing::isup::probe(payload),
        AppProtocol::Snmp => snmp::probe(payload),
        AppProtocol::Ntp => ntp::probe(payload),
        AppProtocol::Mdns
        | AppProtocol::Llmnr
        | AppProtocol::Nbns
        | AppProtocol::Dot
        | AppProtocol::Doh
        | AppProtocol::Doq
        | AppProtocol::Tls
        | AppProtocol::Quic
        | AppProtocol::Http
        | AppProtocol::Rtsp
        | AppProtocol::Rtp
        | AppProtocol::Dhcp
        | AppProtocol::Dhcpv6
        | AppProtocol::Ndp
        | AppProtocol::Syslog
        | AppProtocol::Mqtt
        | AppProtocol::Portmap
        | AppProtocol::Hcnetsdk
        | AppProtocol::Lbs
        | AppProtocol::Vtm
        | AppProtocol::Beacon => Probe::NotForUs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_header_of_googles_quic_is_asked_for_quic() {
        // Version and connection ID, with packet numbers of 1, 2, 4 and 6 bytes.
        for flags in [0x09, 0x0d, 0x1d, 0x2d, 0x3d] {
            let datagram = [&[flags][..], &[5; 8], b"Q043", &[1; 6]].concat();
            assert!(candidates(&datagram).contains(&AppProtocol::Quic), "{flags:#x}");
            let read = read_datagram(AppProtocol::Quic, &datagram, false);
            assert_eq!(read, Ok(DatagramVerdict::Quic), "{flags:#x}");
        }
    }
}
