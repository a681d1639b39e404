//! The header of ARCNET.
//!
//! Comes in: a frame of LINKTYPE_ARCNET_BSD or LINKTYPE_ARCNET_LINUX (tcpdump.org, "Link-layer header types"). Goes out:
//! the next [`Step`]. Addresses have one byte; packets that were split among frames (RFC 1201, 2) are not put together.

use super::ethernet::split;
use super::step::Step;
use super::{DecodeError, DecodeReason};

const UNSUPPORTED: DecodeError = DecodeError::link(DecodeReason::Unsupported);

/// Source, destination; then the protocol.
///
/// # Errors
/// The header is cut, or the frame holds a part of a packet, or no IP.
pub(super) fn bsd(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    let ([_source, _destination], rest) = split::<2>(bytes)?;
    behind_addresses(rest)
}

/// Source, destination, an offset of the hardware (2); then the protocol.
///
/// # Errors
/// As of [`bsd`].
pub(super) fn linux(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    let ([_source, _destination, _, _], rest) = split::<4>(bytes)?;
    behind_addresses(rest)
}

/// The protocol; in RFC 1201 a split flag and a sequence number (2) follow, in RFC 1051 nothing.
fn behind_addresses(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    let ([protocol], rest) = split::<1>(bytes)?;
    match protocol {
        // IP of RFC 1051, 3.
        0xf0 => Ok(Step::ip(rest)),
        // IP of RFC 1201, 3; IPv6 of RFC 2497, 4.
        0xd4 | 0xc4 => match split::<3>(rest)? {
            ([0, _, _], whole) => Ok(Step::ip(whole)),
            _ => Err(UNSUPPORTED),
        },
        _ => Err(UNSUPPORTED),
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::super::fixture::{datagram, datagram_v6, frame, reached};
    use super::*;
    use crate::net::LinkType;

    #[test]
    fn both_headers_and_both_standards_lead_to_the_packet() {
        let headers: [(&str, LinkType, &[u8], Vec<u8>); 4] = [
            ("RFC 1051, BSD", LinkType::ARCNET_BSD, &[1, 2, 0xf0], datagram()),
            ("RFC 1051, Linux", LinkType::ARCNET_LINUX, &[1, 2, 0xab, 8, 0xf0], datagram()),
            ("RFC 1201", LinkType::ARCNET_LINUX, &[1, 2, 0xa8, 0xe7, 0xd4, 0, 1, 0x66], datagram()),
            ("RFC 2497", LinkType::ARCNET_BSD, &[1, 2, 0xc4, 0, 1, 0x66], datagram_v6()),
        ];
        for (name, link_type, header, packet) in headers {
            reached(name, link_type, &[header, &packet].concat());
        }
    }

    #[test]
    fn parts_of_packets_and_other_protocols_are_unsupported() {
        for header in [&[1, 2, 0xd4, 1, 1, 0x66][..], &[1, 2, 0xf1], &[1, 2, 0x80]] {
            let bytes = [header, &datagram()].concat();
            let error = decode(&frame(LinkType::ARCNET_BSD, &bytes)).unwrap_err();
            assert_eq!(error, DecodeError::link(DecodeReason::Unsupported));
        }
    }
}
