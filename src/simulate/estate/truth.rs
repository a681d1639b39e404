//! The truth about an estate: each host, each hour, each flow.
//!
//! Comes in: what the ledger has counted. Goes out: rows that a test compares with what the program concluded.
//!
//! The state of an hour is one, by this rule: of relay, peer view, upload and firmware, the one with the most IP bytes in
//! that hour, if there was any (the first of them in this order when two are equal); otherwise `registration-failing`, if
//! the device tried to register or to keep its control channel and neither a registration nor a control exchange succeeded;
//! otherwise `control-only`, if anything was exchanged with the vendor's cloud, asked and answered; otherwise `idle`.
//! A registration whose control server then refuses the device is no success. An hour is `secs / 3600` of the time of the
//! frame, so that what crosses a border counts on both sides by its bytes.

use std::net::{IpAddr, SocketAddr};

use super::resident::EstateKind;
use crate::net::{IpProtocol, MacAddr, Timestamp};
use crate::simulate::tag::FlowRole;

/// One host of the estate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstateHost {
    /// What it is.
    pub kind: EstateKind,
    /// Hardware address.
    pub mac: MacAddr,
    /// Address at the end of the run so far; it may have had others.
    pub ip: IpAddr,
    /// Short serial, of a vendor device.
    pub serial: Option<String>,
    /// The vendor whose cloud it uses; `None` for a host that is no vendor device.
    pub vendor: Option<&'static str>,
}

/// One flow that left home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstateFlow {
    /// Its first frame.
    pub at: Timestamp,
    /// The host at home.
    pub mac: MacAddr,
    /// What carries it.
    pub protocol: IpProtocol,
    /// Who began it.
    pub initiator: SocketAddr,
    /// Who was asked.
    pub responder: SocketAddr,
    /// What it is for.
    pub role: FlowRole,
    /// Whose cloud it is; `None` for a server or a peer that is no vendor's.
    pub vendor: Option<&'static str>,
    /// The name that led to the server, however the host came by it.
    pub name: Option<&'static str>,
}

/// What one hour of one host was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HourState {
    /// Nothing was exchanged with the vendor's cloud.
    Idle,
    /// Registration, control, STUN or time, and no more.
    ControlOnly,
    /// The device tried in vain.
    RegistrationFailing,
    /// Video went over a relay.
    CloudRelay,
    /// Video went to a peer.
    PeerView,
    /// A snapshot or a recording was sent to the vendor's storage.
    Upload,
    /// Firmware was loaded.
    Firmware,
}

impl HourState {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Idle,
        Self::ControlOnly,
        Self::RegistrationFailing,
        Self::CloudRelay,
        Self::PeerView,
        Self::Upload,
        Self::Firmware,
    ];

    /// The state in words.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::ControlOnly => "control-only",
            Self::RegistrationFailing => "registration-failing",
            Self::CloudRelay => "cloud-relay",
            Self::PeerView => "p2p-view",
            Self::Upload => "upload",
            Self::Firmware => "firmware",
        }
    }
}

/// Something that happened in an hour, whatever its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Happening {
    /// The device booted.
    Boot,
    /// It came back with another address.
    Moved,
    /// It tried to register or to keep its control channel.
    Tried,
    /// A registration, or an exchange on the control channel, succeeded.
    Succeeded,
    /// A server refused it.
    Refused,
    /// It resolved past the resolver at home.
    HttpDns,
    /// It asked STUN and no view followed.
    StunAlone,
    /// It sent STUN to the shared address space.
    Spray,
    /// It punched towards a peer that never answered.
    PunchInVain,
    /// Video to a recorder at home.
    LanVideo,
    /// It registered with a platform of its owner's.
    Isup,
    /// It wrote to a disk at home.
    DiskUpload,
    /// It sent a file to a server of its owner's.
    OwnerUpload,
    /// It asked a bare address for the time.
    BareTime,
    /// It used a resolver or a server on the other side of the world that is no vendor's.
    ForeignResolver,
    /// It sent a picture in clear.
    ClearSnapshot,
    /// The uplink was out while it did something.
    Outage,
    /// It met a block.
    Blocked,
}

impl Happening {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Boot,
        Self::Moved,
        Self::Tried,
        Self::Succeeded,
        Self::Refused,
        Self::HttpDns,
        Self::StunAlone,
        Self::Spray,
        Self::PunchInVain,
        Self::LanVideo,
        Self::Isup,
        Self::DiskUpload,
        Self::OwnerUpload,
        Self::BareTime,
        Self::ForeignResolver,
        Self::ClearSnapshot,
        Self::Outage,
        Self::Blocked,
    ];
}

/// A set of [`Happening`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Happened(u32);

impl Happened {
    /// Tells whether it happened.
    #[must_use]
    pub const fn contains(self, what: Happening) -> bool {
        self.0 & (1 << what as u8) != 0
    }

    pub(crate) const fn insert(&mut self, what: Happening) {
        self.0 |= 1 << what as u8;
    }
}

/// IP bytes of one role in one hour, headers included, as the host sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoleTruth {
    /// Sent by the host.
    pub sent: u64,
    /// Received by the host.
    pub received: u64,
    /// Frames both ways.
    pub frames: u64,
    /// Seconds in which a frame passed, either way.
    pub seconds: u32,
    /// The second of the last frame.
    last: u64,
}

impl RoleTruth {
    /// Both directions.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.sent + self.received
    }

    pub(crate) const fn count(&mut self, at: Timestamp, sends: bool, bytes: u64) {
        if sends {
            self.sent += bytes;
        } else {
            self.received += bytes;
        }
        self.frames += 1;
        if self.last != at.as_secs() {
            self.last = at.as_secs();
            self.seconds += 1;
        }
    }
}

/// One hour of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourTruth {
    /// The host.
    pub mac: MacAddr,
    /// It is a vendor device. The state of any other host is always idle.
    pub is_unit: bool,
    /// Hours since 1970.
    pub hour: u64,
    /// All that happened.
    pub happened: Happened,
    roles: Vec<(FlowRole, RoleTruth)>,
}

impl HourTruth {
    pub(crate) const fn new(mac: MacAddr, is_unit: bool, hour: u64) -> Self {
        Self { mac, is_unit, hour, happened: Happened(0), roles: Vec::new() }
    }

    /// What was counted for a role.
    #[must_use]
    pub fn role(&self, role: FlowRole) -> RoleTruth {
        let found = self.roles.iter().find(|(other, _)| *other == role);
        found.map_or_else(RoleTruth::default, |(_, truth)| *truth)
    }

    /// The roles of the hour, in the order of their first frame.
    pub fn roles(&self) -> impl Iterator<Item = (FlowRole, RoleTruth)> + '_ {
        self.roles.iter().copied()
    }

    pub(crate) fn role_mut(&mut self, role: FlowRole) -> Option<&mut RoleTruth> {
        if !self.roles.iter().any(|(other, _)| *other == role) {
            self.roles.push((role, RoleTruth::default()));
        }
        self.roles.iter_mut().find(|(other, _)| *other == role).map(|(_, truth)| truth)
    }

    /// What the hour was, by the rule above.
    #[must_use]
    pub fn state(&self) -> HourState {
        if !self.is_unit {
            return HourState::Idle;
        }
        let content = [
            (FlowRole::Relay, HourState::CloudRelay),
            (FlowRole::P2pView, HourState::PeerView),
            (FlowRole::Storage, HourState::Upload),
            (FlowRole::Firmware, HourState::Firmware),
        ];
        let mut most = None;
        for (role, state) in content {
            let bytes = self.role(role).bytes();
            if bytes > most.map_or(0, |(bytes, _)| bytes) {
                most = Some((bytes, state));
            }
        }
        if let Some((_, state)) = most {
            return state;
        }
        let tried = self.happened.contains(Happening::Tried);
        if tried && !self.happened.contains(Happening::Succeeded) {
            return HourState::RegistrationFailing;
        }
        let answered = self.roles.iter().any(|(role, truth)| {
            role.contract_role().is_some() && truth.sent > 0 && truth.received > 0
        });
        if answered { HourState::ControlOnly } else { HourState::Idle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    fn hour(roles: &[(FlowRole, u64)], happened: &[Happening]) -> HourTruth {
        let mut hour = HourTruth::new(MAC, true, 1);
        for (role, bytes) in roles {
            for sends in [true, false] {
                hour.role_mut(*role).unwrap().count(Timestamp::ZERO, sends, *bytes);
            }
        }
        for what in happened {
            hour.happened.insert(*what);
        }
        hour
    }

    #[test]
    fn content_with_the_most_bytes_decides_and_control_comes_last() {
        use {FlowRole as R, Happening as H, HourState as S};

        assert_eq!(hour(&[(R::Lan, 9), (R::Foreign, 9)], &[]).state(), S::Idle);
        assert_eq!(hour(&[(R::Stun, 9)], &[]).state(), S::ControlOnly);
        assert_eq!(hour(&[(R::Registration, 9)], &[H::Tried]).state(), S::RegistrationFailing);
        let kept = hour(&[(R::Control, 9)], &[H::Tried, H::Succeeded]);
        assert_eq!(kept.state(), S::ControlOnly);
        let both = hour(&[(R::Control, 9_000), (R::Storage, 70), (R::P2pView, 80)], &[H::Tried]);
        assert_eq!(both.state(), S::PeerView);
        assert_eq!(hour(&[(R::Punch, 900)], &[]).state(), S::ControlOnly);
    }

    #[test]
    fn a_second_counts_once_however_many_frames_pass_in_it() {
        let mut role = RoleTruth::default();

        for (seconds, nanos) in [(5, 0), (5, 900_000_000), (6, 0), (9, 0)] {
            role.count(Timestamp::from_parts(seconds, nanos), true, 100);
        }

        assert_eq!((role.seconds, role.frames, role.sent), (3, 4, 400));
    }
}
