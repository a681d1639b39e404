//! Classic BPF, by which the kernel gives the frames of an interface to several sockets.
//!
//! Comes in: the link type. Goes out: a program whose result, modulo the number of sockets, is the socket. It computes
//! [`shard_number`](crate::decode::shard_number) for Ethernet with up to three tags or PPPoE, and for bare IP: the XOR of
//! the two addresses of the outermost IP header, folded to 32 bits; of the Ethernet addresses where there is no IP.
//! What `shard_number` finds behind rarer link headers (LLC, MPLS, VN-Tag) is here given by Ethernet addresses.
//!
//! In such a program (`PACKET_FANOUT_CBPF`) offset 0 is the network header of received frames and the link header of those
//! that are sent; so everything is addressed from the link header or the network header by name. A load
//! beyond the frame ends the program with 0. Reference: Linux `Documentation/networking/filter.rst`, packet(7).

use crate::net::LinkType;

/// Where the link and the network header start (`SKF_LL_OFF`, `SKF_NET_OFF`), as the kernel has negative offsets.
const LINK: u32 = (-0x20_0000_i32).cast_unsigned();
const NETWORK: u32 = (-0x10_0000_i32).cast_unsigned();

/// Bytes of an Ethernet header and of a tag; of PPPoE with the protocol of PPP (RFC 2516).
const ETHERNET: u32 = 14;
const TAG: u32 = 4;
const PPPOE: u32 = 8;

/// As many tags as the decoder takes off.
const MAX_TAGS: usize = 3;

/// Words of the scratch memory.
const SHIFT: u32 = 0;
const FOLDED: u32 = 1;

/// Codes of the instructions (`include/uapi/linux/bpf_common.h`). A is the accumulator, X the index.
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_WORD_AT_X: u16 = 0x40;
const LOAD_HALF_AT_X: u16 = 0x48;
const LOAD_BYTE_AT_X: u16 = 0x50;
const SET_X: u16 = 0x01;
const SET_X_FROM_MEMORY: u16 = 0x61;
const STORE_A: u16 = 0x02;
const STORE_X: u16 = 0x03;
const ADD: u16 = 0x04;
const SHIFT_RIGHT: u16 = 0x74;
const XOR_X: u16 = 0xac;
const GO: u16 = 0x05;
const IF_EQUAL: u16 = 0x15;
const A_TO_X: u16 = 0x07;
const X_TO_A: u16 = 0x87;
const SET_A: u16 = 0x00;
const RETURN_A: u16 = 0x16;
const RETURN: u16 = 0x06;

/// An instruction of classic BPF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instruction {
    pub(super) code: u16,
    /// Instructions to leave out when a comparison holds; else none are.
    pub(super) skip: u8,
    pub(super) number: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    Tagged(usize),
    Typed,
    Pppoe,
    ShiftByPppoe,
    Ip,
    Ipv4,
    Ipv6,
    Stations,
}

enum Step {
    Do(u16, u32),
    /// Goes to the label when A is this number.
    IfEqual(u32, Label),
    Goto(Label),
    Place(Label),
}

/// Passes nothing: for a socket that is not where it belongs yet.
pub(super) const NOTHING: [Instruction; 1] = [Instruction { code: RETURN, skip: 0, number: 0 }];

/// The program that shards the frames of an interface.
pub(super) fn sharding(link_type: LinkType) -> Vec<Instruction> {
    use Step::{Do, Goto, IfEqual, Place};
    let is_ethernet = link_type == LinkType::ETHERNET;
    let ip = if is_ethernet { LINK.wrapping_add(ETHERNET) } else { NETWORK };
    let mut steps = vec![Do(SET_X, 0)];
    if is_ethernet {
        let ether_type = LINK.wrapping_add(ETHERNET - 2);
        for tag in 0..MAX_TAGS {
            steps.push(Do(LOAD_HALF_AT_X, ether_type));
            steps.extend([0x8100, 0x88a8, 0x9100].map(|tpid| IfEqual(tpid, Label::Tagged(tag))));
            steps.extend([Goto(Label::Typed), Place(Label::Tagged(tag))]);
            steps.extend([Do(X_TO_A, 0), Do(ADD, TAG), Do(A_TO_X, 0)]);
        }
        steps.extend([
            Place(Label::Typed),
            Do(LOAD_HALF_AT_X, ether_type),
            IfEqual(0x0800, Label::Ip),
            IfEqual(0x86dd, Label::Ip),
            IfEqual(0x8864, Label::Pppoe),
            Place(Label::Stations),
        ]);
        steps.extend(fold_stations());
        steps.extend([
            Place(Label::Pppoe),
            Do(LOAD_HALF_AT_X, ip.wrapping_add(PPPOE - 2)),
            IfEqual(0x0021, Label::ShiftByPppoe),
            IfEqual(0x0057, Label::ShiftByPppoe),
        ]);
        steps.extend(fold_stations());
        steps.extend([Place(Label::ShiftByPppoe), Do(X_TO_A, 0), Do(ADD, PPPOE), Do(A_TO_X, 0)]);
    }
    steps.extend([
        Place(Label::Ip),
        Do(STORE_X, SHIFT),
        Do(LOAD_BYTE_AT_X, ip),
        Do(SHIFT_RIGHT, 4),
        IfEqual(4, Label::Ipv4),
        IfEqual(6, Label::Ipv6),
    ]);
    if is_ethernet {
        steps.extend(fold_stations());
    } else {
        steps.push(Do(RETURN, 0));
    }
    steps.push(Place(Label::Ipv4));
    steps.extend(fold_words(ip.wrapping_add(12), 2));
    steps.push(Place(Label::Ipv6));
    steps.extend(fold_words(ip.wrapping_add(8), 8));
    assemble(&steps)
}

/// Returns the XOR of words from X + `first` on.
fn fold_words(first: u32, count: u32) -> Vec<Step> {
    let mut steps = vec![Step::Do(SET_A, 0), Step::Do(STORE_A, FOLDED)];
    for word in 0..count {
        steps.extend([
            Step::Do(SET_X_FROM_MEMORY, SHIFT),
            Step::Do(LOAD_WORD_AT_X, first.wrapping_add(4 * word)),
            Step::Do(SET_X_FROM_MEMORY, FOLDED),
            Step::Do(XOR_X, 0),
            Step::Do(STORE_A, FOLDED),
        ]);
    }
    steps.push(Step::Do(RETURN_A, 0));
    steps
}

/// Returns the XOR of the two Ethernet addresses, the upper two bytes folded into the lower four.
fn fold_stations() -> [Step; 11] {
    let link = |offset: u32| LINK.wrapping_add(offset);
    [
        Step::Do(LOAD_WORD, link(2)),
        Step::Do(A_TO_X, 0),
        Step::Do(LOAD_WORD, link(8)),
        Step::Do(XOR_X, 0),
        Step::Do(A_TO_X, 0),
        Step::Do(LOAD_HALF, link(0)),
        Step::Do(XOR_X, 0),
        Step::Do(A_TO_X, 0),
        Step::Do(LOAD_HALF, link(6)),
        Step::Do(XOR_X, 0),
        Step::Do(RETURN_A, 0),
    ]
}

/// Resolves the labels, all of which are ahead.
fn assemble(steps: &[Step]) -> Vec<Instruction> {
    let mut instructions = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let distance = |label| {
            let ahead = steps.get(number + 1..).unwrap_or_default().iter();
            let between = ahead.take_while(|step| !matches!(step, Step::Place(at) if *at == label));
            between.filter(|step| !matches!(step, Step::Place(_))).count()
        };
        instructions.push(match *step {
            Step::Place(_) => continue,
            Step::Do(code, number) => Instruction { code, skip: 0, number },
            Step::Goto(label) => {
                let number = u32::try_from(distance(label)).unwrap_or(u32::MAX);
                Instruction { code: GO, skip: 0, number }
            }
            Step::IfEqual(number, label) => {
                let skip = u8::try_from(distance(label)).unwrap_or(u8::MAX);
                Instruction { code: IF_EQUAL, skip, number }
            }
        });
    }
    instructions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_jump_is_short_enough_and_stays_inside() {
        for link_type in [LinkType::ETHERNET, LinkType::RAW] {
            let program = sharding(link_type);
            for (place, instruction) in program.iter().enumerate() {
                let far = if instruction.code == GO { instruction.number } else { 0 };
                let target = place + 1 + usize::from(instruction.skip) + far as usize;
                assert!(instruction.skip < u8::MAX);
                assert!(target <= program.len(), "{place}");
            }
            assert!(matches!(program.last(), Some(last) if last.code == RETURN_A));
            // What the kernel takes at most (BPF_MAXINSNS).
            assert!(program.len() < 4_096);
        }
    }
}
