//! The pcapng format.
//!
//! Comes in: bytes of a file. Goes out: where its frames are, and the interfaces they were seen on.
//! Format: `draft-ietf-opsawg-pcapng` ("PCAP Now Generic Dump File Format"), sections 3 and 4, with
//! the obsolete Packet Block of its appendix. Blocks that hold no frame are passed over.

use super::byte_order::ByteOrder;
use super::pcapng_interface::Interface;
use super::step::{MAX_RECORD_BYTES, Malformed, Record, Step};
use crate::capture::ObservationPoint;
use crate::net::{InterfaceId, LinkType, Timestamp};

/// Type of the Section Header Block; reads the same in both byte orders.
pub(crate) const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const CUSTOM: u32 = 0x0000_0bad;
const CUSTOM_NOT_TO_COPY: u32 = 0x4000_0bad;

/// Type and length before the body of a block, and the length again behind it.
const FRAMING: usize = 12;

/// Where the body of a block starts.
const BODY: usize = 8;

/// Reads the blocks of one pcapng file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pcapng {
    order: ByteOrder,
    /// The interfaces of the current section; a frame names them by index.
    interfaces: Vec<Interface>,
    /// Observation points of earlier sections.
    base: usize,
    /// The time of the last frame that had one: a Simple Packet Block has none.
    latest: Timestamp,
    sections: u64,
}

impl Pcapng {
    pub(crate) const fn new() -> Self {
        Self {
            order: ByteOrder::Little,
            interfaces: Vec::new(),
            base: 0,
            latest: Timestamp::ZERO,
            sections: 0,
        }
    }

    /// Tells whether a section header was read.
    pub(crate) const fn is_begun(&self) -> bool {
        self.sections > 0
    }

    /// Reads the block at the start of `bytes`. Interfaces that it describes are added to `points`.
    #[inline]
    pub(crate) fn parse(&mut self, bytes: &[u8], points: &mut Vec<ObservationPoint>) -> Step {
        let Some(&[kind, length, first]) =
            bytes.first_chunk::<FRAMING>().map(|header| header.as_chunks::<4>().0)
        else {
            return Step::Need(FRAMING);
        };
        if kind == SECTION_HEADER {
            self.order = match first {
                [0x4d, 0x3c, 0x2b, 0x1a] => ByteOrder::Little,
                [0x1a, 0x2b, 0x3c, 0x4d] => ByteOrder::Big,
                _ => return Step::Malformed(Malformed::ByteOrder),
            };
        }
        let stated = self.order.u32(length);
        let length = stated as usize;
        if length < FRAMING || !length.is_multiple_of(4) {
            return Step::Malformed(Malformed::Length(stated));
        }
        let is_section = kind == SECTION_HEADER;
        let kind = self.order.u32(kind);
        let is_known = is_section
            || matches!(
                kind,
                ENHANCED_PACKET
                    | SIMPLE_PACKET
                    | OBSOLETE_PACKET
                    | INTERFACE_DESCRIPTION
                    | CUSTOM
                    | CUSTOM_NOT_TO_COPY
            );
        if !is_known {
            return Step::Skip(length);
        }
        if stated > MAX_RECORD_BYTES {
            return Step::Malformed(Malformed::TooLong(stated));
        }
        let Some((body, trailer)) = bytes.get(BODY..length).and_then(<[u8]>::split_last_chunk::<4>)
        else {
            return Step::Need(length);
        };
        let trailing = self.order.u32(*trailer);
        if trailing != stated {
            return Step::Malformed(Malformed::LengthsDiffer(stated, trailing));
        }
        let step = match kind {
            ENHANCED_PACKET => self.enhanced_packet(length, body),
            SIMPLE_PACKET => self.simple_packet(length, body),
            OBSOLETE_PACKET => self.obsolete_packet(length, body),
            CUSTOM | CUSTOM_NOT_TO_COPY => self.custom(length, body),
            INTERFACE_DESCRIPTION => self.describe_interface(length, body, points),
            _ => self.begin_section(length, body, points),
        };
        step.unwrap_or(Step::Malformed(Malformed::Length(stated)))
    }

    /// Section 4.3. `None` when the block is too short for what it says it holds.
    #[inline]
    fn enhanced_packet(&mut self, consumed: usize, body: &[u8]) -> Option<Step> {
        let (head, data) = body.split_first_chunk::<20>()?;
        let &[interface, high, low, captured, wire_len] = head.as_chunks::<4>().0 else {
            return None;
        };
        let length = self.order.u32(captured) as usize;
        data.get(..length)?;
        let number = self.order.u32(interface);
        let ticks = u64::from(self.order.u32(high)) << 32 | u64::from(self.order.u32(low));
        let wire_len = self.order.u32(wire_len);
        Some(self.frame(
            number,
            ticks,
            Record { consumed, offset: BODY + 20, length, wire_len, ..EMPTY },
        ))
    }

    /// Appendix A of the draft.
    fn obsolete_packet(&mut self, consumed: usize, body: &[u8]) -> Option<Step> {
        let (head, data) = body.split_first_chunk::<20>()?;
        let &[interface_and_drops, high, low, captured, wire_len] = head.as_chunks::<4>().0 else {
            return None;
        };
        let length = self.order.u32(captured) as usize;
        data.get(..length)?;
        let (number, _drops) = self.order.u16_pair(interface_and_drops);
        let ticks = u64::from(self.order.u32(high)) << 32 | u64::from(self.order.u32(low));
        let wire_len = self.order.u32(wire_len);
        let record = Record { consumed, offset: BODY + 20, length, wire_len, ..EMPTY };
        Some(self.frame(number.into(), ticks, record))
    }

    /// Section 4.4: the frame belongs to the first interface and has no time of its own.
    fn simple_packet(&self, consumed: usize, body: &[u8]) -> Option<Step> {
        let (wire_len, data) = body.split_first_chunk::<4>()?;
        let wire_len = self.order.u32(*wire_len);
        let Some(interface) = self.interfaces.first() else {
            return Some(Step::Malformed(Malformed::UnknownInterface(0)));
        };
        let snap_len = if interface.snap_len == 0 { u32::MAX } else { interface.snap_len };
        let Some(point) = self.point(0) else {
            return Some(Step::Malformed(Malformed::TooManyInterfaces));
        };
        Some(Step::Frame(Record {
            consumed,
            offset: BODY + 4,
            length: data.len().min(wire_len.min(snap_len) as usize),
            timestamp: self.latest,
            wire_len,
            interface: point,
            link_type: interface.link_type,
        }))
    }

    /// Section 4.7: a record in a format of somebody's own. It is handed on, with a link type that nobody
    /// reads, so that it is counted and not passed over in silence; the usual tools count it as well.
    fn custom(&self, consumed: usize, body: &[u8]) -> Option<Step> {
        let (_enterprise, data) = body.split_first_chunk::<4>()?;
        Some(Step::Frame(Record {
            consumed,
            offset: BODY + 4,
            length: data.len(),
            timestamp: self.latest,
            wire_len: u32::try_from(data.len()).unwrap_or(u32::MAX),
            interface: self.point(0).unwrap_or_default(),
            link_type: LinkType::NOT_A_FRAME,
        }))
    }

    /// Completes a record by what is known about its interface.
    #[inline]
    fn frame(&mut self, number: u32, ticks: u64, record: Record) -> Step {
        let interface = self.interfaces.get(number as usize);
        let (Some(interface), Some(point)) = (interface, self.point(number as usize)) else {
            return Step::Malformed(Malformed::UnknownInterface(number));
        };
        let timestamp = interface.clock.timestamp(ticks);
        self.latest = timestamp;
        Step::Frame(Record {
            timestamp,
            interface: point,
            link_type: interface.link_type,
            ..record
        })
    }

    /// Section 4.2.
    fn describe_interface(
        &mut self,
        consumed: usize,
        body: &[u8],
        points: &mut Vec<ObservationPoint>,
    ) -> Option<Step> {
        let interface = Interface::from_body(self.order, body)?;
        if points.len() > usize::from(u16::MAX) {
            return Some(Step::Malformed(Malformed::TooManyInterfaces));
        }
        points.push(ObservationPoint { name: interface.name.clone() });
        self.interfaces.push(interface);
        Some(Step::Skip(consumed))
    }

    /// Section 4.1: a new section forgets the interfaces of the one before.
    fn begin_section(
        &mut self,
        consumed: usize,
        body: &[u8],
        points: &[ObservationPoint],
    ) -> Option<Step> {
        // Byte-order magic, version, length of the section. That length may be unknown and is of no use here.
        let head = body.first_chunk::<16>()?;
        let &[_, version, _, _] = head.as_chunks::<4>().0 else { return None };
        match self.order.u16_pair(version) {
            // Some writers stated 1.2 without any change to the format (section 4.1).
            (1, 0 | 2) => {}
            (major, minor) => {
                let (major, minor) = (major.into(), minor.into());
                return Some(Step::Malformed(Malformed::Version { major, minor }));
            }
        }
        self.interfaces.clear();
        self.base = points.len();
        self.sections += 1;
        Some(Step::Skip(consumed))
    }

    /// The observation point of an interface of this section.
    #[inline]
    fn point(&self, number: usize) -> Option<InterfaceId> {
        u16::try_from(self.base + number).ok().map(InterfaceId)
    }
}

/// A record with nothing filled in.
const EMPTY: Record = Record {
    consumed: 0,
    offset: 0,
    length: 0,
    timestamp: Timestamp::ZERO,
    wire_len: 0,
    interface: InterfaceId(0),
    link_type: LinkType::NULL,
};
