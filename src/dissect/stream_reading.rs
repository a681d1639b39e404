//! Which dissectors may read the beginning of a stream's message, and what they say.
//!
//! Comes in: bytes of a stream, in order. Goes out: candidates by the first byte, and the verdict of each. Ports are
//! asked only where the bytes say too little.
//!
//! | first byte | candidates |
//! |---|---|
//! | 0x16, and 0x80 to 0xff (hello of SSL 2.0) | TLS |
//! | letters, line ends | HTTP, RTSP, SIP, the relay's URL, LBS |
//! | 0x00 to 0x3f | DNS (behind its length), STUN, the network SDK, MQTT, LBS |
//! | 0x24 `$` | the relay, RTSP's interleaved frames |
//! | 0x3c `<` | ISUP |
//! | 0x9e | safe protocol |

use std::sync::Arc;

use super::verdict::{Probe, StreamRead};
use super::{
    AppProtocol, DissectError, DnsMessage, Message, StreamMessage, StreamPlace, StreamVerdict,
};
use super::{dns, framing, http, mqtt, rtsp, sip, stun, tls};

/// DNS, mDNS and LLMNR: on these ports a head is read that could be another protocol's elsewhere.
const DNS_PORTS: [u16; 3] = [53, 5353, 5355];
/// The network SDK (EZVIZ's port list, source `cp4` of the catalogue).
const HCNETSDK_PORTS: [u16; 1] = [8000];
/// EZVIZ's location service (source `cp4` of the catalogue).
const LBS_PORTS: [u16; 1] = [8666];

/// The protocols that a head may be of, in the order in which they are asked. The protocol that is `known` of the
/// stream is the only one that is asked.
pub(super) fn candidates<'k>(head: &[u8], known: &'k [AppProtocol]) -> &'k [AppProtocol] {
    if !known.is_empty() {
        return known;
    }
    match head {
        [] => &[],
        [0x16, ..] => &[AppProtocol::Tls, AppProtocol::Dns],
        [0x24, ..] => &[AppProtocol::Vtm, AppProtocol::Dns],
        [b'<', ..] => &[AppProtocol::Isup],
        [b'A'..=b'Z' | b'a'..=b'z' | b'\r' | b'\n', ..] => {
            &[
                AppProtocol::Http,
                AppProtocol::Rtsp,
                AppProtocol::Sip,
                AppProtocol::Vtm,
                // Its REQUEST_DEVID begins with 0x70, which is a letter too.
                AppProtocol::Lbs,
            ]
        }
        [0x9e, ..] => &[AppProtocol::Safe, AppProtocol::Tls],
        [0x80..=0xff, ..] => &[AppProtocol::Tls, AppProtocol::Lbs],
        [0x00..=0x3f, ..] => &[
            AppProtocol::Dns,
            AppProtocol::Mqtt,
            AppProtocol::Stun,
            AppProtocol::Hcnetsdk,
            AppProtocol::Lbs,
        ],
        [_, ..] => &[AppProtocol::Lbs],
    }
}

/// What the dissector of `protocol` says of a head. `is_known`: earlier messages of the stream were of it.
pub(super) fn read_stream(
    protocol: AppProtocol,
    head: &[u8],
    place: StreamPlace,
    is_known: bool,
) -> StreamVerdict {
    match protocol {
        AppProtocol::Tls => {
            let client = tls::dissect_client(head);
            if matches!(client, StreamRead::NotForUs) {
                return verdict(protocol, tls::dissect_server(head), |server| {
                    StreamMessage::TlsServer(Box::new(server))
                });
            }
            verdict(protocol, client, |hello| StreamMessage::TlsHello(Arc::new(hello)))
        }
        AppProtocol::Http => {
            let request = http::request::dissect(head);
            if matches!(request, StreamRead::NotForUs) {
                return verdict(
                    protocol,
                    http::response::dissect(head, place.without_body),
                    |response| StreamMessage::HttpResponse(Box::new(response)),
                );
            }
            verdict(protocol, request, |request| StreamMessage::HttpRequest(Arc::new(request)))
        }
        AppProtocol::Rtsp => {
            other(protocol, rtsp::dissect(head), |rtsp| Message::Rtsp(Box::new(rtsp)))
        }
        AppProtocol::Sip => {
            other(protocol, sip::dissect_stream(head), |sip| Message::Sip(Box::new(sip)))
        }
        AppProtocol::Dns | AppProtocol::Llmnr
            if place.is_on(&DNS_PORTS) || is_certain(dns::stream::probe(head)) =>
        {
            other(protocol, dns::stream::dissect(head), |dns| resolution(dns, place))
        }
        AppProtocol::Stun => {
            other(protocol, stun::dissect_stream(head), |stun| Message::Stun(Box::new(stun)))
        }
        // Only the first packet of a client says by itself what it is.
        AppProtocol::Mqtt if is_known || head.first() == Some(&mqtt::CONNECT) => {
            other(protocol, mqtt::dissect(head), |mqtt| Message::Mqtt(Box::new(mqtt)))
        }
        AppProtocol::Hcnetsdk
            if place.is_on(&HCNETSDK_PORTS) || is_certain(framing::hcnetsdk::probe(head)) =>
        {
            other(protocol, framing::hcnetsdk::dissect(head), Message::Hcnetsdk)
        }
        AppProtocol::Lbs if place.is_on(&LBS_PORTS) || is_certain(framing::lbs::probe(head)) => {
            other(protocol, framing::lbs::dissect(head), |lbs| Message::Lbs(Box::new(lbs)))
        }
        AppProtocol::Safe => other(protocol, framing::safe::dissect_stream(head), |safe| {
            Message::Safe(Box::new(safe))
        }),
        AppProtocol::Vtm if is_certain(framing::vtm::probe(head)) => {
            other(protocol, framing::vtm::dissect(head), |vtm| Message::Vtm(Box::new(vtm)))
        }
        AppProtocol::Isup => other(protocol, framing::isup::dissect_stream(head), |isup| {
            Message::Isup(Box::new(isup))
        }),
        AppProtocol::Dns
        | AppProtocol::Hcnetsdk
        | AppProtocol::Lbs
        | AppProtocol::Vtm
        | AppProtocol::Mqtt
        | AppProtocol::Mdns
        | AppProtocol::Llmnr
        | AppProtocol::Nbns
        | AppProtocol::Dot
        | AppProtocol::Doh
        | AppProtocol::Doq
        | AppProtocol::Dtls
        | AppProtocol::Quic
        | AppProtocol::Rtp
        | AppProtocol::Rtcp
        | AppProtocol::Dhcp
        | AppProtocol::Dhcpv6
        | AppProtocol::Ndp
        | AppProtocol::Ntp
        | AppProtocol::Snmp
        | AppProtocol::Syslog
        | AppProtocol::Portmap
        | AppProtocol::Ssdp
        | AppProtocol::Wsd
        | AppProtocol::Sadp
        | AppProtocol::P2p
        | AppProtocol::Beacon => StreamVerdict::NotForUs,
    }
}

/// What the dissector of `protocol` reads of a head that will not become longer.
pub(super) fn read_partial_stream(
    protocol: AppProtocol,
    head: &[u8],
    place: StreamPlace,
) -> Option<StreamMessage> {
    let message = match protocol {
        AppProtocol::Tls => {
            return match tls::dissect_client_partial(head) {
                Some(hello) => Some(StreamMessage::TlsHello(Arc::new(hello))),
                None => tls::dissect_server_partial(head)
                    .map(|server| StreamMessage::TlsServer(Box::new(server))),
            };
        }
        AppProtocol::Http => {
            return match http::request::dissect_partial(head) {
                Some(request) => Some(StreamMessage::HttpRequest(Arc::new(request))),
                None => http::response::dissect_partial(head, place.without_body)
                    .map(|response| StreamMessage::HttpResponse(Box::new(response))),
            };
        }
        AppProtocol::Dns | AppProtocol::Llmnr
            if place.is_on(&DNS_PORTS) || is_certain(dns::stream::probe(head)) =>
        {
            resolution(dns::stream::dissect_partial(head)?, place)
        }
        AppProtocol::Rtsp => Message::Rtsp(Box::new(rtsp::dissect_partial(head)?)),
        AppProtocol::Sip => Message::Sip(Box::new(sip::dissect_partial(head)?)),
        AppProtocol::Stun => Message::Stun(Box::new(stun::dissect_partial(head)?)),
        AppProtocol::Mqtt => Message::Mqtt(Box::new(mqtt::dissect_partial(head)?)),
        AppProtocol::Lbs if place.is_on(&LBS_PORTS) => {
            Message::Lbs(Box::new(framing::lbs::dissect_partial(head)?))
        }
        AppProtocol::Hcnetsdk if place.is_on(&HCNETSDK_PORTS) => {
            Message::Hcnetsdk(framing::hcnetsdk::dissect_partial(head)?)
        }
        AppProtocol::Safe => Message::Safe(Box::new(framing::safe::dissect_partial(head)?)),
        AppProtocol::Vtm if is_certain(framing::vtm::probe(head)) => {
            Message::Vtm(Box::new(framing::vtm::dissect_partial(head)?))
        }
        AppProtocol::Isup => Message::Isup(Box::new(framing::isup::dissect_partial(head)?)),
        AppProtocol::Dns
        | AppProtocol::Hcnetsdk
        | AppProtocol::Lbs
        | AppProtocol::Vtm
        | AppProtocol::Mdns
        | AppProtocol::Llmnr
        | AppProtocol::Nbns
        | AppProtocol::Dot
        | AppProtocol::Doh
        | AppProtocol::Doq
        | AppProtocol::Dtls
        | AppProtocol::Quic
        | AppProtocol::Rtp
        | AppProtocol::Rtcp
        | AppProtocol::Dhcp
        | AppProtocol::Dhcpv6
        | AppProtocol::Ndp
        | AppProtocol::Ntp
        | AppProtocol::Snmp
        | AppProtocol::Syslog
        | AppProtocol::Portmap
        | AppProtocol::Ssdp
        | AppProtocol::Wsd
        | AppProtocol::Sadp
        | AppProtocol::P2p
        | AppProtocol::Beacon => return None,
    };
    Some(StreamMessage::Other(message))
}

/// A message in the form that DNS and LLMNR share, named by its port (RFC 4795, 2.1). On the port of multicast DNS,
/// which has no streams, it is DNS.
fn resolution(mut dns: DnsMessage, place: StreamPlace) -> Message {
    if place.is_on(&[5355]) {
        dns.protocol = AppProtocol::Llmnr;
    }
    Message::Dns(Box::new(dns))
}

fn verdict<T>(
    protocol: AppProtocol,
    read: StreamRead<T>,
    message: impl FnOnce(T) -> StreamMessage,
) -> StreamVerdict {
    match read {
        StreamRead::Read(read, next) => StreamVerdict::Read(message(read), next),
        StreamRead::NeedMore => StreamVerdict::NeedMore,
        StreamRead::NotForUs => StreamVerdict::NotForUs,
        StreamRead::Malformed(reason) => {
            StreamVerdict::Malformed(DissectError::unreadable(protocol, reason))
        }
    }
}

fn other<T>(
    protocol: AppProtocol,
    read: StreamRead<T>,
    message: impl FnOnce(T) -> Message,
) -> StreamVerdict {
    verdict(protocol, read, |read| StreamMessage::Other(message(read)))
}

fn is_certain(probe: Probe) -> bool {
    probe == Probe::Certain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_byte_that_is_also_a_letter_keeps_no_location_service_from_being_asked() {
        assert!(candidates(b"\x70\x3e\x01\x01\0\x09L00000001", &[]).contains(&AppProtocol::Lbs));
    }
}
