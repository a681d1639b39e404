//! However a household's traffic is cut on its way (IP fragments, small segments, reordered, sent twice), the same
//! devices, destinations and names are found in it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "these functions are of tests, though not tests themselves"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use hikwatch::analyst::{Config as AnalystConfig, Event, EventKind};
use hikwatch::catalogue::Catalogue;
use hikwatch::daemon::Engine;
use hikwatch::device::DeviceProfile;
use hikwatch::dissect::{DnsRecord, DnsRecordData, Message};
use hikwatch::meter::{Config as MeterConfig, MeterStats};
use hikwatch::net::{Frame, InterfaceId, LinkType, Timestamp};
use hikwatch::simulate::{Household, Prng, SimulatedFrame};
use proptest::prelude::*;

const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

/// Long enough for every device to start up and to speak to its clouds.
const WATCHED: Duration = Duration::from_secs(60);

/// Ethernet II: two addresses and a type.
const ETHERNET: usize = 14;

/// How traffic is cut. Each number is a chance in a hundred.
#[derive(Debug, Clone, Copy)]
struct Cut {
    seed: u64,
    /// A TCP segment becomes several.
    segmented: u64,
    /// The longest of them.
    segment: usize,
    /// An IPv4 packet becomes fragments.
    fragmented: u64,
    /// The longest payload of a fragment; a multiple of eight.
    fragment: usize,
    /// The pieces of a frame come in another order.
    reordered: u64,
    /// A piece comes twice.
    repeated: u64,
}

/// What was concluded from the traffic.
#[derive(Debug, Default, PartialEq, Eq)]
struct Conclusions {
    devices: BTreeSet<String>,
    destinations: BTreeSet<String>,
    names: BTreeSet<String>,
}

static PLAIN: LazyLock<Vec<(u64, Conclusions)>> = LazyLock::new(|| {
    [1, 42].map(|seed| (seed, watch(household(seed).into_iter()).0)).into_iter().collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn a_household_is_understood_however_its_traffic_is_cut(
        seed in any::<u64>(),
        segmented in 0u64..=100,
        segment in 1usize..1000,
        fragmented in 0u64..=100,
        fragment in 1usize..100,
        reordered in 0u64..=100,
        repeated in 0u64..=30,
    ) {
        // Single bytes all over would need more room for reordered segments than is kept.
        let segment = if reordered > 0 { segment.max(120) } else { segment };
        let cut = Cut { seed, segmented, segment, fragmented, fragment: fragment * 8, reordered, repeated };
        for (household_seed, plain) in PLAIN.iter() {
            let mut prng = Prng::new(seed);
            let frames = household(*household_seed)
                .into_iter()
                .flat_map(|frame| cut.apply(frame, &mut prng).into_iter());
            let (conclusions, _) = watch(frames);
            prop_assert_eq!(&conclusions, plain, "household {}", household_seed);
        }
    }
}

#[test]
fn the_traffic_is_really_cut() {
    let cut = Cut {
        seed: 5,
        segmented: 100,
        segment: 100,
        fragmented: 100,
        fragment: 64,
        reordered: 100,
        repeated: 10,
    };
    let mut prng = Prng::new(cut.seed);
    let frames = household(1);
    let plain = frames.len();
    let pieces: Vec<_> =
        frames.into_iter().flat_map(|frame| cut.apply(frame, &mut prng).into_iter()).collect();
    assert!(pieces.len() > 2 * plain, "{} of {plain}", pieces.len());

    let (_, stats) = watch(pieces.into_iter());
    assert!(stats.datagrams_reassembled > 1000, "{stats:?}");
    assert_eq!(stats.heads_refused, 0);
}

impl Cut {
    /// The pieces of a frame, in the order in which they come.
    fn apply(self, frame: SimulatedFrame, prng: &mut Prng) -> Vec<SimulatedFrame> {
        let mut pieces = vec![frame.bytes];
        if prng.below(100) < self.segmented {
            pieces = pieces.into_iter().flat_map(|bytes| self.segments(bytes)).collect();
            self.shuffle(&mut pieces, prng);
        }
        if prng.below(100) < self.fragmented {
            let id = prng.next_u16();
            pieces = (id..u16::MAX)
                .zip(pieces)
                .flat_map(|(id, bytes)| {
                    let mut pieces = self.fragments(bytes, id);
                    self.shuffle(&mut pieces, prng);
                    pieces
                })
                .collect();
        }
        pieces
            .into_iter()
            .map(|bytes| SimulatedFrame { timestamp: frame.timestamp, bytes })
            .collect()
    }

    fn shuffle(self, pieces: &mut Vec<Vec<u8>>, prng: &mut Prng) {
        let repeated: Vec<_> =
            pieces.iter().filter(|_| prng.below(100) < self.repeated).cloned().collect();
        pieces.extend(repeated);
        if prng.below(100) < self.reordered {
            for last in (1..pieces.len()).rev() {
                let other = usize::try_from(prng.below(last as u64 + 1)).unwrap();
                pieces.swap(last, other);
            }
        }
    }

    /// TCP segments of at most `segment` bytes, for a frame that holds a longer one over IPv4.
    fn segments(self, bytes: Vec<u8>) -> Vec<Vec<u8>> {
        let Some((header, payload)) = ipv4(&bytes) else { return vec![bytes] };
        if bytes[ETHERNET + 9] != 6 {
            return vec![bytes];
        }
        let tcp_len = usize::from(payload[12] >> 4) * 4;
        let (tcp, data) = payload.split_at(tcp_len);
        if data.len() <= self.segment {
            return vec![bytes];
        }
        let sequence = u32::from_be_bytes(tcp[4..8].try_into().unwrap());
        let mut pieces = Vec::new();
        for (index, part) in data.chunks(self.segment).enumerate() {
            let skipped = u32::try_from(index * self.segment).unwrap();
            let mut piece = [header, tcp, part].concat();
            let at = header.len();
            piece[at + 4..at + 8].copy_from_slice(&sequence.wrapping_add(skipped).to_be_bytes());
            set_ipv4_length(&mut piece, tcp_len + part.len());
            pieces.push(piece);
        }
        pieces
    }

    /// Fragments of at most `fragment` bytes, RFC 791, 3.2.
    fn fragments(self, bytes: Vec<u8>, id: u16) -> Vec<Vec<u8>> {
        let Some((header, payload)) = ipv4(&bytes) else { return vec![bytes] };
        if payload.len() <= self.fragment {
            return vec![bytes];
        }
        let mut pieces = Vec::new();
        for (index, part) in payload.chunks(self.fragment).enumerate() {
            let offset = index * self.fragment;
            let more = offset + part.len() < payload.len();
            let field = u16::try_from(offset / 8).unwrap() | if more { 0x2000 } else { 0 };
            let mut piece = [header, part].concat();
            piece[ETHERNET + 4..ETHERNET + 6].copy_from_slice(&id.to_be_bytes());
            piece[ETHERNET + 6..ETHERNET + 8].copy_from_slice(&field.to_be_bytes());
            set_ipv4_length(&mut piece, part.len());
            pieces.push(piece);
        }
        pieces
    }
}

/// An IPv4 frame up to the end of its IP header, and what stands behind it without padding.
fn ipv4(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if bytes[12..14] != [8, 0] {
        return None;
    }
    let header_len = usize::from(bytes[ETHERNET] & 0x0f) * 4;
    let total_len = usize::from(u16::from_be_bytes([bytes[ETHERNET + 2], bytes[ETHERNET + 3]]));
    Some((&bytes[..ETHERNET + header_len], &bytes[ETHERNET + header_len..ETHERNET + total_len]))
}

fn set_ipv4_length(frame: &mut [u8], payload: usize) {
    let header_len = usize::from(frame[ETHERNET] & 0x0f) * 4;
    let total = u16::try_from(header_len + payload).unwrap();
    frame[ETHERNET + 2..ETHERNET + 4].copy_from_slice(&total.to_be_bytes());
}

fn household(seed: u64) -> Vec<SimulatedFrame> {
    let end = START.plus(WATCHED);
    Household::new(seed, START).take_while(|frame| frame.timestamp < end).collect()
}

fn watch(frames: impl Iterator<Item = SimulatedFrame>) -> (Conclusions, MeterStats) {
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let (meter, analyst) = (MeterConfig::default(), AnalystConfig::default());
    let mut engine = Engine::new(&meter, analyst, catalogue, 1).unwrap();
    let mut events = Vec::new();
    for (number, frame) in (1..).zip(frames) {
        let taken = Frame {
            number,
            timestamp: frame.timestamp,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            wire_len: u32::try_from(frame.bytes.len()).unwrap(),
            stripped_tag: None,
            bytes: &frame.bytes,
        };
        engine.handle_frame(&taken).unwrap();
        events.extend(std::iter::from_fn(|| engine.poll_event()));
    }
    while engine.drain().unwrap() {}
    events.extend(std::iter::from_fn(|| engine.poll_event()));
    (conclude(&events), engine.meter_stats())
}

fn conclude(events: &[Event]) -> Conclusions {
    let mut found = Conclusions::default();
    let mut profiles = std::collections::BTreeMap::new();
    for event in events {
        match &event.kind {
            EventKind::DeviceSeen(profile) => {
                profiles.insert(profile.mac.map(|mac| mac.0), Arc::clone(profile));
            }
            EventKind::FlowEnded { sighting, .. } => {
                let Some(cloud) = sighting.destination.as_deref() else { continue };
                let mac = sighting.device.as_ref().and_then(|device| device.profile.mac);
                found.destinations.insert(format!(
                    "{mac:?} {} {} {} {} {:?}",
                    cloud.vendor,
                    cloud.service,
                    cloud.role.as_label(),
                    cloud.region.as_label(),
                    cloud.domain
                ));
            }
            EventKind::MessageRead(sighting) => note_names(&sighting.message, &mut found.names),
            EventKind::DeviceTouched(_)
            | EventKind::FlowStarted(_)
            | EventKind::FlowUpdated { .. }
            | EventKind::HourJudged(_)
            | EventKind::AlertTold(_) => {}
        }
    }
    found.devices = profiles.values().map(|profile| describe(profile)).collect();
    found
}

fn describe(profile: &DeviceProfile) -> String {
    let identity = &profile.identity;
    let addresses: BTreeSet<_> = profile.addresses.iter().collect();
    format!("{:?} {addresses:?} {identity:?}", profile.mac)
}

fn note_names(message: &Message, names: &mut BTreeSet<String>) {
    if let Message::Dns(dns) = message {
        names.extend(dns.queries.iter().map(|query| format!("asked {}", query.name)));
        names.extend(dns.answers.iter().filter_map(answered));
    }
    if let Message::Tls(handshake) = message {
        let hello = handshake.client.iter();
        let sni = hello.filter_map(|hello| hello.sni.as_deref());
        names.extend(sni.map(|name| format!("tls {name}")));
    }
    if let Message::Quic(quic) = message {
        names.extend(quic.hello.sni.iter().map(|name| format!("quic {name}")));
    }
    if let Message::Http(exchange) = message {
        let request = exchange.request.iter();
        let host = request.filter_map(|request| request.host.as_deref());
        names.extend(host.map(|name| format!("http {name}")));
    }
}

fn answered(record: &DnsRecord) -> Option<String> {
    let name = &record.name;
    if let DnsRecordData::A(ip) = &record.data {
        return Some(format!("{name} is {ip}"));
    }
    if let DnsRecordData::Aaaa(ip) = &record.data {
        return Some(format!("{name} is {ip}"));
    }
    if let DnsRecordData::Cname(target) = &record.data {
        return Some(format!("{name} is {target}"));
    }
    None
}
