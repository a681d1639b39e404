//! A host of a fleet while it runs.
//!
//! Comes in: what the cast has drawn. Goes out: what the scripts need to speak for the host.

use std::net::Ipv4Addr;

use super::dialect::Dialect;
use super::evidence::{EvidenceKind, EvidenceSet};
use super::other_maker::OtherModel;
use super::sheet::Sheet;
use crate::simulate::dhcp_message::LeasePlan;
use crate::simulate::station::Seat;

/// Mask of the segment.
pub(crate) const MASK: Ipv4Addr = Ipv4Addr::new(255, 255, 248, 0);
/// Address of the router.
pub(crate) const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);
/// Address of the name server.
pub(crate) const RESOLVER: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 2);

/// One host.
#[derive(Debug)]
pub(crate) struct Host {
    /// The interfaces, the first one first; never empty.
    pub(crate) seats: Vec<Seat>,
    /// DHCP option 12.
    pub(crate) hostname: String,
    /// DHCP option 60.
    pub(crate) vendor_class: &'static str,
    /// How it words its messages.
    pub(crate) dialect: Dialect,
    /// What it is made of, for a vendor unit.
    pub(crate) unit: Option<Unit>,
    /// What it is made of, for a camera or recorder of another maker.
    pub(crate) other: Option<OtherDevice>,
}

/// A vendor unit.
#[derive(Debug)]
pub(crate) struct Unit {
    /// Its model.
    pub(crate) sheet: &'static Sheet,
    /// Short serial.
    pub(crate) serial: String,
    /// SADP's `DeviceSN`.
    pub(crate) device_sn: String,
    /// Version and build.
    pub(crate) firmware: String,
    /// A password was set.
    pub(crate) activated: bool,
    /// Kinds of evidence that it gives when it is asked or when its time comes.
    pub(crate) voices: EvidenceSet,
    /// Old firmware: SADP replies go to all.
    pub(crate) replies_to_all: bool,
    /// The token of its registration.
    pub(crate) token: [u8; 32],
    /// Channels: brand, model, serial and address of each host behind a recorder.
    pub(crate) channels: Vec<Channel>,
    /// Channels that it says it has.
    pub(crate) channel_count: u16,
}

/// A camera that a recorder records.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    /// Its model.
    pub(crate) model: &'static str,
    /// Its short serial.
    pub(crate) serial: String,
    /// Its address when the recorder was set up.
    pub(crate) ip: Ipv4Addr,
}

/// A device of another maker.
#[derive(Debug)]
pub(crate) struct OtherDevice {
    /// Its maker and model.
    pub(crate) model: &'static OtherModel,
    /// Its serial.
    pub(crate) serial: String,
}

impl Host {
    /// The first interface.
    pub(crate) fn seat(&self) -> Seat {
        let nowhere = Seat { mac: crate::net::MacAddr::ZERO, ip: Ipv4Addr::UNSPECIFIED };
        self.seats.first().copied().unwrap_or(nowhere)
    }

    /// The interface that faces the clouds: the second one, where there is one (Wi-Fi).
    pub(crate) fn cloud_seat(&self) -> Seat {
        self.seats.last().copied().unwrap_or_else(|| self.seat())
    }

    /// Tells whether the unit gives that kind of evidence.
    pub(crate) fn speaks(&self, kind: EvidenceKind) -> bool {
        self.unit.as_ref().is_some_and(|unit| unit.voices.contains(kind))
    }
}

/// What the router leases.
pub(crate) const fn lease_plan(router: Seat) -> LeasePlan {
    LeasePlan { server: router, mask: MASK, resolver: RESOLVER }
}
