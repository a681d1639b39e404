//! A host of an estate while it runs.
//!
//! Comes in: what the cast has drawn. Goes out: what the scripts need to speak for it, and what it has open.

use std::time::Duration;

use super::servers::Servers;
use crate::net::{MacAddr, Timestamp};
use crate::simulate::cloud::{
    DasChannel, Download, Gateway, Line, PeerView, RelayView, Talk, UdpTalk, Upload,
};
use crate::simulate::station::Seat;

/// What a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EstateKind {
    /// EZVIZ camera with mains power.
    EzvizCamera,
    /// EZVIZ doorbell with mains power.
    EzvizDoorbell,
    /// EZVIZ unit on a battery, which sleeps.
    EzvizBattery,
    /// Hikvision camera on Hik-Connect.
    HikCamera,
    /// Hikvision recorder on Hik-Connect.
    HikRecorder,
    /// Unit of the older generation, which keeps a TLS conversation.
    OldGeneration,
    /// Phone with the vendor's app.
    Phone,
    /// Laptop that browses.
    Laptop,
    /// Camera of another maker, with peers of its own.
    OtherCamera,
    /// Game console: STUN of the standard, then datagrams with peers.
    Console,
    /// Host with a tunnel over UDP.
    TunnelHost,
    /// Linux host that has the vendor's time server in its configuration.
    TimeHost,
}

impl EstateKind {
    /// The host is a device of the vendor's.
    #[must_use]
    pub const fn is_unit(self) -> bool {
        self.vendor().is_some()
    }

    /// The vendor whose cloud it uses.
    #[must_use]
    pub const fn vendor(self) -> Option<&'static str> {
        match self {
            Self::EzvizCamera | Self::EzvizDoorbell | Self::EzvizBattery | Self::OldGeneration => {
                Some("ezviz")
            }
            Self::HikCamera | Self::HikRecorder => Some("hikvision"),
            Self::Phone
            | Self::Laptop
            | Self::OtherCamera
            | Self::Console
            | Self::TunnelHost
            | Self::TimeHost => None,
        }
    }
}

/// One host.
#[derive(Debug)]
pub(crate) struct Resident {
    /// What it is.
    pub(crate) kind: EstateKind,
    /// Its interface.
    pub(crate) seat: Seat,
    /// DHCP option 12.
    pub(crate) hostname: String,
    /// DHCP option 60.
    pub(crate) vendor_class: &'static str,
    /// Short serial.
    pub(crate) serial: String,
    /// Model as it shows in discovery; empty for one that shows none.
    pub(crate) model: &'static str,
    /// Version and build.
    pub(crate) firmware: &'static str,
    /// The token of its registration.
    pub(crate) token: [u8; 32],
    /// Round trip to its servers.
    pub(crate) round_trip: Duration,
    /// What is particular to it.
    pub(crate) habits: Habits,
    /// Its servers since the last boot.
    pub(crate) servers: Servers,
    /// Boots so far; acts of an earlier life are void.
    pub(crate) life: u32,
    /// What it has open.
    pub(crate) open: Open,
    /// Attempts to register since the last success.
    pub(crate) attempts: u32,
    /// It has a session key.
    pub(crate) has_key: bool,
    /// It lost its channel since it booted.
    pub(crate) lost: bool,
    /// A battery unit is awake.
    pub(crate) awake: bool,
}

/// What is particular to one host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// Seconds between two signs of life.
    pub(crate) keepalive: u16,
    /// It sends its token as client id.
    pub(crate) names_client: bool,
    /// It subscribes to the topics of the third version.
    pub(crate) third_version: bool,
    /// It resolves over HTTP as well.
    pub(crate) httpdns: bool,
    /// Low four bits of a registration.
    pub(crate) lbs_flag: u8,
    /// Port of its control server.
    pub(crate) control_port: u16,
    /// Packets of video a second, and octets in each.
    pub(crate) rate: (u32, usize),
    /// The owner registered it with a platform, at home or elsewhere.
    pub(crate) isup_at_home: bool,
}

/// What a host has open.
#[derive(Debug, Default)]
pub(crate) struct Open {
    /// Control channel, of the present generation.
    pub(crate) control: Option<DasChannel>,
    /// Gateway, of the older one.
    pub(crate) gateway: Option<Gateway>,
    /// A view, and when it ends.
    pub(crate) view: Option<(View, Timestamp)>,
    /// An upload to the vendor's storage.
    pub(crate) upload: Option<Upload>,
    /// A download of firmware.
    pub(crate) download: Option<Download>,
    /// A file for the owner's server or a disk, and octets to come.
    pub(crate) owner: Option<(Talk, usize)>,
    /// Registration with the owner's platform.
    pub(crate) isup: Option<UdpTalk>,
}

/// A view that runs.
#[derive(Debug)]
pub(crate) enum View {
    /// With a peer.
    Peer(PeerView),
    /// Over a relay.
    Relay(RelayView),
}

impl Resident {
    /// Its way outside.
    pub(crate) const fn line(&self, router: MacAddr) -> Line {
        Line { seat: self.seat, router, round_trip: self.round_trip }
    }

    /// It is registered: its channel or its gateway stands.
    pub(crate) const fn is_on(&self) -> bool {
        self.open.control.is_some() || self.open.gateway.is_some()
    }
}
