//! The simulated household as a source of frames, at the pace of a clock.

use std::time::Duration;

use super::clock;
use crate::capture::{CaptureError, FrameSource, Next, ObservationPoint, SourceCounters};
use crate::net::{Frame, InterfaceId, LinkType, Timestamp};
use crate::simulate::{Household, SimulatedFrame};

/// The longest wait for a frame, as live sources have it.
const WAIT: Duration = Duration::from_millis(100);

/// Gives the frames of a household when their time has come.
pub struct HouseholdSource {
    household: Household,
    begin: Timestamp,
    stopwatch: clock::Stopwatch,
    speed: u32,
    /// A frame whose time has not come.
    waiting: Option<SimulatedFrame>,
    /// The frame that was given last.
    given: SimulatedFrame,
    points: Vec<ObservationPoint>,
    received: u64,
}

impl HouseholdSource {
    /// The name of the simulated interface.
    pub const INTERFACE: &str = "simulated";

    /// Begins a household now. It lives `speed` seconds in one second of the clock, at least one.
    #[must_use]
    pub fn new(seed: u64, speed: u32) -> Self {
        let begin = clock::now();
        Self {
            household: Household::new(seed, begin),
            begin,
            stopwatch: clock::Stopwatch::start(),
            speed: speed.max(1),
            waiting: None,
            given: SimulatedFrame { timestamp: begin, bytes: Vec::new() },
            points: vec![ObservationPoint { name: Self::INTERFACE.to_owned() }],
            received: 0,
        }
    }
}

impl FrameSource for HouseholdSource {
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        let Some(frame) = self.waiting.take().or_else(|| self.household.next()) else {
            return Ok(Next::End);
        };
        let due = frame.timestamp.since(self.begin) / self.speed;
        let early = due.saturating_sub(self.stopwatch.elapsed());
        if !early.is_zero() {
            std::thread::sleep(early.min(WAIT));
            if early > WAIT {
                self.waiting = Some(frame);
                return Ok(Next::Idle);
            }
        }
        self.received += 1;
        self.given = frame;
        let bytes = self.given.bytes.as_slice();
        Ok(Next::Frame(Frame {
            number: 0,
            timestamp: self.given.timestamp,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            wire_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            stripped_tag: None,
            bytes,
        }))
    }

    fn observation_points(&self) -> &[ObservationPoint] {
        &self.points
    }

    fn counters(&mut self) -> SourceCounters {
        SourceCounters { received: self.received, ..SourceCounters::default() }
    }
}
