//! What the rules know of one device: what is usual for it.
//!
//! Comes in: what rules note. Goes out: whether something is new. Bounded: the oldest entry of a topic leaves. What must outlive
//! a run is [`Habits`]; the rest begins anew.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::scan_window::ScanWindow;
use super::site::SiteWatch;
use super::video_habit::VideoHabits;
use super::video_window::VideoWindow;
use crate::catalogue::CloudRole;
use crate::device::{DeviceKind, DeviceProfile};
use crate::flow::FlowId;
use crate::net::Timestamp;

/// Most entries of a topic that are kept for a device.
const MAX_FAMILIAR: usize = 256;

/// A gap of more than this between two signs of who is no vendor's device counts as absence.
const PRESENCE_GAP: Duration = Duration::from_secs(15 * 60);

/// How long it was there is worth storing once an hour (seconds).
const HOUR: u64 = 3600;

/// What the rules know of one device.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// What outlives a run.
    pub(super) habits: Habits,
    /// They changed since they were last taken.
    pub(super) is_news: bool,
    /// It was silent when its profile was last looked at.
    pub(super) was_silent: bool,
    /// What it was taken for last.
    pub(super) kind: DeviceKind,
    /// When it last let somebody in by a default login, as far as it was told.
    pub(super) default_login: Option<Timestamp>,
    /// How often the cloud refused it in a row.
    pub(super) refusals: u32,
    /// Whom it tried in vain lately.
    pub(super) scan: ScanWindow,
    /// The latest flow of a viewer from a new network.
    pub(super) new_view: Option<FlowId>,
    /// What it sends of video.
    pub(super) video: VideoWindow,
    /// What rules of the site hold of it.
    pub(super) site: SiteWatch,
    /// As it was shown last.
    pub(super) profile: Option<Arc<DeviceProfile>>,
    latest: Option<Timestamp>,
}

/// What is usual for a device. Names are kept as hashes: no list of who spoke with whom is written down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Habits {
    /// How long it was there so far.
    pub present: Duration,
    /// What it is known to do, by topic, oldest first.
    pub familiar: Vec<(Topic, VecDeque<u64>)>,
    /// For how long a day it sends video.
    pub video: VideoHabits,
}

/// What may be usual for a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// It was reported as new.
    Reported,
    /// Cloud services that it spoke to.
    Service,
    /// Countries that its far ends are registered in.
    Country,
    /// Names and systems outside that it spoke to.
    Destination,
    /// Hosts of ours that it began to speak to.
    Neighbour,
    /// Changes that were told.
    Change,
    /// Networks outside that somebody looked through it from.
    Viewer,
}

impl Topic {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Reported,
        Self::Service,
        Self::Country,
        Self::Destination,
        Self::Neighbour,
        Self::Change,
        Self::Viewer,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Service => "service",
            Self::Country => "country",
            Self::Destination => "destination",
            Self::Neighbour => "neighbour",
            Self::Change => "change",
            Self::Viewer => "viewer",
        }
    }

    /// The topic of a word.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_label() == label)
    }
}

impl Memory {
    /// Takes what an earlier run knew.
    pub(super) fn restored(habits: Habits) -> Self {
        Self { habits, ..Self::default() }
    }

    /// The device gave a sign of itself. The time since the last one counts as presence, however little there was to see of it,
    /// unless the device was told to be silent in between. Of who is no vendor's device nobody tells that: there a gap of more
    /// than [`PRESENCE_GAP`] is absence.
    pub(super) fn hear(&mut self, device: &DeviceProfile) {
        let seen = device.last_seen;
        let gap = self.latest.map_or(Duration::ZERO, |latest| seen.since(latest));
        let stayed = if device.is_vendor_device() { !self.was_silent } else { gap <= PRESENCE_GAP };
        if stayed {
            let hours = self.habits.present.as_secs() / HOUR;
            self.habits.present = self.habits.present.saturating_add(gap);
            self.is_news |= self.habits.present.as_secs() / HOUR != hours;
        }
        self.latest = Some(self.latest.map_or(seen, |latest| latest.max(seen)));
    }

    /// Notes `text` under `topic`; tells whether it is new there.
    pub(super) fn is_new(&mut self, topic: Topic, text: &str) -> bool {
        let hash = hash(text);
        let place = self.habits.familiar.iter().position(|(known, _)| *known == topic);
        let index = place.unwrap_or_else(|| {
            self.habits.familiar.push((topic, VecDeque::new()));
            self.habits.familiar.len() - 1
        });
        let Some((_, known)) = self.habits.familiar.get_mut(index) else { return false };
        if known.contains(&hash) {
            return false;
        }
        if known.len() >= MAX_FAMILIAR {
            known.pop_front();
        }
        known.push_back(hash);
        self.is_news = true;
        true
    }

    /// Notes that it sent video to `kind` for `length`, until `at`; tells whether that is more than usual for a day.
    pub(super) fn note_video(&mut self, kind: CloudRole, at: Timestamp, length: Duration) -> bool {
        self.is_news = true;
        self.habits.video.note(kind, at, length)
    }

    /// Takes `text` out of `topic`: it is new when it comes again.
    pub(super) fn unlearn(&mut self, topic: Topic, text: &str) {
        let hash = hash(text);
        for (known, list) in &mut self.habits.familiar {
            if *known == topic && list.contains(&hash) {
                list.retain(|entry| *entry != hash);
                self.is_news = true;
            }
        }
    }

    /// Tells whether `text` is known under `topic`.
    pub(super) fn knows(&self, topic: Topic, text: &str) -> bool {
        let hash = hash(text);
        self.habits.familiar.iter().any(|(known, list)| *known == topic && list.contains(&hash))
    }
}

/// FNV-1a (Fowler, Noll, Vo), the same in each run. Who makes two names collide hides one of them from the rules on what is
/// new, as who fills the list does.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{DeviceId, Presence};

    #[test]
    fn a_thing_is_new_once_under_its_topic_and_the_oldest_makes_room() {
        let mut memory = Memory::default();

        assert!(memory.is_new(Topic::Country, "CN") && !memory.is_new(Topic::Country, "CN"));
        assert!(memory.is_new(Topic::Destination, "CN") && memory.knows(Topic::Country, "CN"));
        for number in 0..MAX_FAMILIAR {
            assert!(memory.is_new(Topic::Country, &number.to_string()));
        }
        assert!(!memory.knows(Topic::Country, "CN") && memory.knows(Topic::Destination, "CN"));
    }

    fn heard(memory: &mut Memory, vendor: Option<&str>, presence: Presence, second: u64) {
        let mut device = DeviceProfile::new(DeviceId("d-1".into()), Timestamp::ZERO);
        device.identity.vendor = vendor.map(Into::into);
        device.identity.confidence = 80;
        device.state.presence = presence;
        device.last_seen = Timestamp::from_parts(second, 0);
        memory.hear(&device);
        memory.was_silent = presence == Presence::Offline;
    }

    #[test]
    fn who_is_heard_of_now_and_then_is_there_all_the_time() {
        let mut memory = Memory::default();
        for hour in 0..=24 {
            heard(&mut memory, Some("ezviz"), Presence::Online, hour * 3_600);
        }
        assert_eq!(memory.habits.present, Duration::from_secs(24 * 3_600));
        assert!(memory.is_news, "the presence was never stored");
    }

    #[test]
    fn how_much_video_is_usual_is_known_to_the_next_run() {
        let at = |day: u64| Timestamp::from_parts(day * 24 * 3_600, 0);
        let minute = Duration::from_secs(60);
        let mut first = Memory::default();
        assert!(first.note_video(CloudRole::P2p, at(1), minute) && first.is_news);

        let mut next = Memory::restored(first.habits);
        assert!(!next.note_video(CloudRole::P2p, at(2), minute));
        assert!(Memory::default().note_video(CloudRole::P2p, at(2), minute));
    }

    #[test]
    fn absence_is_no_presence() {
        let mut unit = Memory::default();
        heard(&mut unit, Some("ezviz"), Presence::Online, 0);
        heard(&mut unit, Some("ezviz"), Presence::Online, 600);
        heard(&mut unit, Some("ezviz"), Presence::Offline, 700);
        heard(&mut unit, Some("ezviz"), Presence::Online, 90_000);
        heard(&mut unit, Some("ezviz"), Presence::Online, 90_060);
        assert_eq!(unit.habits.present, Duration::from_secs(760));

        let mut client = Memory::default();
        for second in [0, 600, 1_200, 90_000, 90_060] {
            heard(&mut client, None, Presence::Online, second);
        }
        assert_eq!(client.habits.present, Duration::from_secs(1_260));
    }
}
