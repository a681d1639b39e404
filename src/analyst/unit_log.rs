//! What is remembered of each vendor device about its ways to the cloud: its trail, and its open hours.
//!
//! Comes in: devices of the registry. Goes out: their logs. A device that leaves the registry has its log taken, so there
//! are no more of them than devices.

use std::collections::BTreeMap;

use crate::classify::Trail;
use crate::classify::activity::{HourBook, HourTally};
use crate::device::DeviceRef;
use crate::net::Timestamp;

/// What is remembered of one vendor device.
#[derive(Debug)]
pub(super) struct UnitLog {
    /// The steps it took.
    pub(super) trail: Trail,
    /// Its hours.
    pub(super) hours: HourBook,
    /// When it was seen to begin anew, with an address that it asked for.
    pub(super) booted: Option<Timestamp>,
}

/// An hour that is to be judged.
#[derive(Debug)]
pub(super) struct ClosedHour {
    pub(super) device: DeviceRef,
    pub(super) start: Timestamp,
    pub(super) tally: HourTally,
    /// It was watched from its beginning to its end.
    pub(super) complete: bool,
}

/// The logs of all vendor devices, in the order of devices so that their hours are told in the same order on each run.
#[derive(Debug, Default)]
pub(super) struct UnitLogs {
    logs: BTreeMap<DeviceRef, UnitLog>,
}

impl UnitLogs {
    /// The log of a vendor device; it begins when it is asked for first, with the first sighting of the device.
    pub(super) fn of(&mut self, device: DeviceRef, now: Timestamp) -> &mut UnitLog {
        self.logs.entry(device).or_insert_with(|| UnitLog {
            trail: Trail::default(),
            hours: HourBook::new(now),
            booted: None,
        })
    }

    /// The log of a device that has one.
    pub(super) fn get(&self, device: DeviceRef) -> Option<&UnitLog> {
        self.logs.get(&device)
    }

    /// Hours that are over at `now`, by device. Logs of devices that were silent for long are dropped.
    pub(super) fn close(&mut self, now: Timestamp) -> Vec<ClosedHour> {
        let mut closed = Vec::new();
        self.logs.retain(|device, log| {
            while let Some((start, tally)) = log.hours.close(now) {
                let complete = log.hours.is_whole(start);
                closed.push(ClosedHour { device: *device, start, tally, complete });
            }
            !log.hours.is_silent()
        });
        closed
    }

    /// What is open when the run ends at `now`, by device.
    pub(super) fn drain(&mut self, now: Timestamp) -> Vec<ClosedHour> {
        let logs = std::mem::take(&mut self.logs);
        let open = logs.into_iter().flat_map(|(device, log)| {
            let open = log.hours.drain(now).into_iter();
            open.map(move |(start, tally)| ClosedHour { device, start, tally, complete: false })
        });
        open.collect()
    }

    /// What is open of a device that leaves at `now`.
    pub(super) fn end(&mut self, device: DeviceRef, now: Timestamp) -> Vec<ClosedHour> {
        let open = self.logs.remove(&device).map(|log| log.hours.drain(now)).unwrap_or_default();
        let closed = |(start, tally)| ClosedHour { device, start, tally, complete: false };
        open.into_iter().map(closed).collect()
    }

    /// Adds the log of a device to that of another, which it turned out to be.
    pub(super) fn join(&mut self, from: DeviceRef, into: DeviceRef) {
        let Some(log) = self.logs.remove(&from) else { return };
        match self.logs.get_mut(&into) {
            Some(known) => {
                known.hours.join(log.hours);
                known.booted = known.booted.max(log.booted);
                log.trail.steps().for_each(|step| known.trail.note(step.clone()));
            }
            None => {
                self.logs.insert(into, log);
            }
        }
    }

    /// Drops the log of a device that was forgotten.
    pub(super) fn forget(&mut self, device: DeviceRef) {
        self.logs.remove(&device);
    }
}
