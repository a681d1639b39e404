//! IPFIX messages: header, sets, sequence numbers (RFC 7011, 3).
//!
//! Comes in: flows that are to be told, the time. Goes out: messages, each of at most so many bytes. It sends nothing.

use super::delta::FlowDelta;
use super::template::{
    IpVersion, TEMPLATE_V4, TEMPLATE_V6, record_length, write_record, write_template,
};
use crate::net::Timestamp;

/// Most bytes of a message over UDP: fits an Ethernet frame with room for tunnels.
pub(crate) const MAX_DATAGRAM: usize = 1400;
/// Most bytes of a message over TCP; the format allows 65535.
pub(crate) const MAX_MESSAGE: usize = 8192;

const VERSION: u16 = 10;
const HEADER: usize = 16;
const SET_HEADER: usize = 4;
const TEMPLATE_SET: u16 = 2;

/// A message with the number of flows in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlowMessage {
    /// The message.
    pub(crate) bytes: Vec<u8>,
    /// Flows in it.
    pub(crate) flows: usize,
}

/// Makes the messages of one observation domain, and counts its data records.
#[derive(Debug)]
pub(crate) struct MessageMaker {
    domain: u32,
    max: usize,
    sequence: u32,
}

impl MessageMaker {
    /// Messages of at most `max` bytes.
    #[must_use]
    pub(crate) const fn new(domain: u32, max: usize) -> Self {
        Self { domain, max, sequence: 0 }
    }

    /// Starts to count anew: a TCP connection has a count of its own (RFC 7011, 3.1).
    pub(crate) const fn restart(&mut self) {
        self.sequence = 0;
    }

    /// Both templates in one message; they do not count.
    #[must_use]
    pub(crate) fn templates(&self, now: Timestamp) -> Vec<u8> {
        let mut set = Vec::new();
        write_template(IpVersion::V4, &mut set);
        write_template(IpVersion::V6, &mut set);
        let mut sets = Vec::new();
        push_set(TEMPLATE_SET, &set, &mut sets);
        self.message(&sets, now)
    }

    /// The first message of `flows`: as many of them, in their order and of one version, as fit. Empty without flows. It counts
    /// once it was [sent](Self::count).
    #[must_use]
    pub(crate) fn next(&self, flows: &[FlowDelta], now: Timestamp) -> FlowMessage {
        let Some(version) = flows.first().map(FlowDelta::version) else {
            return FlowMessage { bytes: Vec::new(), flows: 0 };
        };
        let mut set = Vec::new();
        let mut count = 0;
        for flow in flows.iter().take_while(|flow| flow.version() == version) {
            if count > 0 && HEADER + SET_HEADER + set.len() + record_length(flow) > self.max {
                break;
            }
            write_record(flow, &mut set);
            count += 1;
        }
        let id = match version {
            IpVersion::V4 => TEMPLATE_V4,
            IpVersion::V6 => TEMPLATE_V6,
        };
        let mut sets = Vec::new();
        push_set(id, &set, &mut sets);
        FlowMessage { bytes: self.message(&sets, now), flows: count }
    }

    /// A message has left: the next one says how many records were sent before it.
    pub(crate) fn count(&mut self, message: &FlowMessage) {
        let flows = u32::try_from(message.flows).unwrap_or(u32::MAX);
        self.sequence = self.sequence.wrapping_add(flows);
    }

    fn message(&self, sets: &[u8], now: Timestamp) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER + sets.len());
        out.extend(VERSION.to_be_bytes());
        out.extend(length(HEADER + sets.len()).to_be_bytes());
        // 32 bits of seconds last until 2106, as the format has it.
        out.extend(u32::try_from(now.as_secs()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend(self.sequence.to_be_bytes());
        out.extend(self.domain.to_be_bytes());
        out.extend(sets);
        out
    }
}

fn push_set(id: u16, content: &[u8], out: &mut Vec<u8>) {
    out.extend(id.to_be_bytes());
    out.extend(length(SET_HEADER + content.len()).to_be_bytes());
    out.extend(content);
}

/// Messages are bounded far below what 16 bits can say.
fn length(bytes: usize) -> u16 {
    u16::try_from(bytes).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::super::delta::FlowDeltas;
    use super::*;
    use crate::export::sample;

    /// A collector of the test: reads messages by the templates in them.
    #[derive(Default)]
    struct Collector {
        /// By set: number, width and enterprise of each field.
        templates: BTreeMap<u16, Vec<(u16, usize, u32)>>,
        records: Vec<BTreeMap<(u16, u32), Vec<u8>>>,
        sequences: Vec<u32>,
    }

    impl Collector {
        fn read(&mut self, message: &[u8]) {
            let u16_at = |at: usize| u16::from_be_bytes([message[at], message[at + 1]]);
            let u32_at = |at: usize| u32::from_be_bytes(message[at..at + 4].try_into().unwrap());
            assert_eq!(u16_at(0), 10);
            assert_eq!(usize::from(u16_at(2)), message.len());
            self.sequences.push(u32_at(8));
            assert_eq!(u32_at(12), 9);
            let mut at = 16;
            while at < message.len() {
                let (id, end) = (u16_at(at), at + usize::from(u16_at(at + 2)));
                at += 4;
                if id == 2 {
                    while at < end {
                        let (template, count) = (u16_at(at), u16_at(at + 2));
                        at += 4;
                        let mut fields = Vec::new();
                        for _ in 0..count {
                            let (element, width) = (u16_at(at), u16_at(at + 2));
                            at += 4;
                            let mut enterprise = 0;
                            if element & 0x8000 != 0 {
                                enterprise = u32_at(at);
                                at += 4;
                            }
                            fields.push((element & 0x7fff, usize::from(width), enterprise));
                        }
                        self.templates.insert(template, fields);
                    }
                    continue;
                }
                let fields = &self.templates[&id];
                let size: usize = fields.iter().map(|(_, width, _)| width).sum();
                while at + size <= end {
                    let mut record = BTreeMap::new();
                    for (element, width, enterprise) in fields {
                        record.insert((*element, *enterprise), message[at..at + width].to_vec());
                        at += width;
                    }
                    self.records.push(record);
                }
                assert_eq!(at, end, "no padding, nothing left over");
            }
        }

        fn number(&self, record: usize, element: (u16, u32)) -> u64 {
            self.records[record][&element].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        }
    }

    fn all(maker: &mut MessageMaker, mut flows: &[FlowDelta]) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        while !flows.is_empty() {
            let message = maker.next(flows, Timestamp::from_parts(1_790_000_000, 0));
            maker.count(&message);
            flows = &flows[message.flows..];
            messages.push(message.bytes);
        }
        messages
    }

    fn flows(count: u64) -> Vec<FlowDelta> {
        let mut deltas = FlowDeltas::default();
        (1..=count)
            .filter_map(|id| deltas.apply(&sample::flow_ended(id, 100 + id, 2000 + id)))
            .collect()
    }

    #[test]
    fn a_collector_reads_each_field_of_both_directions() {
        let mut maker = MessageMaker::new(9, MAX_DATAGRAM);
        let mut collector = Collector::default();
        collector.read(&maker.templates(Timestamp::ZERO));
        for message in all(&mut maker, &flows(1)) {
            collector.read(&message);
        }

        assert_eq!(collector.records.len(), 1);
        let flow = &flows(1)[0];
        let (IpAddr::V4(from), IpAddr::V4(to)) = flow.record.addresses() else { unreachable!() };
        assert_eq!(collector.records[0][&(8, 0)], from.octets());
        assert_eq!(collector.records[0][&(12, 0)], to.octets());
        assert_eq!(collector.number(0, (11, 0)), u64::from(flow.record.responder.port));
        assert_eq!(collector.number(0, (4, 0)), 6);
        assert_eq!(collector.number(0, (1, 0)), 101);
        assert_eq!(collector.number(0, (1, REVERSE)), 2001);
        assert_eq!(collector.number(0, (136, 0)), 3);
        assert_eq!(collector.number(0, (239, 0)), 1);
        assert_eq!(collector.number(0, (152, 0)), flow.record.flow_start.as_nanos() / 1_000_000);
    }

    const REVERSE: u32 = 29305;

    #[test]
    fn sequence_numbers_count_records_and_messages_keep_their_bound() {
        let mut maker = MessageMaker::new(9, MAX_DATAGRAM);
        let mut collector = Collector::default();
        collector.read(&maker.templates(Timestamp::ZERO));
        let mut both = flows(40);
        both.push(sample::over_v6(both[0].clone()));
        both.push(both[1].clone());
        let messages = all(&mut maker, &both);
        for message in &messages {
            assert!(message.len() <= MAX_DATAGRAM);
            collector.read(message);
        }

        assert_eq!(collector.records.len(), 42);
        assert_eq!(collector.sequences[..2], [0, 0]);
        let mut expected = 0;
        for (message, sequence) in messages.iter().zip(&collector.sequences[1..]) {
            assert_eq!(*sequence, expected);
            let size = if message[16..18] == TEMPLATE_V4.to_be_bytes() { 91 } else { 115 };
            expected += u32::try_from((message.len() - 20) / size).unwrap();
        }
        assert_eq!(expected, 42);
    }

    proptest! {
        #[test]
        fn whatever_a_flow_is_its_record_is_read_again(
            ports in any::<(u16, u16)>(), protocol in any::<u8>(), bytes in any::<u64>(),
            is_v6 in any::<bool>(), nanos in any::<u64>(), flags in any::<u8>(),
        ) {
            let mut flow = flows(1).remove(0);
            (flow.record.initiator.port, flow.record.responder.port) = ports;
            flow.record.protocol.0 = protocol;
            flow.record.flow_end = Timestamp::from_nanos(nanos);
            flow.record.forward.tcp_flags.0 = flags;
            flow.forward.bytes = bytes;
            if is_v6 {
                flow = sample::over_v6(flow);
            }
            let maker = MessageMaker::new(9, MAX_DATAGRAM);
            let mut collector = Collector::default();
            collector.read(&maker.templates(Timestamp::ZERO));
            collector.read(&maker.next(&[flow], Timestamp::from_nanos(nanos)).bytes);

            prop_assert_eq!(collector.records.len(), 1);
            prop_assert_eq!(collector.number(0, (1, 0)), bytes);
            prop_assert_eq!(collector.number(0, (153, 0)), nanos / 1_000_000);
            prop_assert_eq!(collector.number(0, (6, 0)), u64::from(flags));
        }
    }
}
