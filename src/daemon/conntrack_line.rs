//! One line of `/proc/net/nf_conntrack`.
//!
//! Comes in: a line as Linux writes it (`net/netfilter/nf_conntrack_standalone.c`, `ct_seq_show`): layer 3, its number, protocol,
//! its number, seconds, state, the original ends with counters, flags, the ends of the answers with counters, flags, marks. Goes out:
//! the flow, or nothing when the line is of another form. It believes no length and no order but that of the two pairs of ends.

use std::net::IpAddr;

use crate::analyst::{KernelFlow, OffloadKind};
use crate::flow::Endpoint;
use crate::net::IpProtocol;

/// Longest line that is read; Linux writes some 300 characters.
const MAX_LINE: usize = 2048;

/// The place of the protocol's number.
const PROTOCOL_PLACE: usize = 3;

/// One of the two directions, as far as it was read.
#[derive(Debug, Clone, Copy, Default)]
struct Tuple {
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    source_port: u16,
    destination_port: u16,
    bytes: Option<u64>,
}

impl Tuple {
    fn ends(&self) -> Option<[Endpoint; 2]> {
        Some([
            Endpoint { ip: self.source?, port: self.source_port },
            Endpoint { ip: self.destination?, port: self.destination_port },
        ])
    }
}

/// Reads a line.
pub(super) fn parse(line: &str) -> Option<KernelFlow> {
    if line.len() > MAX_LINE {
        return None;
    }
    let protocol = line.split_ascii_whitespace().nth(PROTOCOL_PLACE)?.parse().ok()?;
    let mut tuples = [Tuple::default(); 2];
    let mut offload = None;
    let mut directions = 0;
    for word in line.split_ascii_whitespace() {
        match word {
            "[OFFLOAD]" => offload = Some(OffloadKind::Flowtable),
            "[HW_OFFLOAD]" => offload = Some(OffloadKind::Hardware),
            _ => {}
        }
        let Some((name, value)) = word.split_once('=') else { continue };
        if name == "src" {
            directions += 1;
        }
        let Some(tuple) = usize::checked_sub(directions, 1).and_then(|at| tuples.get_mut(at))
        else {
            continue;
        };
        match name {
            "src" => tuple.source = Some(value.parse().ok()?),
            "dst" => tuple.destination = Some(value.parse().ok()?),
            "sport" => tuple.source_port = value.parse().ok()?,
            "dport" => tuple.destination_port = value.parse().ok()?,
            "bytes" => tuple.bytes = Some(value.parse().ok()?),
            _ => {}
        }
    }
    let [original, reply] = tuples;
    Some(KernelFlow {
        protocol: IpProtocol(protocol),
        original: original.ends()?,
        reply: reply.ends()?,
        bytes: original.bytes.zip(reply.bytes).and_then(|(one, other)| one.checked_add(other)),
        offload,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TCP: &str = "ipv4     2 tcp      6 431999 ESTABLISHED src=192.0.2.64 dst=203.0.113.5 sport=40001 dport=8666 \
        packets=12 bytes=1234 src=203.0.113.5 dst=198.51.100.9 sport=8666 dport=40001 packets=10 bytes=1000 [ASSURED] \
        mark=0 zone=0 use=2";

    fn end(ip: &str, port: u16) -> Endpoint {
        Endpoint { ip: ip.parse().unwrap(), port }
    }

    #[test]
    fn a_translated_conversation_has_both_pairs_of_ends_and_its_bytes() {
        assert_eq!(
            parse(TCP),
            Some(KernelFlow {
                protocol: IpProtocol::TCP,
                original: [end("192.0.2.64", 40_001), end("203.0.113.5", 8666)],
                reply: [end("203.0.113.5", 8666), end("198.51.100.9", 40_001)],
                bytes: Some(2234),
                offload: None,
            })
        );
    }

    #[test]
    fn the_forms_that_linux_writes_are_read() {
        let unreplied = "ipv6     10 udp      17 29 src=2001:db8::7 dst=2001:db8::1 sport=5353 dport=53 packets=1 bytes=70 \
            [UNREPLIED] src=2001:db8::1 dst=2001:db8::7 sport=53 dport=5353 packets=0 bytes=0 mark=0 zone=0 use=2";
        let flow = parse(unreplied).unwrap();
        assert_eq!((flow.protocol, flow.bytes), (IpProtocol::UDP, Some(70)));
        assert_eq!(flow.original[0], end("2001:db8::7", 5353));

        let uncounted = "ipv4     2 icmp     1 29 src=192.0.2.1 dst=192.0.2.2 type=8 code=0 id=7 src=192.0.2.2 \
            dst=192.0.2.1 type=0 code=0 id=7 mark=0 use=2";
        assert_eq!(parse(uncounted).unwrap().bytes, None);

        for (flag, kind) in
            [("OFFLOAD", OffloadKind::Flowtable), ("HW_OFFLOAD", OffloadKind::Hardware)]
        {
            // Neither seconds nor state stand in these.
            let line = format!(
                "ipv4     2 tcp      6 src=192.0.2.64 dst=203.0.113.5 sport=1 dport=2 packets=1 bytes=9 src=203.0.113.5 \
                 dst=192.0.2.64 sport=2 dport=1 packets=1 bytes=9 [{flag}] mark=0 secctx=a=b zone=0 use=3"
            );
            let flow = parse(&line).unwrap();
            assert_eq!((flow.offload, flow.bytes), (Some(kind), Some(18)));
        }
    }

    #[test]
    fn a_line_of_another_form_is_no_flow() {
        let long = format!("{TCP} {}", "x".repeat(MAX_LINE));
        for line in [
            "",
            "ipv4 2 tcp",
            "ipv4 2 tcp six 10 src=192.0.2.1 dst=192.0.2.2 src=192.0.2.2 dst=192.0.2.1",
            "ipv4 2 tcp 6 10 src=192.0.2.1 dst=192.0.2.2",
            "ipv4 2 tcp 6 10 src=192.0.2.1 src=192.0.2.2",
            &TCP.replace("192.0.2.64", "192.0.2.640"),
            &TCP.replace("8666", "98666"),
            &TCP.replace("bytes=1234", "bytes=-1"),
            &TCP.replace("bytes=1234", "bytes="),
            &long,
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
        let huge = TCP.replace("bytes=1234", &format!("bytes={}", u64::MAX));
        assert_eq!(parse(&huge).unwrap().bytes, None, "a sum that does not fit");
    }

    proptest! {
        #[test]
        fn no_line_is_too_odd(line in "(ipv4 2 tcp 6 )?([a-z]{0,6}=?[0-9.:=]{0,9} |\\[[A-Z_]*\\] |src=192\\.0\\.2\\.1 ){0,20}") {
            let _any = parse(&line);
        }
    }
}
