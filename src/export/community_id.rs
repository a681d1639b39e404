//! Community ID, version 1: one name for a flow in every tool.
//!
//! Comes in: the two ends of a flow as [`FlowRecord`](crate::flow::FlowRecord) has them. Goes out: the identifier
//! with seed 0 (corelight/community-id-spec, "Pseudo code").

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::flow::Endpoint;
use crate::net::IpProtocol;

/// The seed of the specification; sites may choose another, we promise this one.
const SEED: [u8; 2] = [0, 0];

/// Names the flow between two ends. Both directions get one name, save for ICMP messages that have no answer:
/// type and code are no pair of ports, so those keep their order.
///
/// Absent for SCTP when its ports were not read: a name that no other tool gives is worse than none.
#[must_use]
pub fn community_id(
    initiator: Endpoint,
    responder: Endpoint,
    protocol: IpProtocol,
) -> Option<String> {
    if protocol == IpProtocol::SCTP && initiator.port == 0 && responder.port == 0 {
        return None;
    }
    let swap = !is_one_way(protocol, initiator.port) && initiator > responder;
    let (first, second) = if swap { (responder, initiator) } else { (initiator, responder) };

    let mut hash = Sha1::new();
    hash.update(SEED);
    update_address(&mut hash, first.ip);
    update_address(&mut hash, second.ip);
    hash.update([protocol.0, 0]);
    if has_ports(protocol) {
        hash.update(first.port.to_be_bytes());
        hash.update(second.port.to_be_bytes());
    }
    let mut text = String::with_capacity(30);
    text.push_str("1:");
    STANDARD.encode_string(hash.finalize(), &mut text);
    Some(text)
}

fn update_address(hash: &mut Sha1, address: IpAddr) {
    match address {
        IpAddr::V4(v4) => hash.update(v4.octets()),
        IpAddr::V6(v6) => hash.update(v6.octets()),
    }
}

/// The protocols that the specification hashes ports of; ICMP has type and counterpart (or code) in their place.
fn has_ports(protocol: IpProtocol) -> bool {
    [IpProtocol::TCP, IpProtocol::UDP, IpProtocol::SCTP, IpProtocol::ICMP, IpProtocol::ICMPV6]
        .contains(&protocol)
}

/// Tells whether an ICMP message has no counterpart (the specification's reference implementation, "is_one_way").
pub(crate) const fn is_one_way(protocol: IpProtocol, kind: u16) -> bool {
    match protocol {
        IpProtocol::ICMP => !matches!(kind, 0 | 8 | 9 | 10 | 13..=18),
        IpProtocol::ICMPV6 => !matches!(kind, 128..=131 | 133..=136 | 139 | 140 | 144 | 145),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's baseline for seed 0: protocol, both ends, identifier.
    const BASELINE: [(u8, &str, u16, &str, u16, &str); 16] = [
        (6, "128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (6, "66.35.250.204", 80, "128.232.110.120", 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (17, "192.168.1.52", 54585, "8.8.8.8", 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
        (17, "8.8.8.8", 53, "192.168.1.52", 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
        (132, "192.168.170.8", 7, "192.168.170.56", 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="),
        (46, "10.1.12.1", 0, "10.1.12.2", 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="),
        (46, "10.1.12.2", 0, "10.1.12.1", 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="),
        (1, "192.168.0.89", 8, "192.168.0.1", 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
        (1, "192.168.0.1", 0, "192.168.0.89", 8, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
        (1, "10.0.0.1", 11, "10.0.0.2", 0, "1:YHxtAirCG//0OzkcVAukqKQN9xM="),
        (
            6,
            "2001:470:e5bf:dead:4957:2174:e82c:4887",
            63943,
            "2607:f8b0:400c:c03::1a",
            25,
            "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
        ),
        (
            58,
            "fe80::200:86ff:fe05:80da",
            135,
            "fe80::260:97ff:fe07:69ea",
            136,
            "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=",
        ),
        (
            58,
            "fe80::260:97ff:fe07:69ea",
            136,
            "fe80::200:86ff:fe05:80da",
            135,
            "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=",
        ),
        (
            58,
            "3ffe:507:0:1:200:86ff:fe05:80da",
            128,
            "3ffe:501:0:1001::2",
            129,
            "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=",
        ),
        (
            58,
            "3ffe:501:410:0:2c0:dfff:fe47:33e",
            1,
            "3ffe:507:0:1:200:86ff:fe05:80da",
            4,
            "1:hLZd0XGWojozrvxqE0dWB1iM6R0=",
        ),
        (58, "fe80::260:97ff:fe07:69ea", 134, "ff02::1", 133, "1:pkvHqCL88/tg1k4cPigmZXUtL00="),
    ];

    #[test]
    fn the_published_baseline_is_met() {
        for (protocol, source, sport, destination, dport, expected) in BASELINE {
            let ends = (end(source, sport), end(destination, dport));

            let id = community_id(ends.0, ends.1, IpProtocol(protocol));

            assert_eq!(id.as_deref(), Some(expected), "{protocol} {source} {destination}");
        }
    }

    #[test]
    fn a_message_without_an_answer_keeps_its_order() {
        let (low, high) = (end("192.0.2.1", 3), end("192.0.2.2", 1));

        let there = community_id(low, high, IpProtocol::ICMP);
        let back = community_id(
            Endpoint { port: 3, ..high },
            Endpoint { port: 1, ..low },
            IpProtocol::ICMP,
        );

        assert_ne!(there, back);
    }

    #[test]
    fn sctp_without_ports_gets_no_name() {
        assert_eq!(community_id(end("192.0.2.1", 0), end("192.0.2.2", 0), IpProtocol::SCTP), None);
    }

    fn end(ip: &str, port: u16) -> Endpoint {
        Endpoint { ip: ip.parse().unwrap(), port }
    }
}
