//! The filter: counts the packets of cut flows and drops our copy of them; everything else passes.
//!
//! Comes in: the map with the table, its size, the seed of its hash. Goes out: operations. It runs in the kernel on the
//! copy of a frame that our packet socket would get, so it can neither change nor hold up what the machine forwards.
//!
//! It drops a frame only when *all* of this holds; what does not, passes:
//! Ethernet with IPv4 or IPv6 behind it (a tag only where the kernel has taken it out) · no IPv4 options, no fragment, no
//! IPv6 extension header · TCP or UDP directly behind · lengths that agree with each other and lie within the frame ·
//! for TCP none of SYN, FIN, RST · its key stands in the table.

use std::os::fd::RawFd;

use super::assembler::Op::{
    AddTo, Alu as Do, Call, Exit, FromNetwork, Goto, If, Load, Map, Place, Remark, Store, Wide,
};
use super::assembler::Operand::{Number, Reg as R};
use super::assembler::Reg::{R0, R1, R2, R3, R4, R6, R7, R8, R9, Stack};
use super::assembler::Width::{Byte, Double, Half, Word};
use super::assembler::{Alu, Label, Op, Operand, Routine, When};
use super::slot;

/// Fields of `struct __sk_buff`, in bytes.
const LENGTH: i16 = 0;
const VLAN_PRESENT: i16 = 20;
const VLAN_TCI: i16 = 24;
const GSO_SEGS: i16 = 164;
const GSO_SIZE: i16 = 176;

/// Bytes of an Ethernet header, of an IPv4 header without options, of an IPv6 header.
const ETHERNET: i32 = 14;
const IPV4: i32 = 20;
const IPV6: i32 = 40;

/// The stack, from its end down. The key as the table has it.
const KEY: i16 = -40;
/// Ports, then what the transport header has up to the TCP flags.
const TRANSPORT: i16 = -56;
/// Ethernet and IP header; addresses are eight bytes aligned behind this start.
const HEADERS: i16 = -110;
/// The index that the look-up is given.
const INDEX: i16 = -116;
/// Payload and trailer in bytes, and the TCP flags.
const PAYLOAD: i16 = -128;
const TRAILER: i16 = -136;
const FLAGS: i16 = -144;

/// TCP flags that pass: FIN, SYN, RST (RFC 9293, 3.1).
const PASSING_FLAGS: i32 = 0x07;

/// Flags that are noted, by their bits: PSH, ACK, URG, ECE, CWR.
const NOTED_FLAGS: [u8; 5] = [3, 4, 5, 6, 7];

/// What a filter says to have a frame captured whole.
const WHOLE: i32 = i32::MAX;

/// What the program is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Purpose {
    /// The map that holds the table.
    pub(super) map: RawFd,
    /// Places of the table in groups of [`slot::WAYS`]; a power of two.
    pub(super) groups: u32,
    /// What the hash starts from.
    pub(super) seed: u64,
    /// The kernel has the clock that is exact to the tick (Linux 5.11).
    pub(super) has_coarse_clock: bool,
}

/// The whole program.
pub(super) fn program(purpose: &Purpose) -> Vec<Op> {
    let mut ops = vec![Do(Alu::Move, R6, R(R1))];
    ops.extend(read_headers());
    ops.extend(read_transport());
    ops.extend(sort_ends());
    ops.extend(look_up(purpose));
    ops.extend(count(purpose.has_coarse_clock));
    ops.extend([
        Do(Alu::Move, R0, Number(0)),
        Exit,
        Place(Label::Pass),
        Do(Alu::Move, R0, Number(WHOLE)),
        Exit,
    ]);
    ops
}

/// Leaves protocol (r7), bytes of the IP packet (r8), start of the transport header in the frame (r9); in the key:
/// addresses as the packet has them, protocol, version, VLAN; in the stack: bytes behind the IP packet.
fn read_headers() -> Vec<Op> {
    let field = |offset: i16| HEADERS + offset;
    let mut ops = vec![Remark("Ethernet header, and as much of the IP header as IPv4 has")];
    ops.extend(load_bytes(Number(0), HEADERS, ETHERNET + IPV4));
    ops.extend([
        Load(R7, Half, Stack, field(12)),
        FromNetwork(R7, Half),
        If(When::Equal, R7, Number(0x86dd), Label::Ipv6),
        If(When::NotEqual, R7, Number(0x0800), Label::Pass),
        Remark("IPv4: no options, no fragment"),
        Load(R1, Byte, Stack, field(14)),
        If(When::NotEqual, R1, Number(0x45), Label::Pass),
        Load(R1, Half, Stack, field(20)),
        FromNetwork(R1, Half),
        If(When::AnyBit, R1, Number(0xbfff), Label::Pass),
        Store(Byte, Stack, KEY + 37, Number(4)),
        Load(R7, Byte, Stack, field(23)),
        Load(R8, Half, Stack, field(16)),
        FromNetwork(R8, Half),
        Do(Alu::Move, R9, Number(ETHERNET + IPV4)),
        Store(Double, Stack, KEY, Number(0)),
        Store(Double, Stack, KEY + 8, Number(0)),
        Store(Double, Stack, KEY + 16, Number(0)),
        Store(Double, Stack, KEY + 24, Number(0)),
        Load(R1, Word, Stack, field(26)),
        Store(Word, Stack, KEY, R(R1)),
        Load(R1, Word, Stack, field(30)),
        Store(Word, Stack, KEY + 16, R(R1)),
        Goto(Label::Transport),
        Place(Label::Ipv6),
        Remark("IPv6: the rest of its header; no jumbogram"),
    ]);
    ops.extend(load_bytes(Number(ETHERNET + IPV4), field(34), IPV6 - IPV4));
    ops.extend([
        Load(R1, Byte, Stack, field(14)),
        Do(Alu::And, R1, Number(0xf0)),
        If(When::NotEqual, R1, Number(0x60), Label::Pass),
        Store(Byte, Stack, KEY + 37, Number(6)),
        Load(R7, Byte, Stack, field(20)),
        Load(R8, Half, Stack, field(18)),
        FromNetwork(R8, Half),
        If(When::Equal, R8, Number(0), Label::Pass),
        Do(Alu::Add, R8, Number(IPV6)),
        Do(Alu::Move, R9, Number(ETHERNET + IPV6)),
    ]);
    for word in 0..4 {
        ops.push(Load(R1, Double, Stack, field(22 + 8 * word)));
        ops.push(Store(Double, Stack, KEY + 8 * word, R(R1)));
    }
    ops.extend([
        Place(Label::Transport),
        Store(Byte, Stack, KEY + 36, R(R7)),
        Remark("the tag that the kernel took out"),
        Load(R1, Word, R6, VLAN_PRESENT),
        If(When::Equal, R1, Number(0), Label::Untagged),
        Load(R1, Word, R6, VLAN_TCI),
        Do(Alu::And, R1, Number(0x0fff)),
        Goto(Label::HasVlan),
        Place(Label::Untagged),
        Do(Alu::Move, R1, Number(slot::NO_VLAN as i32)),
        Place(Label::HasVlan),
        Store(Half, Stack, KEY + 38, R(R1)),
        Remark("the IP packet lies within the frame"),
        Load(R1, Word, R6, LENGTH),
        Do(Alu::Move, R2, R(R8)),
        Do(Alu::Add, R2, Number(ETHERNET)),
        If(When::Above, R2, R(R1), Label::Pass),
        Do(Alu::Subtract, R1, R(R2)),
        Store(Double, Stack, TRAILER, R(R1)),
    ]);
    ops
}

/// Leaves ports, payload bytes and TCP flags in the stack. r9 is free afterwards.
fn read_transport() -> Vec<Op> {
    let field = |offset: i16| TRANSPORT + offset;
    let mut ops = vec![
        If(When::Equal, R7, Number(6), Label::Tcp),
        If(When::NotEqual, R7, Number(17), Label::Pass),
        Remark("UDP: its length is that of the IP packet"),
    ];
    ops.extend(load_bytes(R(R9), TRANSPORT, 8));
    ops.extend([
        Store(Double, Stack, FLAGS, Number(0)),
        Load(R1, Half, Stack, field(4)),
        FromNetwork(R1, Half),
        Do(Alu::Add, R1, R(R9)),
        Do(Alu::Subtract, R1, Number(ETHERNET)),
        If(When::NotEqual, R1, R(R8), Label::Pass),
        Do(Alu::Move, R1, Number(8)),
        Goto(Label::Payload),
        Place(Label::Tcp),
        Remark("TCP: up to its flags"),
    ]);
    ops.extend(load_bytes(R(R9), TRANSPORT, 14));
    ops.extend([
        Load(R1, Byte, Stack, field(13)),
        If(When::AnyBit, R1, Number(PASSING_FLAGS), Label::Pass),
        Store(Double, Stack, FLAGS, R(R1)),
        Load(R1, Byte, Stack, field(12)),
        Do(Alu::ShiftRight, R1, Number(2)),
        Do(Alu::And, R1, Number(0x3c)),
        If(When::Below, R1, Number(20), Label::Pass),
        Place(Label::Payload),
        Remark("what is left behind the transport header"),
        Do(Alu::Move, R2, R(R8)),
        Do(Alu::Add, R2, Number(ETHERNET)),
        Do(Alu::Add, R1, R(R9)),
        If(When::Above, R1, R(R2), Label::Pass),
        Do(Alu::Subtract, R2, R(R1)),
        Store(Double, Stack, PAYLOAD, R(R2)),
    ]);
    ops
}

/// Puts the lower end first. Leaves 1 in r9 if that turned the packet round, else 0.
fn sort_ends() -> Vec<Op> {
    let mut ops = vec![Remark("the lower address and port come first")];
    for (first, second, width) in
        [(KEY, KEY + 16, Double), (KEY + 8, KEY + 24, Double), (TRANSPORT, TRANSPORT + 2, Half)]
    {
        ops.extend([
            Load(R1, width, Stack, first),
            FromNetwork(R1, width),
            Load(R2, width, Stack, second),
            FromNetwork(R2, width),
            If(When::Below, R1, R(R2), Label::Sorted),
            If(When::Above, R1, R(R2), Label::Swap),
        ]);
    }
    ops.extend([Goto(Label::Sorted), Place(Label::Swap)]);
    for word in [KEY, KEY + 8] {
        ops.extend([
            Load(R1, Double, Stack, word),
            Load(R2, Double, Stack, word + 16),
            Store(Double, Stack, word, R(R2)),
            Store(Double, Stack, word + 16, R(R1)),
        ]);
    }
    ops.extend([
        Load(R1, Half, Stack, TRANSPORT + 2),
        Store(Half, Stack, KEY + 32, R(R1)),
        Load(R1, Half, Stack, TRANSPORT),
        Store(Half, Stack, KEY + 34, R(R1)),
        Do(Alu::Move, R9, Number(1)),
        Goto(Label::Look),
        Place(Label::Sorted),
        Load(R1, Word, Stack, TRANSPORT),
        Store(Word, Stack, KEY + 32, R(R1)),
        Do(Alu::Move, R9, Number(0)),
        Place(Label::Look),
    ]);
    ops
}

/// Leaves the start of the direction's counters in r7.
fn look_up(purpose: &Purpose) -> Vec<Op> {
    let mut ops = vec![
        Remark("the hash of the key; its lowest bit is always set"),
        Wide(R7, purpose.seed),
        Wide(R2, slot::MULTIPLIER),
    ];
    for word in key_offsets(KEY) {
        ops.extend([
            Load(R1, Double, Stack, word),
            Do(Alu::Xor, R7, R(R1)),
            Do(Alu::Multiply, R7, R(R2)),
            Do(Alu::Move, R1, R(R7)),
            Do(Alu::ShiftRight, R1, Number(32)),
            Do(Alu::Xor, R7, R(R1)),
        ]);
    }
    let mask = i32::try_from(purpose.groups.saturating_sub(1)).unwrap_or(0);
    ops.extend([
        Do(Alu::Or, R7, Number(1)),
        Do(Alu::Move, R1, R(R7)),
        Do(Alu::ShiftRight, R1, Number(32)),
        Do(Alu::And, R1, Number(mask)),
        Store(Word, Stack, INDEX, R(R1)),
        Map(R1, purpose.map),
        Do(Alu::Move, R2, R(Stack)),
        Do(Alu::Add, R2, Number(INDEX.into())),
        Call(Routine::MapLookup),
        If(When::Equal, R0, Number(0), Label::Pass),
        Remark("the place of its group whose state is this hash"),
    ]);
    for way in 0..slot::WAYS {
        if way > 0 {
            ops.push(Do(Alu::Add, R0, Number(bytes(slot::WORDS).into())));
        }
        ops.push(Load(R1, Double, R0, 0));
        ops.push(If(When::Equal, R1, R(R7), Label::Found));
    }
    ops.extend([Goto(Label::Pass), Place(Label::Found), Remark("and whose key is this one")]);
    for (there, here) in key_offsets(bytes(slot::KEY)).zip(key_offsets(KEY)) {
        ops.extend([
            Load(R1, Double, R0, there),
            Load(R2, Double, Stack, here),
            If(When::NotEqual, R1, R(R2), Label::Pass),
        ]);
    }
    let [ascending, descending] = slot::SIDES.map(bytes);
    ops.extend([
        Do(Alu::Move, R7, R(R0)),
        Do(Alu::Add, R7, Number(ascending.into())),
        If(When::Equal, R9, Number(0), Label::Count),
        Do(Alu::Add, R7, Number((descending - ascending).into())),
        Place(Label::Count),
    ]);
    ops
}

/// Adds the packet to the counters.
fn count(has_coarse_clock: bool) -> Vec<Op> {
    let clock = if has_coarse_clock { Routine::ClockCoarseNanos } else { Routine::ClockNanos };
    let mut ops = vec![
        Call(clock),
        Store(Double, R7, bytes(slot::LAST_SEEN), R(R0)),
        Do(Alu::Move, R1, Number(1)),
        AddTo(R7, bytes(slot::FRAMES), R1),
        AddTo(R7, bytes(slot::IP_BYTES), R8),
        Load(R3, Double, Stack, PAYLOAD),
        AddTo(R7, bytes(slot::PAYLOAD_BYTES), R3),
        Load(R1, Double, Stack, TRAILER),
        If(When::Equal, R1, Number(0), Label::NoTrailer),
        AddTo(R7, bytes(slot::TRAILER_BYTES), R1),
        Place(Label::NoTrailer),
        Remark("merged segments; where their number is not known, it follows from their size"),
        Load(R1, Word, R6, GSO_SEGS),
        If(When::Above, R1, Number(1), Label::Merged),
        If(When::Equal, R1, Number(1), Label::Counted),
        Load(R2, Word, R6, GSO_SIZE),
        If(When::Equal, R2, Number(0), Label::Counted),
        Do(Alu::Move, R1, R(R3)),
        Do(Alu::Add, R1, R(R2)),
        Do(Alu::Subtract, R1, Number(1)),
        Do(Alu::Divide, R1, R(R2)),
        If(When::AtMost, R1, Number(1), Label::Counted),
        Place(Label::Merged),
        Do(Alu::Subtract, R1, Number(1)),
        AddTo(R7, bytes(slot::MORE_SEGMENTS), R1),
        Place(Label::Counted),
        Remark("a byte for each flag"),
        Load(R1, Double, Stack, FLAGS),
    ];
    let flags = bytes(slot::FLAGS);
    for bit in NOTED_FLAGS {
        ops.extend([
            Do(Alu::Move, R2, R(R1)),
            Do(Alu::And, R2, Number(1 << bit)),
            If(When::Equal, R2, Number(0), Label::Flag(bit)),
            Store(Byte, R7, flags + i16::from(bit), Number(1)),
            Place(Label::Flag(bit)),
        ]);
    }
    ops
}

/// Copies `length` bytes of the frame to the stack; a frame that has not as many passes.
fn load_bytes(from: Operand, to: i16, length: i32) -> [Op; 7] {
    [
        Do(Alu::Move, R1, R(R6)),
        Do(Alu::Move, R2, from),
        Do(Alu::Move, R3, R(Stack)),
        Do(Alu::Add, R3, Number(to.into())),
        Do(Alu::Move, R4, Number(length)),
        Call(Routine::LoadBytes),
        If(When::NotEqual, R0, Number(0), Label::Pass),
    ]
}

/// Where the words of a key that starts at `start` are.
fn key_offsets(start: i16) -> impl Iterator<Item = i16> {
    [0, 8, 16, 24, 32].into_iter().map(move |offset| start + offset)
}

/// The offset of a word.
#[expect(clippy::cast_possible_truncation, reason = "a place is a few hundred bytes")]
const fn bytes(words: usize) -> i16 {
    (words * 8) as i16
}
