//! The transport header.
//!
//! Comes in: a protocol number and what stands behind the IP header. Goes out: the fields that flows need, and
//! the payload. It checks no checksum: offload leaves them empty in frames that this machine sent.

use etherparse::{Icmpv4Slice, Icmpv6Slice, TcpSlice, UdpSlice, err};

use super::{DecodeError, DecodeReason, TcpFlags, TcpHeader, Transport};
use crate::net::IpProtocol;

const TRUNCATED: DecodeError = DecodeError::transport(DecodeReason::Truncated);

/// Reads a transport header; of other protocols all is payload.
///
/// # Errors
/// The header is cut or contradicts itself.
#[inline(always)]
pub(super) fn header(
    protocol: IpProtocol,
    bytes: &[u8],
) -> Result<(Transport, &[u8]), DecodeError> {
    match protocol {
        IpProtocol::TCP => {
            let tcp = TcpSlice::from_slice(bytes).map_err(|error| match error {
                err::tcp::HeaderSliceError::Len(_) => TRUNCATED,
                err::tcp::HeaderSliceError::Content(_) => {
                    DecodeError::transport(DecodeReason::Malformed)
                }
            })?;
            Ok((Transport::Tcp(tcp_header(&tcp)), tcp.payload()))
        }
        IpProtocol::UDP => {
            let udp = UdpSlice::from_slice_lax(bytes).map_err(|_| TRUNCATED)?;
            let (source_port, destination_port) = (udp.source_port(), udp.destination_port());
            Ok((Transport::Udp { source_port, destination_port }, udp.payload()))
        }
        IpProtocol::ICMP => {
            let icmp = Icmpv4Slice::from_slice(bytes).map_err(|_| TRUNCATED)?;
            let transport = Transport::Icmp { kind: icmp.type_u8(), code: icmp.code_u8() };
            Ok((transport, icmp.payload()))
        }
        IpProtocol::ICMPV6 => {
            let icmp = Icmpv6Slice::from_slice(bytes).map_err(|_| TRUNCATED)?;
            let transport = Transport::Icmp { kind: icmp.type_u8(), code: icmp.code_u8() };
            Ok((transport, icmp.payload()))
        }
        IpProtocol::SCTP => sctp(bytes).ok_or(TRUNCATED),
        _ => Ok((Transport::None, bytes)),
    }
}

/// The common header, RFC 9260, 3.1: ports, verification tag, checksum.
fn sctp(bytes: &[u8]) -> Option<(Transport, &[u8])> {
    let ([s0, s1, d0, d1, ..], rest) = bytes.split_first_chunk::<12>()?;
    let source_port = u16::from_be_bytes([*s0, *s1]);
    Some((Transport::Sctp { source_port, destination_port: u16::from_be_bytes([*d0, *d1]) }, rest))
}

fn tcp_header(tcp: &TcpSlice<'_>) -> TcpHeader {
    // Byte 13 of the header holds the low eight flags (RFC 9293, 3.1).
    let flags = tcp.header_slice().get(13).copied().unwrap_or(0);
    TcpHeader {
        source_port: tcp.source_port(),
        destination_port: tcp.destination_port(),
        sequence: tcp.sequence_number(),
        acknowledgment: tcp.acknowledgment_number(),
        flags: TcpFlags(flags),
    }
}
