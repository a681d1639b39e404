//! What is fuzzed, and what has to hold whatever the bytes are.
//!
//! Each target takes any bytes. It panics when a rule is broken, and never otherwise. The same functions run in the
//! package of fuzz targets beside this file, and with the committed corpus and its mutations in `cargo test`.

use std::io::Cursor;
use std::sync::{Arc, LazyLock};

use hikwatch::analyst::Config as AnalystConfig;
use hikwatch::capture::{FrameSource, Next, SavefileSource};
use hikwatch::catalogue::Catalogue;
use hikwatch::daemon::Engine;
use hikwatch::decode::{
    Fragment, Network, Transport, VlanIds, decode as decode_frame, shard_number,
};
use hikwatch::dissect::{
    AppProtocol, DatagramVerdict, DissectError, DissectFailure, Dissector, MAX_STREAM_HEAD,
    QuicInitials, StreamPlace, StreamVerdict,
};
use hikwatch::flow::{FragmentKey, FragmentPool, FragmentPush, StreamHead};
use hikwatch::meter::Config as MeterConfig;
use hikwatch::net::{Frame, InterfaceId, IpProtocol, LinkType, Timestamp};

/// A target, by name.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// Every target.
pub(crate) const ALL: [Target; 10] = [
    ("decode", decode),
    ("stream", stream),
    ("datagram", datagram),
    ("link", link),
    ("icmpv6", icmpv6),
    ("quic", quic),
    ("stream_head", stream_head),
    ("fragments", fragments),
    ("savefile", savefile),
    ("engine", engine),
];

/// Link types that the first byte of a frame's bytes chooses from.
pub(crate) const LINK_TYPES: [u32; 31] = [
    1, 0, 8, 9, 12, 50, 51, 100, 101, 104, 105, 107, 108, 113, 117, 119, 123, 127, 128, 163, 178,
    192, 204, 205, 206, 226, 228, 229, 239, 258, 276,
];

/// Ports that the first byte of a payload chooses from: those that protocols are expected on, and one that says nothing.
pub(crate) const PORTS: [u16; 24] = [
    53, 5353, 5355, 137, 67, 546, 123, 161, 162, 514, 1900, 3702, 5350, 5351, 37020, 3478, 443,
    5060, 554, 8000, 8666, 1883, 80, 40_000,
];

/// Fuzzing looks for faults: one that was caught has to come to light all the same.
fn refuse_panic(error: DissectError) {
    assert_ne!(error.failure, DissectFailure::Panicked, "{error}");
}

/// A frame of any link type is decoded or refused, and its shard is the same on each call.
pub(crate) fn decode(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let frame = frame(LINK_TYPES[usize::from(*kind) % LINK_TYPES.len()], 1, Timestamp::ZERO, bytes);
    assert_eq!(shard_number(&frame), shard_number(&frame));
    if let Ok(packet) = decode_frame(&frame)
        && let Network::Ip(ip) = packet.network
    {
        assert!(ip.payload.len() <= bytes.len());
        assert!(ip.payload_len as usize >= ip.payload.len() || ip.transport == Transport::None);
    }
}

/// What is in an input of [`stream`]: the protocol that is known, the place, and the head.
pub(crate) fn stream_input(bytes: &[u8]) -> Option<(Option<AppProtocol>, StreamPlace, &[u8])> {
    let [known, port, side, head @ ..] = bytes else { return None };
    let known = AppProtocol::ALL.get(usize::from(*known)).copied();
    let port = PORTS[usize::from(*port) % PORTS.len()];
    let from_initiator = side & 1 == 0;
    let (source_port, destination_port) =
        if from_initiator { (40_001, port) } else { (port, 40_001) };
    Some((
        known,
        StreamPlace { from_initiator, source_port, destination_port, without_body: side & 2 != 0 },
        head,
    ))
}

/// A head is read the same however often it is offered; a whole head is never answered with a wish for more.
pub(crate) fn stream(bytes: &[u8]) {
    let Some((known, place, head)) = stream_input(bytes) else { return };
    let mut dissector = Dissector::default();
    let read = dissector.stream(head, place, known);
    assert_eq!(dissector.stream(head, place, known), read);
    match read {
        StreamVerdict::Read(..) | StreamVerdict::NotForUs => {}
        StreamVerdict::NeedMore => assert!(head.len() < MAX_STREAM_HEAD),
        StreamVerdict::Malformed(error) => refuse_panic(error),
    }
    drop(dissector.partial_stream(head, place, known));
}

/// What is in an input of [`datagram`]: the protocol that is known, the responder's port, and the payload.
pub(crate) fn datagram_input(bytes: &[u8]) -> Option<(Option<AppProtocol>, u16, &[u8])> {
    let [known, port, payload @ ..] = bytes else { return None };
    let known = AppProtocol::ALL.get(usize::from(*known)).copied();
    Some((known, PORTS[usize::from(*port) % PORTS.len()], payload))
}

/// A datagram on any port is read, refused, or not for us.
pub(crate) fn datagram(bytes: &[u8]) {
    let Some((known, port, payload)) = datagram_input(bytes) else { return };
    let mut dissector = Dissector::default();
    if let DatagramVerdict::Malformed(error, _) = dissector.datagram(payload, 40_001, port, known) {
        refuse_panic(error);
    }
}

/// What is in an input of [`link`]: the EtherType and the payload.
pub(crate) fn link_input(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (kind, payload) = bytes.split_first()?;
    Some((if kind & 1 == 0 { 0x8033 } else { 0x8d8d }, payload))
}

/// A payload directly on the link layer.
pub(crate) fn link(bytes: &[u8]) {
    let Some((ether_type, payload)) = link_input(bytes) else { return };
    if let Err(error) = Dissector::default().link(ether_type, payload) {
        refuse_panic(error);
    }
}

/// An ICMPv6 message.
pub(crate) fn icmpv6(bytes: &[u8]) {
    if let Err(error) = Dissector::default().icmpv6(bytes) {
        refuse_panic(error);
    }
}

/// Datagrams of one QUIC connection, each behind its length in two bytes.
pub(crate) fn quic(bytes: &[u8]) {
    let mut initials = QuicInitials::default();
    let mut dissector = Dissector::default();
    for (index, datagram) in parts(bytes).enumerate() {
        let _ = dissector.quic(&mut initials, datagram, index % 4 != 3);
        assert!(initials.held() <= 64 << 10, "{}", initials.held());
    }
}

/// Segments of a stream, each behind its length; its first two bytes say where it stands. Bytes that are in order
/// never change afterwards, and the limit holds.
pub(crate) fn stream_head(bytes: &[u8]) {
    const LIMIT: usize = 4096;
    let mut head = StreamHead::new(u32::MAX - 7, LIMIT);
    let mut before = Vec::new();
    for part in parts(bytes) {
        let [high, low, payload @ ..] = part else { continue };
        let offset = u32::from(u16::from_be_bytes([*high, *low]));
        head.push((u32::MAX - 7).wrapping_add(offset), payload);
        assert!(head.bytes().starts_with(&before));
        assert!(head.bytes().len() <= LIMIT);
        before = head.bytes().to_vec();
    }
}

/// Fragments of a few datagrams, each behind its length; four bytes say which and where. The budget holds.
pub(crate) fn fragments(bytes: &[u8]) {
    const BUDGET: usize = 256 << 10;
    let mut pool = FragmentPool::new(BUDGET, [1, 2, 3, 4]);
    for (index, part) in (0u64..).zip(parts(bytes)) {
        let [id, flags, high, low, payload @ ..] = part else { continue };
        let offset = u32::from(u16::from_be_bytes([*high, *low]) & 0x1fff) * 8;
        let protocol = IpProtocol::UDP;
        let fragment = Fragment { id: u32::from(*id), offset, more: flags & 1 == 1, protocol };
        let source = if flags & 2 == 0 { "192.0.2.1" } else { "2001:db8::1" };
        let key = FragmentKey {
            source: source.parse().expect("an address"),
            destination: "198.51.100.1".parse().expect("an address"),
            protocol,
            id: fragment.id,
            vlans: VlanIds::default(),
            tunnel: 0,
            interface: InterfaceId(0),
        };
        let now = Timestamp::from_nanos(index * 100_000_000);
        if let FragmentPush::Whole(whole) = pool.push(key, fragment, Transport::None, payload, now)
        {
            assert!(whole.len() <= 65_535);
        }
        assert!(pool.held() <= BUDGET);
    }
}

/// A capture file is read to its end, or refused.
pub(crate) fn savefile(bytes: &[u8]) {
    let reader = Box::new(Cursor::new(bytes.to_vec()));
    let Ok(mut source) = SavefileSource::from_reader("fuzzed", reader) else { return };
    let mut total = 0usize;
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        total += frame.bytes.len();
        // What a compressed file may unfold to has to be bounded here, not there.
        if total > 16 << 20 {
            return;
        }
    }
}

/// Frames, each behind its length, through the whole engine: no frame is lost, no flow is left over.
pub(crate) fn engine(bytes: &[u8]) {
    static CATALOGUE: LazyLock<Arc<Catalogue>> =
        LazyLock::new(|| Arc::new(Catalogue::builtin().expect("the built-in catalogue")));
    let mut config = MeterConfig::default();
    config.flow.max_flows = 256;
    config.trust_tunnels = true;
    let catalogue = Arc::clone(&CATALOGUE);
    let mut engine =
        Engine::new(&config, AnalystConfig::default(), catalogue, 1).expect("an engine");
    let mut frames = 0;
    for (index, bytes) in (1u64..).zip(parts(bytes)) {
        let timestamp = Timestamp::from_nanos(1_767_225_600_000_000_000 + index * 50_000_000);
        engine.handle_frame(&frame(1, index, timestamp, bytes)).expect("one worker never fails");
        while engine.poll_event().is_some() {}
        frames += 1;
    }
    while engine.drain().expect("one worker never fails") {}
    while engine.poll_event().is_some() {}
    let stats = engine.meter_stats();
    assert_eq!(stats.frames, frames);
    assert_eq!(stats.frames, stats.decoded + stats.invalid);
    assert_eq!(stats.flows_started, stats.flows_ended.iter().sum::<u64>());
}

/// Puts parts together as [`parts`] takes them apart.
pub(crate) fn join<'a>(all: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut joined = Vec::new();
    for part in all {
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        joined.extend(length.to_be_bytes());
        joined.extend(&part[..usize::from(length)]);
    }
    joined
}

/// Parts that each stand behind their length in two bytes; the last one may be shorter.
pub(crate) fn parts(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (part, rest) = rest.split_at(length);
        bytes = rest;
        Some(part)
    })
}

/// A frame of the only interface.
pub(crate) fn frame(link_type: u32, number: u64, timestamp: Timestamp, bytes: &[u8]) -> Frame<'_> {
    Frame {
        number,
        timestamp,
        interface: InterfaceId(0),
        link_type: LinkType(link_type),
        wire_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        stripped_tag: None,
        bytes,
    }
}
