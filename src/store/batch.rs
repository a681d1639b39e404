//! What is written at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::alert::{AlertId, AlertKey, Habits, KeptAlert};
use crate::analyst::Tally;
use crate::catalogue::{CloudRole, Region};
use crate::device::{DeviceId, DeviceProfile};
use crate::net::{Perimeter, Timestamp};

/// Seconds of a day; UTC has no others here, as in Unix time.
const DAY_SECONDS: u64 = 86_400;

/// A UTC day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(pub u32);

impl Day {
    /// The day of a point in time.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        Self(u32::try_from(time.as_secs() / DAY_SECONDS).unwrap_or(u32::MAX))
    }

    /// When the day begins.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_parts(self.0 as u64 * DAY_SECONDS, 0)
    }

    /// The day that was `days` earlier, or the first.
    #[must_use]
    pub const fn minus(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }
}

/// What a device moved on one day in one perimeter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceDay {
    /// The day.
    pub day: Day,
    /// The device.
    pub device: DeviceId,
    /// Where the other ends are.
    pub perimeter: Perimeter,
}

/// What a device exchanged with one cloud service on one day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloudDay {
    /// The day.
    pub day: Day,
    /// The device.
    pub device: DeviceId,
    /// Whose cloud.
    pub vendor: Arc<str>,
    /// The service.
    pub service: Arc<str>,
    /// What it is for.
    pub role: CloudRole,
    /// Where it stands.
    pub region: Region,
}

/// The changes of one interval: devices as they are now, and what is to be added to the totals of days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// The time of the latest change; what is older than the retention goes by it.
    pub now: Timestamp,
    /// Devices that changed.
    pub devices: BTreeMap<DeviceId, Arc<DeviceProfile>>,
    /// To be added to what devices moved.
    pub device_days: BTreeMap<DeviceDay, Tally>,
    /// To be added to what they exchanged with clouds.
    pub cloud_days: BTreeMap<CloudDay, Tally>,
    /// What is usual for devices.
    pub habits: BTreeMap<DeviceId, Habits>,
    /// Alerts that somebody has acknowledged, with their devices.
    pub acknowledged: BTreeMap<AlertId, DeviceId>,
    /// Alerts that changed: as they stand now, or that they stand no more.
    pub standing: BTreeMap<AlertKey, Option<KeptAlert>>,
}

impl Batch {
    /// Tells whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
            && self.device_days.is_empty()
            && self.cloud_days.is_empty()
            && self.habits.is_empty()
            && self.acknowledged.is_empty()
            && self.standing.is_empty()
    }

    /// Takes everything of a device out.
    pub fn forget(&mut self, id: &DeviceId) {
        self.devices.remove(id);
        self.device_days.retain(|key, _| key.device != *id);
        self.cloud_days.retain(|key, _| key.device != *id);
        self.habits.remove(id);
        self.acknowledged.retain(|_, device| device != id);
        self.standing.retain(|key, _| key.device != *id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        let midnight = Day(20_000).start();

        assert_eq!(Day::of(midnight), Day(20_000));
        assert_eq!(Day::of(Timestamp::from_nanos(midnight.as_nanos() - 1)), Day(19_999));
        assert_eq!(Day(3).minus(5), Day(0));
    }
}
