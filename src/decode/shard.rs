//! Which worker a frame belongs to.
//!
//! Comes in: a frame. Goes out: a number. It walks the link layer as the decoder does, by the same code.

use super::EtherAddresses;
use super::link;
use super::step::{Body, Shell};
use crate::net::{Frame, MacAddr};

/// A number that is the same for both directions of a flow and for all its fragments: the XOR of source and
/// destination address of the outermost IP header, folded to 32 bits; of the Ethernet or 802.11 addresses where
/// there is no IP. Ports stay out of it, since later fragments have none, and so does what a tunnel over IP holds.
#[must_use]
pub fn shard_number(frame: &Frame<'_>) -> u32 {
    let mut shell = Shell::default();
    let addresses = match link::reach(frame, &mut shell) {
        Ok(Body::Ip(bytes)) => ip_pair(bytes),
        Ok(Body::Arp(_) | Body::Discovery(..)) | Err(_) => None,
    };
    addresses.or_else(|| shell.ether.and_then(ether_pair)).unwrap_or(0)
}

/// By the version in the packet, as the decoder has it, whatever the EtherType says.
fn ip_pair(bytes: &[u8]) -> Option<u32> {
    let addresses = match bytes.first()? >> 4 {
        4 => bytes.get(12..20)?,
        6 => bytes.get(8..40)?,
        _ => return None,
    };
    let (words, _) = addresses.as_chunks::<4>();
    Some(words.iter().fold(0, |folded, word| folded ^ u32::from_be_bytes(*word)))
}

/// `None` when one of the two is not known: the other direction would not know the same one.
fn ether_pair(ether: EtherAddresses) -> Option<u32> {
    let EtherAddresses { source, destination } = ether;
    if source == MacAddr::ZERO || destination == MacAddr::ZERO {
        return None;
    }
    let ([a0, a1, a2, a3, a4, a5], [b0, b1, b2, b3, b4, b5]) = (source.0, destination.0);
    Some(
        u32::from_be_bytes([a2 ^ b2, a3 ^ b3, a4 ^ b4, a5 ^ b5])
            ^ u32::from_be_bytes([0, 0, a0 ^ b0, a1 ^ b1]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{InterfaceId, LinkType, Timestamp};

    #[test]
    fn both_directions_and_all_tags_give_one_number() {
        let forward = ipv4([192, 0, 2, 1], [198, 51, 100, 9]);
        let reverse = ipv4([198, 51, 100, 9], [192, 0, 2, 1]);
        let numbers: Vec<u32> = [
            ethernet(&[0x08, 0x00], &forward),
            ethernet(&[0x08, 0x00], &reverse),
            ethernet(&[0x81, 0x00, 0, 5, 0x08, 0x00], &reverse),
        ]
        .iter()
        .map(|bytes| shard_number(&frame(bytes)))
        .collect();

        assert_eq!(numbers, [numbers[0]; 3]);
        assert_ne!(
            numbers[0],
            shard_number(&frame(&ethernet(&[8, 0], &ipv4([192, 0, 2, 2], [198, 51, 100, 9]))))
        );
    }

    #[test]
    fn without_ip_the_ethernet_addresses_decide() {
        let arp = ethernet(&[0x08, 0x06], &[0; 28]);
        let mut reply = arp.clone();
        let (destination, source) = reply[..12].split_at_mut(6);
        destination.swap_with_slice(source);

        assert_eq!(shard_number(&frame(&arp)), shard_number(&frame(&reply)));
        assert_ne!(shard_number(&frame(&arp)), 0);
    }

    fn ipv4(source: [u8; 4], destination: [u8; 4]) -> Vec<u8> {
        let mut packet = vec![0x45; 20];
        packet[12..16].copy_from_slice(&source);
        packet[16..20].copy_from_slice(&destination);
        packet
    }

    fn ethernet(types: &[u8], payload: &[u8]) -> Vec<u8> {
        [&[2, 0, 0, 0, 0, 2], &[2, 0, 0, 0, 9, 1], types, payload].concat()
    }

    fn frame(bytes: &[u8]) -> Frame<'_> {
        Frame {
            number: 1,
            timestamp: Timestamp::ZERO,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            wire_len: 0,
            stripped_tag: None,
            bytes,
        }
    }
}
