//! `flow` and `tcp`: totals, times and flags of a flow.
//!
//! Comes in: a flow record. Goes out: the two sections as Suricata has them; bytes are those of whole frames.

use std::fmt;

use serde::Serialize;

use super::eve_text::{EveTime, Text, is_false};
use crate::decode::TcpFlags;
use crate::flow::{ConnState, FlowRecord};
use crate::net::IpProtocol;

/// EVE `flow`.
#[derive(Debug, Serialize)]
pub(crate) struct FlowSection {
    pkts_toserver: u64,
    pkts_toclient: u64,
    bytes_toserver: u64,
    bytes_toclient: u64,
    start: EveTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<EveTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerted: Option<bool>,
    /// What the kernel counted of these totals.
    #[serde(skip_serializing_if = "Option::is_none")]
    bypassed: Option<Bypass>,
}

/// EVE `flow.bypassed`; what segmentation offload merged counts by its number of segments.
#[derive(Debug, Serialize)]
struct Bypass {
    pkts_toserver: u64,
    pkts_toclient: u64,
    bytes_toserver: u64,
    bytes_toclient: u64,
}

impl Bypass {
    fn of_record(record: &FlowRecord) -> Option<Self> {
        let (forward, reverse) = (record.forward.bypassed, record.reverse.bypassed);
        (forward.packets + reverse.packets > 0).then_some(Self {
            pkts_toserver: forward.segments,
            pkts_toclient: reverse.segments,
            bytes_toserver: forward.wire_bytes,
            bytes_toclient: reverse.wire_bytes,
        })
    }
}

impl FlowSection {
    /// The section of a `flow` line.
    pub(crate) fn of_record(record: &FlowRecord, reason: &'static str, alerted: bool) -> Self {
        Self {
            end: Some(EveTime(record.flow_end)),
            // Suricata takes the difference of whole seconds.
            age: Some(record.flow_end.as_secs().saturating_sub(record.flow_start.as_secs())),
            state: Some(state(record)),
            reason: Some(reason),
            alerted: Some(alerted),
            ..Self::so_far(record)
        }
    }

    /// The section of a line that is about something else than the flow's end.
    pub(crate) fn so_far(record: &FlowRecord) -> Self {
        Self {
            pkts_toserver: record.forward.packets,
            pkts_toclient: record.reverse.packets,
            bytes_toserver: record.forward.wire_bytes,
            bytes_toclient: record.reverse.wire_bytes,
            start: EveTime(record.flow_start),
            end: None,
            age: None,
            state: None,
            reason: None,
            alerted: None,
            bypassed: Bypass::of_record(record),
        }
    }
}

/// Without TCP there is no end to see: `SF` says only that both sides spoke.
fn state(record: &FlowRecord) -> &'static str {
    if record.protocol != IpProtocol::TCP && record.conn_state == ConnState::SF {
        "established"
    } else {
        record.conn_state.as_eve_state()
    }
}

/// EVE `tcp`: all flags that a flow has shown.
#[derive(Debug, Serialize)]
pub(crate) struct TcpSection {
    tcp_flags: Text<Hex>,
    tcp_flags_ts: Text<Hex>,
    tcp_flags_tc: Text<Hex>,
    #[serde(skip_serializing_if = "is_false")]
    syn: bool,
    #[serde(skip_serializing_if = "is_false")]
    fin: bool,
    #[serde(skip_serializing_if = "is_false")]
    rst: bool,
    #[serde(skip_serializing_if = "is_false")]
    psh: bool,
    #[serde(skip_serializing_if = "is_false")]
    ack: bool,
    #[serde(skip_serializing_if = "is_false")]
    urg: bool,
    #[serde(skip_serializing_if = "is_false")]
    ecn: bool,
    #[serde(skip_serializing_if = "is_false")]
    cwr: bool,
}

impl TcpSection {
    /// The section of a flow, if it is one of TCP.
    pub(crate) fn of_record(record: &FlowRecord) -> Option<Self> {
        if record.protocol != IpProtocol::TCP {
            return None;
        }
        let all = record.forward.tcp_flags.union(record.reverse.tcp_flags);
        Some(Self {
            tcp_flags: Text(Hex(all)),
            tcp_flags_ts: Text(Hex(record.forward.tcp_flags)),
            tcp_flags_tc: Text(Hex(record.reverse.tcp_flags)),
            syn: all.contains(TcpFlags::SYN),
            fin: all.contains(TcpFlags::FIN),
            rst: all.contains(TcpFlags::RST),
            psh: all.contains(TcpFlags(0x08)),
            ack: all.contains(TcpFlags::ACK),
            urg: all.contains(TcpFlags(0x20)),
            ecn: all.contains(TcpFlags(0x40)),
            cwr: all.contains(TcpFlags(0x80)),
        })
    }
}

/// Flags as two hexadecimal digits.
#[derive(Debug)]
struct Hex(TcpFlags);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0.0)
    }
}
