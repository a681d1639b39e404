//! Which worker a frame belongs to.

use super::link::{LinkPayload, link_payload};
use crate::net::Frame;

/// VLAN tags that are looked through, as many as the decoder does.
const MAX_TAGS: usize = 3;

/// A number that is the same for both directions of a flow and for all its fragments: the XOR of
/// source and destination address, folded to 32 bits; of the Ethernet addresses where there is no
/// IP. Ports stay out of it, since later fragments have none.
#[must_use]
pub fn shard_number(frame: &Frame<'_>) -> u32 {
    match link_payload(frame) {
        Ok(LinkPayload::Ip(bytes)) => ip_pair(bytes).unwrap_or(0),
        Ok(LinkPayload::EtherType(ether_type, bytes, _)) => {
            tagged_pair(ether_type, bytes).unwrap_or(0)
        }
        Ok(LinkPayload::Ethernet(bytes)) => ethernet_pair(bytes),
        Err(_) => 0,
    }
}

fn ethernet_pair(bytes: &[u8]) -> u32 {
    let Some((header, rest)) = bytes.split_first_chunk::<14>() else { return 0 };
    let [a0, a1, a2, a3, a4, a5, b0, b1, b2, b3, b4, b5, t0, t1] = *header;
    tagged_pair(u16::from_be_bytes([t0, t1]), rest).unwrap_or_else(|| {
        u32::from_be_bytes([a2 ^ b2, a3 ^ b3, a4 ^ b4, a5 ^ b5])
            ^ u32::from_be_bytes([0, 0, a0 ^ b0, a1 ^ b1])
    })
}

fn tagged_pair(mut ether_type: u16, mut bytes: &[u8]) -> Option<u32> {
    for _ in 0..=MAX_TAGS {
        match ether_type {
            0x0800 | 0x86dd => return ip_pair(bytes),
            0x8100 | 0x88a8 | 0x9100 => {
                let ([_, _, t0, t1], rest) = bytes.split_first_chunk::<4>()?;
                ether_type = u16::from_be_bytes([*t0, *t1]);
                bytes = rest;
            }
            _ => return None,
        }
    }
    None
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
