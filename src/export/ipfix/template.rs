//! The two templates: which information elements a flow record has, in which order.
//!
//! Comes in: a flow with what it moved since it was last told. Goes out: the bytes of a template record (RFC 7011, 3.4.1) and of a
//! data record. Both are made from one list, so that they cannot differ. Numbers of elements: IANA "IPFIX Information Elements".

use std::net::IpAddr;

use super::delta::FlowDelta;
use crate::net::IpProtocol;

/// Set identifier of the records over IPv4.
pub(crate) const TEMPLATE_V4: u16 = 256;
/// Set identifier of the records over IPv6.
pub(crate) const TEMPLATE_V6: u16 = 257;

/// Enterprise number of the reverse elements, RFC 5103, 6.1.
const REVERSE: u32 = 29305;

/// What a flow's addresses are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum IpVersion {
    /// RFC 791.
    V4,
    /// RFC 8200.
    V6,
}

/// A value with the width in which it travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValue {
    /// unsigned8.
    U8(u8),
    /// unsigned16.
    U16(u16),
    /// unsigned32.
    U32(u32),
    /// unsigned64, and times in milliseconds.
    U64(u64),
    /// ipv4Address or ipv6Address.
    Ip(IpAddr),
    /// macAddress.
    Mac([u8; 6]),
}

impl FieldValue {
    fn width(self) -> u16 {
        match self {
            Self::U8(_) => 1,
            Self::U16(_) => 2,
            Self::U32(_) | Self::Ip(IpAddr::V4(_)) => 4,
            Self::Mac(_) => 6,
            Self::U64(_) => 8,
            Self::Ip(IpAddr::V6(_)) => 16,
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::U8(value) => out.push(value),
            Self::U16(value) => out.extend(value.to_be_bytes()),
            Self::U32(value) => out.extend(value.to_be_bytes()),
            Self::U64(value) => out.extend(value.to_be_bytes()),
            Self::Ip(IpAddr::V4(ip)) => out.extend(ip.octets()),
            Self::Ip(IpAddr::V6(ip)) => out.extend(ip.octets()),
            Self::Mac(octets) => out.extend(octets),
        }
    }
}

/// One element of a record: its number, whether it is that of the reverse direction, and the value.
type Field = (u16, bool, FieldValue);

/// Every element of a record.
fn fields(flow: &FlowDelta) -> [Field; 20] {
    use FieldValue::{Ip, Mac, U8, U16, U32, U64};

    let record = &flow.record;
    let millis = |time: crate::net::Timestamp| time.as_nanos() / 1_000_000;
    let (source, destination) = match flow.version() {
        IpVersion::V4 => (8, 12),
        IpVersion::V6 => (27, 28),
    };
    // ICMP has no ports: its type stands in the upper half of the destination's, where collectors look for type and code. The
    // code is not known of every flow, so it is told of none.
    let (source_port, destination_port) = match record.protocol {
        IpProtocol::ICMP | IpProtocol::ICMPV6 => (0, record.initiator.port << 8),
        _ => (record.initiator.port, record.responder.port),
    };
    [
        (152, false, U64(millis(record.flow_start))), // flowStartMilliseconds
        (153, false, U64(millis(record.flow_end))),   // flowEndMilliseconds
        (source, false, Ip(record.initiator.ip)),     // sourceIPv4Address, sourceIPv6Address
        (destination, false, Ip(record.responder.ip)), // destinationIPv4Address, destinationIPv6Address
        (7, false, U16(source_port)),                  // sourceTransportPort
        (11, false, U16(destination_port)),            // destinationTransportPort
        (4, false, U8(record.protocol.0)),             // protocolIdentifier
        (1, false, U64(flow.forward.bytes)),           // octetDeltaCount
        (2, false, U64(flow.forward.packets)),         // packetDeltaCount
        (1, true, U64(flow.reverse.bytes)),            // reverseOctetDeltaCount
        (2, true, U64(flow.reverse.packets)),          // reversePacketDeltaCount
        (6, false, U8(record.forward.tcp_flags.0)), // tcpControlBits, shortened as RFC 7125 allows
        (6, true, U8(record.reverse.tcp_flags.0)),  // reverseTcpControlBits
        (10, false, U32(u32::from(record.interface.0) + 1)), // ingressInterface: ours, from 1
        (56, false, Mac(record.initiator_mac.0)),   // sourceMacAddress
        (80, false, Mac(record.responder_mac.0)),   // destinationMacAddress
        (58, false, U16(record.vlans.as_slice().first().copied().unwrap_or(0))), // vlanId
        (136, false, U8(flow.reason as u8)),        // flowEndReason
        (239, false, U8(1)),                        // biflowDirection: the source is the initiator
        (148, false, U64(record.id.0)),             // flowId
    ]
}

/// Writes a data record.
pub(crate) fn write_record(flow: &FlowDelta, out: &mut Vec<u8>) {
    for (_, _, value) in fields(flow) {
        value.write(out);
    }
}

/// Bytes of a data record.
pub(crate) fn record_length(flow: &FlowDelta) -> usize {
    fields(flow).iter().map(|(_, _, value)| usize::from(value.width())).sum()
}

/// Writes a template record, as the fields of a flow of that version are.
pub(crate) fn write_template(version: IpVersion, out: &mut Vec<u8>) {
    let (id, sample) = match version {
        IpVersion::V4 => (TEMPLATE_V4, FlowDelta::blank(IpVersion::V4)),
        IpVersion::V6 => (TEMPLATE_V6, FlowDelta::blank(IpVersion::V6)),
    };
    let fields = fields(&sample);
    out.extend(id.to_be_bytes());
    out.extend(u16::try_from(fields.len()).unwrap_or(u16::MAX).to_be_bytes());
    for (element, is_reverse, value) in fields {
        let enterprise_bit = if is_reverse { 0x8000 } else { 0 };
        out.extend((element | enterprise_bit).to_be_bytes());
        out.extend(value.width().to_be_bytes());
        if is_reverse {
            out.extend(REVERSE.to_be_bytes());
        }
    }
}
