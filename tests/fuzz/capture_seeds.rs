//! Seeds for real fuzzing from one foreign capture; they are never committed.
//!
//! Comes in: the path of a capture. Goes out: inputs in the form of `targets.rs`, named by a hash of their bytes so
//! that equal ones meet. Each shape (target, port, first bytes) is taken once a capture.

use std::collections::HashSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use hikwatch::capture::{FrameSource, Next, SavefileSource};
use hikwatch::decode::{Network, Transport, decode};
use hikwatch::net::{Frame, IpProtocol, LinkType};

use crate::seeds::{Seed, datagram_input, decode_input, stream_input};
use crate::targets::join;

/// Frames of a capture that are looked at.
const MAX_FRAMES: usize = 3_000;
/// Seeds of one capture.
const MAX_SEEDS: usize = 60;
/// The largest capture file that becomes a seed by itself.
const MAX_FILE: u64 = 64 << 10;
/// Frames that are one seed of `engine`, and their bytes.
const ENGINE_FRAMES: usize = 60;
const ENGINE_BYTES: usize = 24 << 10;

/// The seeds of one capture.
pub(crate) fn of_capture(path: &Path) -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut shapes = HashSet::new();
    if fs::metadata(path).is_ok_and(|file| file.len() <= MAX_FILE) {
        push(&mut seeds, "savefile", fs::read(path).unwrap());
    }
    let Ok(mut source) = SavefileSource::open(path) else { return seeds };
    let (mut whole, mut size) = (Vec::new(), 0);
    for _ in 0..MAX_FRAMES {
        let Ok(Next::Frame(frame)) = source.next_frame() else { break };
        size += frame.bytes.len();
        if frame.link_type == LinkType::ETHERNET
            && whole.len() < ENGINE_FRAMES
            && size < ENGINE_BYTES
        {
            whole.push(frame.bytes.to_vec());
        }
        for (target, bytes) in of_frame(&frame) {
            let shape =
                (target, bytes.iter().take(7).copied().collect::<Vec<_>>(), bytes.len() / 64);
            if seeds.len() < MAX_SEEDS && shapes.insert(shape) {
                push(&mut seeds, target, bytes);
            }
        }
    }
    if !whole.is_empty() {
        push(&mut seeds, "engine", join(whole.iter().map(Vec::as_slice)));
    }
    seeds
}

fn push(seeds: &mut Vec<Seed>, target: &'static str, bytes: Vec<u8>) {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    seeds.push((target, format!("{:016x}", hasher.finish()), bytes));
}

/// What one frame gives: itself, and the payload of what it carries.
fn of_frame(frame: &Frame<'_>) -> Vec<(&'static str, Vec<u8>)> {
    let mut found = Vec::new();
    // The same network layer looks alike behind many headers: the length tells wrappings apart well enough.
    found.extend(decode_input(frame.link_type.0, frame.bytes).map(|input| ("decode", input)));
    let Ok(packet) = decode(frame) else { return found };
    match packet.network {
        Network::Ip(ip) if ip.payload.is_empty() || ip.fragment.is_some() => {}
        Network::Ip(ip) => match ip.transport {
            Transport::Udp { source_port, destination_port } => {
                let port = source_port.min(destination_port);
                found.push(("datagram", datagram_input(port, ip.payload)));
                if ip.payload.first().is_some_and(|first| first & 0x80 != 0) && port == 443 {
                    found.push(("quic", join([ip.payload])));
                }
            }
            Transport::Tcp(header) => {
                let from_initiator = header.source_port > header.destination_port;
                let port = header.source_port.min(header.destination_port);
                found.push(("stream", stream_input(port, from_initiator, ip.payload)));
            }
            Transport::Icmp { .. } if ip.protocol == IpProtocol::ICMPV6 => {
                found.push(("icmpv6", ip.network_payload.to_vec()));
            }
            Transport::Icmp { .. } | Transport::Sctp { .. } | Transport::None => {}
        },
        Network::Link { ether_type, payload } => {
            let kind = u8::from(ether_type != 0x8033);
            found.push(("link", [&[kind][..], payload].concat()));
        }
        Network::Arp(_) => {}
    }
    found
}
