//! IP headers with their extensions, and ARP.
//!
//! Comes in: where an IP or ARP packet begins. Goes out: an [`IpPacket`] read up to its transport header, or an
//! [`ArpPacket`]. Lengths come from the headers, bounded by what was on the wire, so that neither padding nor a
//! checksum behind the packet is payload.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::{ArpPacketSlice, Ipv4HeaderSlice, Ipv6HeaderSlice, err};

use super::extension::{self, Extensions};
use super::step::{Body, Shell};
use super::{
    ArpPacket, DecodeError, DecodeReason, Fragment, IpPacket, Network, Packet, Transport, transport,
};
use crate::net::{IpProtocol, MacAddr};

const TRUNCATED: DecodeError = DecodeError::network(DecodeReason::Truncated);
const MALFORMED: DecodeError = DecodeError::network(DecodeReason::Malformed);

/// Reads the network layer where the link layer ends. `missing` is the number of bytes behind it that were
/// on the wire and not captured: no length in the packet can claim more.
///
/// # Errors
/// The header is cut or contradicts itself.
#[inline(always)]
pub(super) fn packet<'a>(
    body: Body<'a>,
    shell: &Shell,
    missing: usize,
) -> Result<Packet<'a>, DecodeError> {
    // Nearly every packet: built where it will stay, with no other path that it would have to be joined with.
    if let Body::Ip(bytes) = body
        && bytes.first().is_some_and(|first| first >> 4 == 4)
    {
        let (ip, stopped) = ipv4(bytes, missing)?;
        let Shell { ether, vlans, tunnel } = *shell;
        return Ok(Packet { ether, vlans, network: Network::Ip(ip), tunnel, stopped });
    }
    other_packet(body, shell, missing)
}

#[inline(never)]
fn other_packet<'a>(
    body: Body<'a>,
    shell: &Shell,
    missing: usize,
) -> Result<Packet<'a>, DecodeError> {
    let (network, stopped) = match body {
        Body::Ip(bytes) => {
            let (ip, stopped) = ip(bytes, missing)?;
            (Network::Ip(ip), stopped)
        }
        Body::Arp(bytes) => (Network::Arp(arp(bytes)?), None),
        Body::Discovery(ether_type, payload) => (Network::Link { ether_type, payload }, None),
    };
    let Shell { ether, vlans, tunnel } = *shell;
    Ok(Packet { ether, vlans, network, tunnel, stopped })
}

/// An IP packet, with what stopped decoding behind its header.
pub(super) type Read<'a> = (IpPacket<'a>, Option<DecodeError>);

/// By the version that stands in it, whatever announced it.
fn ip(bytes: &[u8], missing: usize) -> Result<Read<'_>, DecodeError> {
    match bytes.first().map(|first| first >> 4) {
        Some(4) => ipv4(bytes, missing),
        Some(6) => ipv6(bytes, missing),
        Some(_) => Err(MALFORMED),
        None => Err(TRUNCATED),
    }
}

#[inline(always)]
fn ipv4(bytes: &[u8], missing: usize) -> Result<Read<'_>, DecodeError> {
    let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|error| match error {
        err::ipv4::HeaderSliceError::Len(_) => TRUNCATED,
        err::ipv4::HeaderSliceError::Content(_) => MALFORMED,
    })?;
    let header_len = header.slice().len();
    let lengths = match usize::from(header.total_len()) {
        // Segmentation offload leaves 0.
        0 => Lengths::captured(bytes),
        length if length < header_len => return Err(MALFORMED),
        length => Lengths::claimed(length, bytes, missing),
    };
    let protocol = IpProtocol(header.protocol().0);
    let fragment = header.is_fragmenting_payload().then(|| Fragment {
        id: u32::from(header.identification()),
        offset: u32::from(header.fragments_offset().value()) * 8,
        more: header.more_fragments(),
        protocol,
    });
    let start = Start {
        source: IpAddr::V4(Ipv4Addr::from(header.source())),
        destination: IpAddr::V4(header.destination_addr()),
        protocol,
        ttl: header.ttl(),
        fragment,
    };
    Ok(behind_header(start, bytes.get(header_len..lengths.captured), lengths))
}

fn ipv6(bytes: &[u8], missing: usize) -> Result<Read<'_>, DecodeError> {
    let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|error| match error {
        err::ipv6::HeaderSliceError::Len(_) => TRUNCATED,
        err::ipv6::HeaderSliceError::Content(_) => MALFORMED,
    })?;
    let header_len = header.slice().len();
    let lengths = match usize::from(header.payload_length()) {
        // Segmentation offload and jumbograms leave 0.
        0 => Lengths::captured(bytes),
        length => Lengths::claimed(header_len + length, bytes, missing),
    };
    let start = Start {
        source: IpAddr::V6(header.source_addr()),
        destination: IpAddr::V6(header.destination_addr()),
        protocol: IpProtocol(header.next_header().0),
        ttl: header.hop_limit(),
        fragment: None,
    };
    Ok(behind_header(start, bytes.get(header_len..lengths.captured), lengths))
}

/// Reads what reassembly put together, as if it had come in one piece behind a header of `header_len` bytes.
pub(super) fn whole(start: Start, header_len: u32, payload: &[u8]) -> Read<'_> {
    let length = usize::try_from(header_len).unwrap_or(0) + payload.len();
    let lengths = Lengths { claimed: length, captured: length };
    behind_header(start, Some(payload), lengths)
}

/// The fields of an IP header that matter behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: IpProtocol,
    pub(super) ttl: u8,
    pub(super) fragment: Option<Fragment>,
}

/// Lengths of an IP packet: by its header, and as captured.
#[derive(Clone, Copy)]
struct Lengths {
    claimed: usize,
    captured: usize,
}

impl Lengths {
    const fn captured(bytes: &[u8]) -> Self {
        Self { claimed: bytes.len(), captured: bytes.len() }
    }

    fn claimed(length: usize, bytes: &[u8], missing: usize) -> Self {
        Self {
            claimed: length.min(bytes.len().saturating_add(missing)),
            captured: length.min(bytes.len()),
        }
    }
}

#[inline(always)]
fn behind_header<'a>(start: Start, payload: Option<&'a [u8]>, lengths: Lengths) -> Read<'a> {
    let mut network_payload = payload.unwrap_or_default();
    let (mut protocol, mut fragment, mut stopped) = (start.protocol, start.fragment, None);
    let mut bytes = network_payload;
    // A later fragment begins in the middle of what the protocol number names.
    if extension::is_one(protocol, start.source) && fragment.is_none_or(|f| f.is_first()) {
        let read = Extensions::read(protocol, network_payload);
        protocol = read.protocol;
        stopped = read.stopped;
        bytes = read.rest;
        match read.fragment {
            Some((found, piece)) => {
                fragment = Some(found);
                network_payload = piece;
            }
            None if fragment.is_none() => network_payload = read.rest,
            None => {}
        }
    }
    let is_later = fragment.is_some_and(|fragment| !fragment.is_first());
    let (transport, rest) = if is_later || stopped.is_some() {
        (Transport::None, bytes)
    } else {
        // The first fragment has the transport header too.
        transport::header(protocol, bytes).unwrap_or_else(|error| {
            stopped = Some(error);
            (Transport::None, bytes)
        })
    };
    // The frame may hold less than the header claims (snap length): what is missing is payload.
    let missing = lengths.claimed.saturating_sub(lengths.captured);
    let packet = IpPacket {
        source: start.source,
        destination: start.destination,
        protocol,
        ip_len: to_u32(lengths.claimed),
        ttl: start.ttl,
        fragment,
        transport,
        payload_len: to_u32(rest.len().saturating_add(missing)),
        payload: rest,
        network_payload,
    };
    (packet, stopped)
}

/// Ethernet (1) and IPv4 (0x0800) only: the form that binds a MAC address to an IPv4 address.
fn arp(bytes: &[u8]) -> Result<ArpPacket, DecodeError> {
    let arp = ArpPacketSlice::from_slice(bytes).map_err(|_| TRUNCATED)?;
    arp_packet(&arp).ok_or(DecodeError::network(DecodeReason::Unsupported))
}

fn arp_packet(arp: &ArpPacketSlice<'_>) -> Option<ArpPacket> {
    if arp.proto_addr_type().0 != 0x0800 {
        return None;
    }
    let mac =
        |bytes: &[u8]| bytes.first_chunk::<6>().filter(|_| bytes.len() == 6).map(|m| MacAddr(*m));
    let ip = |bytes: &[u8]| {
        bytes.first_chunk::<4>().filter(|_| bytes.len() == 4).map(|b| Ipv4Addr::from(*b))
    };
    Some(ArpPacket {
        operation: arp.operation().0,
        sender_mac: mac(arp.sender_hw_addr())?,
        sender_ip: ip(arp.sender_protocol_addr())?,
        target_mac: mac(arp.target_hw_addr())?,
        target_ip: ip(arp.target_protocol_addr())?,
    })
}

/// No frame we accept is longer than 4 GiB.
fn to_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
