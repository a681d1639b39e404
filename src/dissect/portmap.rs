//! Reads requests to a router to open a port, and its answers.
//!
//! Comes in: the payload of a datagram. Goes out: a [`PortMapMessage`], of NAT-PMP (RFC 6886) or of PCP (RFC 6887).
//! PCP options are not read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::DissectReason;
use super::cursor::Cursor;

/// NAT-PMP's version, RFC 6886, 3.
const NAT_PMP: u8 = 0;
/// PCP's version, RFC 6887, 7.
const PCP: u8 = 2;
/// The longest PCP message, RFC 6887, 7.
const MAX_PCP: usize = 1100;

/// A message of NAT-PMP or PCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortMapMessage {
    /// 0 is NAT-PMP, 2 is PCP.
    pub version: u8,
    /// What is asked.
    pub operation: PortMapOperation,
    /// Result code of an answer (0 is success); none in a request.
    pub result: Option<u16>,
    /// Lifetime in seconds; 0 asks to close. The two protocols count it alike.
    pub lifetime: Option<u32>,
    /// The protocol of the port (IANA "Protocol Numbers"): 6 is TCP, 17 is UDP, 0 is all.
    pub protocol: Option<u8>,
    /// The port of the host inside.
    pub internal_port: Option<u16>,
    /// The port outside: the one wished for, or given.
    pub external_port: Option<u16>,
    /// The address outside: the one wished for, or given.
    pub external_address: Option<IpAddr>,
    /// The host inside, in PCP requests.
    pub client_address: Option<IpAddr>,
    /// The peer that a PEER mapping is for.
    pub remote: Option<(IpAddr, u16)>,
}

/// What is asked of the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PortMapOperation {
    /// Its address outside (NAT-PMP, opcode 0).
    ExternalAddress,
    /// Whether it has restarted (PCP ANNOUNCE, RFC 6887, 14.1).
    Announce,
    /// A port for anybody outside.
    Map,
    /// A port for one peer (PCP PEER, RFC 6887, 12).
    Peer,
}

impl PortMapMessage {
    /// A message that says nothing but its operation.
    const fn new(version: u8, operation: PortMapOperation) -> Self {
        Self {
            version,
            operation,
            result: None,
            lifetime: None,
            protocol: None,
            internal_port: None,
            external_port: None,
            external_address: None,
            client_address: None,
            remote: None,
        }
    }

    /// Tells whether it is the router's answer.
    #[must_use]
    pub const fn is_response(&self) -> bool {
        self.result.is_some()
    }
}

/// Reads a message. `Ok(None)`: another version or operation.
///
/// # Errors
/// It is shorter than its operation needs, or longer than the standard allows.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<PortMapMessage>, DissectReason> {
    let mut cursor = Cursor::new(payload);
    let [version, operation] = cursor.array()?;
    match version {
        NAT_PMP => read_nat_pmp(operation, cursor),
        PCP if payload.len() > MAX_PCP => Err(DissectReason::TooLarge),
        PCP => read_pcp(operation, cursor),
        _ => Ok(None),
    }
}

/// Reads NAT-PMP behind the opcode, RFC 6886, 3.2 and 3.3.
fn read_nat_pmp(
    opcode: u8,
    mut cursor: Cursor<'_>,
) -> Result<Option<PortMapMessage>, DissectReason> {
    let (operation, protocol) = match opcode & 0x7f {
        0 => (PortMapOperation::ExternalAddress, None),
        1 => (PortMapOperation::Map, Some(17)),
        2 => (PortMapOperation::Map, Some(6)),
        _ => return Ok(None),
    };
    let mut message = PortMapMessage { protocol, ..PortMapMessage::new(NAT_PMP, operation) };
    let is_response = opcode & 0x80 != 0;
    if is_response {
        message.result = Some(cursor.u16()?);
        let _epoch = cursor.u32()?;
        // A refusal may end here (RFC 6886, 3.5).
        if message.result != Some(0) && cursor.is_empty() {
            return Ok(Some(message));
        }
    }
    if operation == PortMapOperation::ExternalAddress {
        if is_response {
            message.external_address = address_v4(cursor.array()?);
        }
    } else {
        if !is_response {
            let _reserved = cursor.u16()?;
        }
        message.internal_port = Some(cursor.u16()?);
        message.external_port = Some(cursor.u16()?);
        message.lifetime = Some(cursor.u32()?);
    }
    // No message of NAT-PMP has anything behind its fields.
    Ok(cursor.is_empty().then_some(message))
}

/// Reads PCP behind the opcode, RFC 6887, 7.1, 7.2, 11.1 and 12.1.
fn read_pcp(opcode: u8, mut cursor: Cursor<'_>) -> Result<Option<PortMapMessage>, DissectReason> {
    let operation = match opcode & 0x7f {
        0 => PortMapOperation::Announce,
        1 => PortMapOperation::Map,
        2 => PortMapOperation::Peer,
        _ => return Ok(None),
    };
    let mut message = PortMapMessage::new(PCP, operation);
    let [_reserved, result] = cursor.array()?;
    message.result = (opcode & 0x80 != 0).then_some(u16::from(result));
    message.lifetime = Some(cursor.u32()?);
    let client_or_epoch: [u8; 16] = cursor.array()?;
    if !message.is_response() {
        message.client_address = address_v6(client_or_epoch);
    }
    if operation == PortMapOperation::Announce {
        return Ok(Some(message));
    }
    let _nonce: [u8; 12] = cursor.array()?;
    let [protocol, _, _, _] = cursor.array()?;
    message.protocol = Some(protocol);
    message.internal_port = Some(cursor.u16()?);
    message.external_port = Some(cursor.u16()?);
    message.external_address = address_v6(cursor.array()?);
    if operation == PortMapOperation::Peer {
        let port = cursor.u16()?;
        let _reserved = cursor.u16()?;
        message.remote = address_v6(cursor.array()?).map(|address| (address, port));
    }
    Ok(Some(message))
}

/// An address that is not 0.0.0.0.
fn address_v4(octets: [u8; 4]) -> Option<IpAddr> {
    let address = Ipv4Addr::from(octets);
    (!address.is_unspecified()).then_some(IpAddr::V4(address))
}

/// An address that is not unspecified; IPv4 stands as a mapped one (RFC 6887, 5).
fn address_v6(octets: [u8; 16]) -> Option<IpAddr> {
    let address = Ipv6Addr::from(octets).to_canonical();
    (!address.is_unspecified()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    const INSIDE: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7];
    const OUTSIDE: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 7];

    #[test]
    fn a_nat_pmp_request_gives_ports_protocol_and_lifetime() {
        let expected = PortMapMessage {
            protocol: Some(6),
            internal_port: Some(8000),
            external_port: Some(8000),
            lifetime: Some(7200),
            ..PortMapMessage::new(0, PortMapOperation::Map)
        };

        let bytes = [0, 2, 0, 0, 0x1f, 0x40, 0x1f, 0x40, 0, 0, 0x1c, 0x20];
        assert_eq!(dissect(&bytes), Ok(Some(expected)));
    }

    #[test]
    fn a_nat_pmp_answer_gives_the_result_and_the_address_outside() {
        let bytes = [0, 128, 0, 0, 0, 0, 0, 9, 198, 51, 100, 7];
        let message = dissect(&bytes).unwrap().unwrap();
        assert_eq!((message.result, message.is_response()), (Some(0), true));
        assert_eq!(message.external_address, Some([198, 51, 100, 7].into()));

        let refused = dissect(&[0, 129, 0, 2, 0, 0, 0, 9]).unwrap().unwrap();
        assert_eq!((refused.result, refused.internal_port), (Some(2), None));
    }

    #[test]
    fn a_pcp_request_gives_the_client_and_the_mapping() {
        let message = dissect(&map_request()).unwrap().unwrap();

        assert_eq!((message.version, message.operation), (2, PortMapOperation::Map));
        assert_eq!(message.client_address, Some([192, 0, 2, 7].into()));
        assert_eq!((message.protocol, message.lifetime), (Some(17), Some(120)));
        assert_eq!((message.internal_port, message.external_port), (Some(554), Some(0)));
        assert_eq!((message.external_address, message.result), (None, None));
    }

    #[test]
    fn a_pcp_answer_gives_the_address_outside_and_the_peer() {
        let mut bytes = map_request();
        bytes[1] = 0x82;
        bytes[44..60].copy_from_slice(&OUTSIDE);
        bytes.extend_from_slice(&[0x01, 0xbb, 0, 0]);
        bytes.extend_from_slice(&OUTSIDE);
        let message = dissect(&bytes).unwrap().unwrap();

        let outside = Some(IpAddr::from([198, 51, 100, 7]));
        assert_eq!((message.external_address, message.client_address), (outside, None));
        assert_eq!(message.remote, outside.map(|address| (address, 443)));
    }

    #[test]
    fn other_versions_and_lengths_are_not_for_us_and_cut_ones_truncated() {
        assert_eq!(dissect(&[1, 0]), Ok(None));
        assert_eq!(dissect(&[0, 0, 0]), Ok(None));
        assert_eq!(dissect(&[0, 3]), Ok(None));
        assert_eq!(dissect(&[0, 1, 0, 0, 0, 80]), Err(DissectReason::Truncated));
        assert_eq!(dissect(&map_request()[..59]), Err(DissectReason::Truncated));
        assert_eq!(dissect(&[2; MAX_PCP + 4]), Err(DissectReason::TooLarge));
    }

    #[test]
    fn damaged_messages_never_have_a_peer_without_asking_for_one() {
        for_each_mutant(&map_request(), |bytes| {
            let Ok(Some(message)) = dissect(bytes) else { return };
            assert!(message.remote.is_none() || message.operation == PortMapOperation::Peer);
        });
    }

    fn map_request() -> Vec<u8> {
        let nonce = [9; 12];
        [
            &[2, 1, 0, 0, 0, 0, 0, 120][..],
            &INSIDE,
            &nonce,
            &[17, 0, 0, 0, 0x02, 0x2a, 0, 0],
            &[0; 10],
            &[0xff, 0xff, 0, 0, 0, 0],
        ]
        .concat()
    }
}
