//! The short way through a frame and the way through its layers say the same of every frame.
//!
//! Compared over every frame of the collection that `HIKWATCH_CAPTURES` names, each also cut short and damaged, over the
//! simulated household, and over made-up frames of the common shapes with any byte changed.

#[expect(dead_code, reason = "nothing is replayed here")]
mod collection;

use collection::Collection;
use hikwatch::capture::{FrameSource as _, Next, SavefileSource};
use hikwatch::decode::{TunnelTrust, decode_by_layers, decode_trusting};
use hikwatch::net::{Frame, InterfaceId, LinkType, Timestamp, VlanTag};
use hikwatch::simulate::Household;
use proptest::prelude::*;

/// What both ways say of a frame: errors, fields, and the payloads byte for byte.
fn compare(frame: &Frame<'_>, what: &dyn Fn() -> String) {
    for trust in [TunnelTrust::Every, TunnelTrust::NotOverUdp] {
        let short = decode_trusting(frame, trust);
        let long = decode_by_layers(frame, trust);
        assert_eq!(short, long, "{}: {:02x?}", what(), frame.bytes);
    }
}

/// The frame, then with one byte changed, cut short, and with a tag that was taken out.
fn compare_variants(frame: &Frame<'_>, seed: u64, what: &dyn Fn() -> String) {
    compare(frame, what);
    let Some(length) = std::num::NonZeroUsize::new(frame.bytes.len().min(64)) else { return };
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let at = usize::try_from(mixed >> 40).map_or(0, |number| number % length);
    let mut bytes = frame.bytes.to_vec();
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << (mixed >> 8 & 7);
    }
    compare(&Frame { bytes: &bytes, ..*frame }, what);
    compare(&Frame { bytes: frame.bytes.get(..at).unwrap_or_default(), ..*frame }, what);
    let stripped_tag = Some(VlanTag { tpid: 0x8100, tci: 0x6005 });
    compare(&Frame { stripped_tag, ..*frame }, what);
}

#[test]
fn both_ways_agree_on_every_frame_of_the_captures() {
    let Some(collection) = Collection::open() else { return };
    let mut frames = 0u64;
    for capture in &collection.captures {
        let Ok(mut source) = SavefileSource::open(&collection.folder.join(capture)) else {
            continue;
        };
        // Some captures have a hundred thousand frames; their first ones are of all kinds already.
        for number in 1..=3_000 {
            let Ok(Next::Frame(frame)) = source.next_frame() else { break };
            frames += 1;
            compare_variants(&frame, frames, &|| format!("{capture}, frame {number}"));
        }
    }
    println!("{frames} frames, each in four variants, read the same both ways");
    assert!(frames > 100_000, "{frames}");
}

#[test]
fn both_ways_agree_on_every_frame_of_the_household() {
    let mut household = Household::new(7, Timestamp::from_parts(1_800_000_000, 0));
    for number in 1..=20_000 {
        let taken = household.next().unwrap();
        let frame = frame(&taken.bytes, u32::try_from(taken.bytes.len()).unwrap());
        compare_variants(&frame, number, &|| format!("frame {number}"));
    }
}

fn frame(bytes: &[u8], wire_len: u32) -> Frame<'_> {
    Frame {
        number: 1,
        timestamp: Timestamp::from_parts(1, 0),
        interface: InterfaceId(0),
        link_type: LinkType::ETHERNET,
        wire_len,
        stripped_tag: None,
        bytes,
    }
}

/// Frames of the common shapes whose every field may be wrong.
fn shaped() -> impl Strategy<Value = Vec<u8>> {
    let tags = prop::collection::vec(
        prop::sample::select(vec![[0x81u8, 0], [0x88, 0xa8], [0x91, 0]]),
        0..4,
    );
    let ip = prop_oneof![
        (
            prop::sample::select(vec![0x45u8, 0x45, 0x46, 0x55]),
            any::<u16>(),
            0u16..80,
            any::<bool>(),
            0u16..4
        )
            .prop_map(|(first, id, length, any_length, fragment)| {
                let [l0, l1] = if any_length { id.to_be_bytes() } else { length.to_be_bytes() };
                let [f0, f1] = (fragment << 12).to_be_bytes();
                (vec![first, 0, l0, l1, 0, 1, f0, f1, 64], true)
            }),
        (prop::sample::select(vec![0x60u8, 0x60, 0x40]), 0u16..80).prop_map(|(first, length)| {
            let [l0, l1] = length.to_be_bytes();
            (vec![first, 0, 0, 0, l0, l1], false)
        }),
    ];
    let protocol = prop::sample::select(vec![6u8, 17, 6, 17, 1, 0, 44, 51, 132, 58, 4, 47]);
    let rest = prop::collection::vec(any::<u8>(), 0..120);
    (tags, ip, protocol, rest, any::<u8>()).prop_map(
        |(tags, (ip, is_v4), protocol, rest, offset)| {
            let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
            for tag in tags {
                bytes.extend(tag);
                bytes.extend([0, 5]);
            }
            bytes.extend(if is_v4 { [8, 0] } else { [0x86, 0xdd] });
            bytes.extend(ip);
            bytes.push(protocol);
            let mut rest = rest;
            // Where the length of a TCP header stands.
            let at = if is_v4 { 22 } else { 45 };
            if let Some(place) = rest.get_mut(at) {
                *place = offset & 0x7f;
            }
            bytes.extend(rest);
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn both_ways_agree_on_frames_of_the_common_shapes(bytes in shaped(), missing in 0u32..200) {
        let wire_len = u32::try_from(bytes.len()).unwrap() + missing;
        compare(&frame(&bytes, wire_len), &|| "made up".to_owned());
    }
}
