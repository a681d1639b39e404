//! The short way through the frames that nearly all traffic consists of.
//!
//! Comes in: a frame. Goes out: the packet, if it is TCP or UDP in whole IPv4 without options or IPv6 without extensions, on
//! Ethernet with or without tags. Of anything else, and of anything odd, it says nothing, and the layers are read one by one.
//! Both ways give the same packet: `tests/decode_ways.rs` compares them over all captures and over damaged frames.
//!
//! Formats: RFC 791, 3.1; RFC 8200, 3; RFC 9293, 3.1; RFC 768.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::step::Shell;
use super::{IpPacket, Network, Packet, TcpFlags, TcpHeader, Transport, ethernet, udp_tunnel};
use crate::net::{Frame, IpProtocol, LinkType};

const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
const TCP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;

/// What an IP header says, where it is an ordinary one.
struct Ip<'a> {
    source: IpAddr,
    destination: IpAddr,
    protocol: IpProtocol,
    ttl: u8,
    /// Length of the packet by its header, and what stands behind the header.
    claimed: usize,
    behind: &'a [u8],
}

/// Reads a frame, if it is one of the common kind.
#[inline(always)]
pub(super) fn packet<'a>(frame: &Frame<'a>) -> Option<Packet<'a>> {
    if frame.link_type != LinkType::ETHERNET {
        return None;
    }
    let mut shell = Shell::default();
    if let Some(tag) = frame.stripped_tag {
        shell.vlans.push(tag.id());
    }
    let (ether_type, bytes) = ethernet::header(frame.bytes, &mut shell).ok()?;
    let (ether_type, bytes) = ethernet::untag(ether_type, bytes, &mut shell.vlans).ok()?;
    let ip = match ether_type {
        0x0800 => ipv4(bytes)?,
        0x86dd => ipv6(bytes)?,
        _ => return None,
    };
    let captured = ip.claimed.min(bytes.len());
    // No length can claim more than the frame held.
    let missing = usize::try_from(frame.wire_len).ok()?.saturating_sub(frame.bytes.len());
    let claimed = ip.claimed.min(bytes.len().saturating_add(missing));
    let behind = ip.behind.get(..captured.checked_sub(bytes.len() - ip.behind.len())?)?;
    let (transport, payload) = match ip.protocol {
        IpProtocol::TCP => tcp(behind)?,
        IpProtocol::UDP => udp(behind)?,
        _ => return None,
    };
    Some(Packet {
        ether: shell.ether,
        vlans: shell.vlans,
        network: Network::Ip(IpPacket {
            source: ip.source,
            destination: ip.destination,
            protocol: ip.protocol,
            ip_len: u32::try_from(claimed).ok()?,
            ttl: ip.ttl,
            fragment: None,
            transport,
            payload_len: u32::try_from(payload.len() + (claimed - captured)).ok()?,
            payload,
            network_payload: behind,
        }),
        tunnel: None,
        stopped: None,
    })
}

#[inline(always)]
fn ipv4(bytes: &[u8]) -> Option<Ip<'_>> {
    let (header, behind) = bytes.split_first_chunk::<IPV4_HEADER>()?;
    let [first, _, l0, l1, _, _, f0, f1, ttl, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] =
        *header;
    let claimed = usize::from(u16::from_be_bytes([l0, l1]));
    // Version 4 and five words; a length (offload leaves none); neither offset nor more fragments.
    let is_ordinary =
        first == 0x45 && claimed >= IPV4_HEADER && u16::from_be_bytes([f0, f1]) & 0x3fff == 0;
    is_ordinary.then(|| Ip {
        source: IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)),
        destination: IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)),
        protocol: IpProtocol(protocol),
        ttl,
        claimed,
        behind,
    })
}

#[inline(always)]
fn ipv6(bytes: &[u8]) -> Option<Ip<'_>> {
    let (header, behind) = bytes.split_first_chunk::<IPV6_HEADER>()?;
    let ([first, _, _, _, l0, l1, next, hops], addresses) = header.split_first_chunk::<8>()?;
    let (source, destination) = addresses.split_first_chunk::<16>()?;
    let length = usize::from(u16::from_be_bytes([*l0, *l1]));
    let is_ordinary = first >> 4 == 6 && length > 0;
    is_ordinary.then(|| {
        Some(Ip {
            source: IpAddr::V6(Ipv6Addr::from(*source)),
            destination: IpAddr::V6(Ipv6Addr::from(*destination.first_chunk::<16>()?)),
            protocol: IpProtocol(*next),
            ttl: *hops,
            claimed: IPV6_HEADER + length,
            behind,
        })
    })?
}

#[inline(always)]
fn tcp(bytes: &[u8]) -> Option<(Transport, &[u8])> {
    let header = bytes.first_chunk::<TCP_HEADER>()?;
    let [s0, s1, d0, d1, n0, n1, n2, n3, a0, a1, a2, a3, offset, flags, ..] = *header;
    let length = usize::from(offset >> 4) * 4;
    if length < TCP_HEADER {
        return None;
    }
    let payload = bytes.get(length..)?;
    let header = TcpHeader {
        source_port: u16::from_be_bytes([s0, s1]),
        destination_port: u16::from_be_bytes([d0, d1]),
        sequence: u32::from_be_bytes([n0, n1, n2, n3]),
        acknowledgment: u32::from_be_bytes([a0, a1, a2, a3]),
        flags: TcpFlags(flags),
    };
    Some((Transport::Tcp(header), payload))
}

#[inline(always)]
fn udp(bytes: &[u8]) -> Option<(Transport, &[u8])> {
    let ([s0, s1, d0, d1, l0, l1, _, _], behind) = bytes.split_first_chunk::<UDP_HEADER>()?;
    let source_port = u16::from_be_bytes([*s0, *s1]);
    let destination_port = u16::from_be_bytes([*d0, *d1]);
    // What stands behind a datagram is not part of it; a length that cannot be is not believed.
    let length = usize::from(u16::from_be_bytes([*l0, *l1]));
    if length < UDP_HEADER || udp_tunnel::may_hold(source_port, destination_port) {
        return None;
    }
    let payload = behind.get(..length - UDP_HEADER).unwrap_or(behind);
    Some((Transport::Udp { source_port, destination_port }, payload))
}
