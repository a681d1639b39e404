//! How one cut flow lies in the memory that program and kernel share.
//!
//! Comes in: keys. Goes out: words and offsets. The filter and the table both take the layout from here.
//!
//! A place is three cache lines, so that the two directions, which different processors may count, do not share one:
//!
//! | words | what |
//! |---|---|
//! | 0 | state: 0 while the place is empty, else the hash of the key with its lowest bit set |
//! | 1-5 | the key |
//! | 6 | frames when the place was settled last; only the table reads it |
//! | 8-15 | counters of the direction from the lower end to the higher one |
//! | 16-23 | counters of the other direction |

use std::net::IpAddr;

use crate::net::{CutKey, IpProtocol};

/// Words of a place.
pub(super) const WORDS: usize = 24;

/// Words of a key: two addresses of sixteen bytes (IPv4 in the first four), two ports, protocol, version, VLAN.
pub(super) const KEY_WORDS: usize = 5;

/// Places that share a hash. Four fit the rule that a table of which half is in use refuses few.
pub(super) const WAYS: usize = 4;

/// First word of the key, within a place.
pub(super) const KEY: usize = 1;

/// The word that the table keeps for itself.
pub(super) const SETTLED: usize = 6;

/// First word of each direction's counters.
pub(super) const SIDES: [usize; 2] = [8, 16];

/// The counters, by their word within a direction.
pub(super) const FRAMES: usize = 0;
pub(super) const IP_BYTES: usize = 1;
pub(super) const PAYLOAD_BYTES: usize = 2;
/// Bytes of frames behind the IP packet: padding and trailers.
pub(super) const TRAILER_BYTES: usize = 3;
/// Segments beyond the first of each frame.
pub(super) const MORE_SEGMENTS: usize = 4;
/// The kernel's monotonic clock at the last frame, in nanoseconds.
pub(super) const LAST_SEEN: usize = 5;
/// A byte for each TCP flag that was set, by the number of its bit: bytes can be set by several processors at a time
/// without a word of it getting lost, on every kernel.
pub(super) const FLAGS: usize = 6;

/// In the place of a VLAN identifier when there is no tag.
pub(super) const NO_VLAN: u16 = 0xffff;

/// What the hash multiplies by: odd, from the digits of the golden ratio.
pub(super) const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// The key as the words that the program has of a packet.
pub(super) fn key_words(key: &CutKey) -> [u64; KEY_WORDS] {
    let ((low, low_port), (high, high_port)) = (key.low(), key.high());
    let ([low0, low1], [high0, high1]) = (address_words(low), address_words(high));
    let [l0, l1] = low_port.to_be_bytes();
    let [h0, h1] = high_port.to_be_bytes();
    let [v0, v1] = key.vlan().unwrap_or(NO_VLAN).to_ne_bytes();
    let version = if low.is_ipv4() { 4 } else { 6 };
    let rest = u64::from_ne_bytes([l0, l1, h0, h1, key.protocol().0, version, v0, v1]);
    [low0, low1, high0, high1, rest]
}

/// The key of such words; `None` for words that are none.
pub(super) fn key_of(words: [u64; KEY_WORDS]) -> Option<CutKey> {
    let [low0, low1, high0, high1, rest] = words;
    let [l0, l1, h0, h1, protocol, version, v0, v1] = rest.to_ne_bytes();
    let vlan = u16::from_ne_bytes([v0, v1]);
    CutKey::new(
        (address([low0, low1], version), u16::from_be_bytes([l0, l1])),
        (address([high0, high1], version), u16::from_be_bytes([h0, h1])),
        IpProtocol(protocol),
        (vlan != NO_VLAN).then_some(vlan),
    )
}

/// What stands in the state of a place with this key: never 0.
pub(super) fn state_of(words: [u64; KEY_WORDS], seed: u64) -> u64 {
    let mixed = words.iter().fold(seed, |hash, word| {
        let product = (hash ^ word).wrapping_mul(MULTIPLIER);
        product ^ product >> 32
    });
    mixed | 1
}

fn address_words(address: IpAddr) -> [u64; 2] {
    let bytes = match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
        IpAddr::V6(v6) => v6.octets(),
    };
    let (words, _) = bytes.as_chunks::<8>();
    match words {
        [first, second] => [u64::from_ne_bytes(*first), u64::from_ne_bytes(*second)],
        _ => [0; 2],
    }
}

fn address([first, second]: [u64; 2], version: u8) -> IpAddr {
    let [a, b, c, d, e, f, g, h] = first.to_ne_bytes();
    if version == 4 {
        return IpAddr::from([a, b, c, d]);
    }
    let [i, j, k, l, m, n, o, p] = second.to_ne_bytes();
    IpAddr::from([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_words() {
        for (low, high, vlan) in [
            ("192.0.2.1", "198.51.100.255", None),
            ("2001:db8::1", "2001:db8:ffff::9", Some(0)),
            ("2001:db8::1", "2001:db8::1", Some(4095)),
        ] {
            let ends = ((low.parse().unwrap(), 40_000), (high.parse().unwrap(), 443));
            let key = CutKey::new(ends.0, ends.1, IpProtocol::UDP, vlan).unwrap();

            assert_eq!(key_of(key_words(&key)), Some(key));
        }
    }

    #[test]
    fn a_state_is_never_that_of_an_empty_place_and_depends_on_the_seed() {
        let words = [1, 2, 3, 4, 5];

        assert_eq!(state_of(words, 7) & 1, 1);
        assert_ne!(state_of(words, 7), state_of(words, 8));
    }
}
