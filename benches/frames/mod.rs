//! Traffic that benches measure with, made before the clock starts.
//!
//! Comes in: nothing. Goes out: named lists of whole Ethernet frames in the order of time, the same
//! on every run. It holds no capture of a real network, and measures nothing.

use std::time::Duration;

use hikwatch::net::{Frame, InterfaceId, LinkType, Timestamp};
use hikwatch::simulate::{Household, MixedTraffic, SimulatedFrame, TrafficMix};

/// Seed of all traffic; another one gives other frames of the same kind.
const SEED: u64 = 1;
/// When all traffic begins, in Unix seconds; any time does.
const START: Timestamp = Timestamp::from_parts(1_700_000_000, 0);
/// Frames of one traffic in bulk: enough that flows end and begin, few enough to stay in memory.
const BULK_FRAMES: u32 = 50_000;
/// Time between two frames in bulk: 100,000 frames a second.
const BULK_GAP: Duration = Duration::from_micros(10);
/// How much of the household's day is measured.
const HOUSEHOLD_TIME: Duration = Duration::from_secs(120);

/// A list of frames and the name that a bench gives it.
pub(crate) struct Traffic {
    /// What stands in the name of the bench.
    pub(crate) name: &'static str,
    frames: Vec<SimulatedFrame>,
}

impl Traffic {
    /// All traffic that benches measure with.
    pub(crate) fn all() -> [Self; 4] {
        // Much data in few flows, as on the uplink of cameras.
        let video = TrafficMix {
            concurrent_flows: 100,
            frames_per_flow: 2_000,
            dns_percent: 0,
            full_percent: 90,
            ..TrafficMix::default()
        };
        // Every other frame begins a flow, and every frame is dissected.
        let names = TrafficMix { dns_percent: 100, ..TrafficMix::default() };
        [
            Self::bulk("mixed", TrafficMix::default()),
            Self::bulk("video", video),
            Self::bulk("dns", names),
            Self::household(),
        ]
    }

    /// The frames as a capture hands them over.
    pub(crate) fn frames(&self) -> Vec<Frame<'_>> {
        (1..)
            .zip(&self.frames)
            .map(|(number, SimulatedFrame { timestamp, bytes })| Frame {
                number,
                timestamp: *timestamp,
                interface: InterfaceId(0),
                link_type: LinkType::ETHERNET,
                wire_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                stripped_tag: None,
                bytes,
            })
            .collect()
    }

    fn bulk(name: &'static str, mix: TrafficMix) -> Self {
        let mut traffic = MixedTraffic::with_mix(SEED, mix);
        let frames = (0..BULK_FRAMES)
            .map(|number| {
                let mut bytes = Vec::new();
                traffic.next_into(&mut bytes);
                SimulatedFrame { timestamp: START.plus(BULK_GAP * number), bytes }
            })
            .collect();
        Self { name, frames }
    }

    fn household() -> Self {
        let end = START.plus(HOUSEHOLD_TIME);
        let frames =
            Household::new(SEED, START).take_while(|frame| frame.timestamp < end).collect();
        Self { name: "household", frames }
    }
}
