//! Chooses the dissector for a payload.
//!
//! Comes in: a payload, and for datagrams the ports. Goes out: a [`Message`], or why there is none.
//! Datagrams are chosen by port and then checked by content; streams by content alone.

use super::{AppProtocol, DissectError, DissectReason, Message, StreamVerdict};
use super::{dhcp, dns, http, sadp, sadp_link, tls};

/// Reads the first bytes of one side of a stream: a TLS ClientHello or the head of an HTTP/1 request.
///
/// The port is not asked: the first bytes decide. After [`StreamVerdict::NeedMore`] the caller offers the same
/// bytes again with more behind them. What that answer costs: for TLS at most
/// sixteen record headers; for HTTP one scan for the end of the head, so a caller that offers a head of
/// n bytes k times pays up to k times n.
#[must_use]
pub fn dissect_stream(head: &[u8]) -> StreamVerdict {
    match head.first() {
        None => StreamVerdict::NeedMore,
        Some(&tls::HANDSHAKE) => tls::dissect(head),
        Some(_) => http::dissect(head),
    }
}

/// Reads what is there of a head that will not become longer (budget spent, flow ended, snap length).
///
/// Of an HTTP request: the request line and the header lines that are whole. Of a ClientHello: what stands up
/// to and behind the server_name extension, if that one is whole; its version is then `legacy_version`
/// unless supported_versions was reached.
#[must_use]
pub fn dissect_partial_stream(head: &[u8]) -> Option<Message> {
    match head.first() {
        None => None,
        Some(&tls::HANDSHAKE) => tls::dissect_partial(head).map(Message::Tls),
        Some(_) => http::dissect_partial(head).map(Message::Http),
    }
}

/// Reads one datagram. `Ok(None)` means that it is not for us: ports that we do not know, an empty payload, or
/// a payload that plainly is of another protocol.
///
/// # Errors
/// The datagram runs on a port of one of our protocols and is not well formed.
pub fn dissect_datagram(
    payload: &[u8],
    source_port: u16,
    destination_port: u16,
) -> Result<Option<Message>, DissectError> {
    // The ports come first: most datagrams leave here.
    let Some(protocol) = protocol_of(destination_port).or_else(|| protocol_of(source_port)) else {
        return Ok(None);
    };
    if payload.is_empty() {
        return Ok(None);
    }
    let read = match protocol {
        AppProtocol::Dns | AppProtocol::Mdns | AppProtocol::Llmnr => {
            dns::dissect(payload, protocol).map(|read| read.map(Message::Dns))
        }
        AppProtocol::Dhcp => dhcp::dissect(payload).map(|read| Some(Message::Dhcp(read))),
        AppProtocol::Sadp => sadp::dissect(payload).map(|read| read.map(Message::Sadp)),
        AppProtocol::Tls | AppProtocol::Http => Ok(None),
    };
    read.map_err(with_protocol(protocol))
}

/// Reads the payload of a frame that carries no IP. `Ok(None)` means that it is not for us.
///
/// # Errors
/// The frame has the EtherType of SADP and is not well formed.
pub fn dissect_link(ether_type: u16, payload: &[u8]) -> Result<Option<Message>, DissectError> {
    if ether_type != sadp_link::ETHER_TYPE {
        return Ok(None);
    }
    sadp_link::dissect(payload)
        .map(|read| read.map(Message::Sadp))
        .map_err(with_protocol(AppProtocol::Sadp))
}

/// The protocol of a well-known port (IANA "Service Name and Transport Protocol Port Number Registry"; 37020 is
/// not registered, see [`sadp`]).
const fn protocol_of(port: u16) -> Option<AppProtocol> {
    match port {
        53 => Some(AppProtocol::Dns),
        67 | 68 => Some(AppProtocol::Dhcp),
        5353 => Some(AppProtocol::Mdns),
        5355 => Some(AppProtocol::Llmnr),
        37020 => Some(AppProtocol::Sadp),
        _ => None,
    }
}

/// Names the protocol that a reason belongs to.
fn with_protocol(protocol: AppProtocol) -> impl Fn(DissectReason) -> DissectError {
    move |reason| DissectError { protocol, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";

    #[test]
    fn a_datagram_on_unknown_ports_is_not_for_us_whatever_it_holds() {
        assert_eq!(dissect_datagram(QUERY, 40_000, 40_001), Ok(None));
        assert_eq!(dissect_datagram(b"", 40_000, 53), Ok(None));
    }

    #[test]
    fn either_port_tells_the_protocol_and_the_destination_tells_it_first() {
        for (source, destination, expected) in [
            (40_000, 53, AppProtocol::Dns),
            (53, 40_000, AppProtocol::Dns),
            (40_000, 5353, AppProtocol::Mdns),
            (40_000, 5355, AppProtocol::Llmnr),
            (5353, 53, AppProtocol::Dns),
        ] {
            let message = dissect_datagram(QUERY, source, destination).unwrap().unwrap();
            assert_eq!(message.protocol(), expected);
        }
    }

    #[test]
    fn a_broken_datagram_on_a_known_port_names_the_protocol() {
        for (port, protocol) in [(53, AppProtocol::Dns), (68, AppProtocol::Dhcp)] {
            let error = dissect_datagram(&[0xff; 20], 40_000, port).unwrap_err();
            assert_eq!(error.protocol, protocol);
        }
    }

    #[test]
    fn a_client_that_chose_the_port_of_sadp_is_not_for_us() {
        assert_eq!(dissect_datagram(&[0x40; 30], 37020, 443), Ok(None));
    }

    #[test]
    fn other_ether_types_are_not_for_us() {
        assert_eq!(dissect_link(0x88cc, &[0x21, 2]), Ok(None));
    }

    #[test]
    fn the_first_byte_of_a_stream_decides() {
        assert_eq!(dissect_stream(b""), StreamVerdict::NeedMore);
        assert_eq!(dissect_stream(&[0x16]), StreamVerdict::NeedMore);
        assert_eq!(dissect_stream(b"G"), StreamVerdict::NeedMore);
        assert_eq!(dissect_stream(b"SSH-2.0-x\r\n"), StreamVerdict::NotForUs);
        assert_eq!(dissect_stream(&[0x80, 0x2e, 1, 0, 2]), StreamVerdict::NotForUs);
        assert_eq!(dissect_partial_stream(b""), None);
    }
}
