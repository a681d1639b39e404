//! `stats`: totals since the start.
//!
//! Comes in: [`RunStats`]. Goes out: Suricata's sections, and ours under `hikwatch`, where every counter that is
//! split by a closed set shows all its members. `decoder.pkts` = `hikwatch.decoded` + `decoder.invalid`.

use serde::{Serialize, Serializer};

use super::stats::RunStats;
use crate::decode::{DecodeReason, Layer};
use crate::dissect::{AppProtocol, DissectFailure};
use crate::flow::FlowEndReason;

/// EVE `stats`.
#[derive(Serialize)]
pub(crate) struct StatsSection<'a> {
    uptime: u64,
    capture: CaptureStats,
    decoder: DecoderStats,
    flow: FlowStats,
    hikwatch: OwnStats<'a>,
}

#[derive(Serialize)]
struct CaptureStats {
    kernel_packets: u64,
    kernel_drops: u64,
    kernel_ifdrops: u64,
}

#[derive(Serialize)]
struct DecoderStats {
    pkts: u64,
    bytes: u64,
    invalid: u64,
}

#[derive(Serialize)]
struct FlowStats {
    total: u64,
    active: u64,
}

#[derive(Serialize)]
struct OwnStats<'a> {
    decoded: u64,
    decode_errors: Split<'a, 3, 4>,
    dissect_errors: Split<'a, { AppProtocol::COUNT }, 4>,
    messages: Counts<'a, { AppProtocol::COUNT }>,
    flows_ended: Counts<'a, 5>,
    flows_capacity: u64,
    heads_refused: u64,
    segments_left_out: u64,
    datagrams_reassembled: u64,
    fragments_refused: u64,
    ring_freezes: u64,
    devices: u64,
    vendor_devices: u64,
    events: u64,
    alerts: u64,
    events_dropped: u64,
    observations_late: u64,
}

impl<'a> StatsSection<'a> {
    /// Shows the totals of a run.
    pub(crate) fn new(run: &'a RunStats) -> Self {
        let (meter, analysis) = (&run.meter, &run.analysis);
        let protocols = AppProtocol::ALL.map(AppProtocol::as_label);
        Self {
            uptime: run.uptime,
            capture: CaptureStats {
                kernel_packets: run.capture.received,
                kernel_drops: run.capture.kernel_drops,
                kernel_ifdrops: run.capture.interface_drops,
            },
            decoder: DecoderStats {
                pkts: meter.frames,
                bytes: meter.wire_bytes,
                invalid: meter.invalid,
            },
            flow: FlowStats { total: meter.flows_started, active: meter.flows_active },
            hikwatch: OwnStats {
                decoded: meter.decoded,
                decode_errors: Split {
                    rows: Layer::ALL.map(Layer::as_label),
                    columns: DecodeReason::ALL.map(DecodeReason::as_label),
                    counts: &meter.decode_errors,
                },
                dissect_errors: Split {
                    rows: protocols,
                    columns: DissectFailure::ALL.map(DissectFailure::as_label),
                    counts: &meter.dissect_errors,
                },
                messages: Counts { names: protocols, counts: &meter.messages },
                flows_ended: Counts {
                    names: FlowEndReason::ALL.map(FlowEndReason::as_label),
                    counts: &meter.flows_ended,
                },
                flows_capacity: meter.flows_capacity,
                heads_refused: meter.heads_refused,
                segments_left_out: meter.segments_left_out,
                datagrams_reassembled: meter.datagrams_reassembled,
                fragments_refused: meter.fragments_refused,
                ring_freezes: run.capture.ring_freezes,
                devices: analysis.devices,
                vendor_devices: analysis.vendor_devices,
                events: analysis.events,
                alerts: analysis.alerts,
                events_dropped: analysis.events_dropped,
                observations_late: analysis.observations_late,
            },
        }
    }
}

/// Counters by one closed set.
struct Counts<'a, const N: usize> {
    names: [&'static str; N],
    counts: &'a [u64; N],
}

impl<const N: usize> Serialize for Counts<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.names.iter().zip(self.counts))
    }
}

/// Counters by two closed sets.
struct Split<'a, const R: usize, const C: usize> {
    rows: [&'static str; R],
    columns: [&'static str; C],
    counts: &'a [[u64; C]; R],
}

impl<const R: usize, const C: usize> Serialize for Split<'_, R, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = |counts| Counts { names: self.columns, counts };
        serializer.collect_map(self.rows.iter().zip(self.counts.iter().map(row)))
    }
}
