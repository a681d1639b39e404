//! What is true of a fleet: who every host is, and what it has given away.
//!
//! Comes in: the cast, and what its scripts have sent. Goes out: plain values. It is decided by published facts
//! before anything reads the frames, and reads no frame itself.

use std::net::IpAddr;

use super::evidence::{EvidenceKind, EvidenceSet};
use super::unit_kind::UnitKind;
use crate::net::{MacAddr, Timestamp};

/// The truth about a fleet. What changes with time (evidence, addresses, firmware, activation) is complete when
/// the fleet has given its last frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetTruth {
    /// Every host.
    pub hosts: Vec<HostTruth>,
    /// What spoofers have said of others.
    pub forged: Vec<ForgedClaim>,
    /// Frames handed out.
    pub frames: u64,
}

/// One host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostTruth {
    /// What it is called here; no other host is called so.
    pub name: String,
    /// What it is.
    pub role: FleetRole,
    /// More about a vendor unit; `None` for every other host.
    pub unit: Option<UnitTruth>,
    /// Hardware addresses of its interfaces, the wired one first.
    pub macs: Vec<MacAddr>,
    /// A hardware address is locally administered, as a phone's random one.
    pub random_mac: bool,
    /// IPv4 addresses that it has had, in the order of time.
    pub addresses: Vec<AddressTruth>,
    /// Kinds of evidence that it has given so far. For a host that is no vendor unit these are the misleading
    /// ones: marks of the vendor that it shows for another reason.
    pub evidence: EvidenceSet,
}

/// An address and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressTruth {
    /// The interface.
    pub mac: MacAddr,
    /// The address.
    pub ip: IpAddr,
    /// When it was leased.
    pub since: Timestamp,
    /// When the host left it; `None` while it holds it.
    pub until: Option<Timestamp>,
}

/// What a vendor unit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitTruth {
    /// Kind, finer than the one of the contract.
    pub kind: UnitKind,
    /// Brand, in lower case.
    pub vendor: &'static str,
    /// Maker behind another brand.
    pub oem_of: Option<&'static str>,
    /// Kind in the words of the contract: `camera`, `recorder`, `doorbell`, `access-control`, `intercom` or
    /// `unknown`.
    pub device_kind: &'static str,
    /// Model as the network shows it; `None` for a unit whose protocols never say it.
    pub model: Option<&'static str>,
    /// No published source quotes the model's name; it only follows the grammar of those that are.
    pub model_constructed: bool,
    /// Short serial, nine characters.
    pub serial: String,
    /// Version and build, the last one.
    pub firmware: String,
    /// Version and build before an update in the run.
    pub firmware_before: Option<String>,
    /// A password was set (SADP `Activated`), at the end.
    pub activated: bool,
    /// It was activated in the run.
    pub activated_in_run: bool,
    /// None of its hardware addresses is in a block of the vendor's group: a module maker's, or a random one.
    pub foreign_mac: bool,
    /// Indices of the hosts that a recorder has as channels.
    pub channels: Vec<usize>,
    /// Channels that a recorder says it has, those without a host here included.
    pub channel_count: u16,
}

/// What a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FleetRole {
    /// A device of the vendor, or one that others sell under their names.
    VendorUnit,
    /// A camera of another maker.
    OtherCamera,
    /// A recorder of another maker that views cameras of the vendor too.
    OtherRecorder,
    /// A phone with the vendor's app.
    AppPhone,
    /// A home automation server that views the vendor's cameras and asks its open platform.
    HomeAssistant,
    /// A desktop with the vendor's viewing software.
    ViewingDesktop,
    /// A laptop that runs a SADP tool.
    SadpTool,
    /// A management server that probes ports, web pages and SNMP of everyone.
    Scanner,
    /// A desktop that visits the vendor's web pages and installer portals.
    PortalVisitor,
    /// A gateway of lamps with the UPnP device type that the vendor's firmware has too.
    LampGateway,
    /// An ordinary machine that takes its time from the vendor's time servers.
    TimeBorrower,
    /// A host that looks up names which resemble the vendor's (`hicloud.com`, `chiddns.com`, ...).
    NameLookalike,
    /// A host whose block a widely used tool calls the vendor's by mistake (A4:5E:60).
    FalseMaker,
    /// A host with a random address that begins like the vendor's locally administered block (4A:C0:3F).
    RandomLookalike,
    /// A host that signs on to MQTT with the password `test`, without the vendor's will topic.
    MqttTest,
    /// A host that uses `EtherType` 0x8033 for something else.
    OtherEtherType,
    /// The name server, which asks upstream what everyone asked it.
    NameServer,
    /// The router.
    Router,
    /// A host that says what is not true.
    Spoofer(SpoofKind),
    /// Anything else: desktops, phones, printers, televisions, sensors.
    Ordinary,
}

/// What a spoofer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpoofKind {
    /// It sends SADP replies that name other hosts.
    SadpReplies,
    /// It takes the hardware address of a vendor unit, and an address of its own.
    Mac,
    /// It claims the IP address of a vendor unit by ARP, and answers under it.
    Address,
}

/// A lie of a spoofer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForgedClaim {
    /// Index of the spoofer.
    pub by: usize,
    /// Hardware address that it names or takes.
    pub mac: MacAddr,
    /// IP address that it names or takes.
    pub ip: IpAddr,
    /// Index of the host whose addresses these are; `None` where nobody has them.
    pub victim: Option<usize>,
}

impl FleetRole {
    /// The role in words.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::VendorUnit => "vendor-unit",
            Self::OtherCamera => "other-camera",
            Self::OtherRecorder => "other-recorder",
            Self::AppPhone => "app-phone",
            Self::HomeAssistant => "home-assistant",
            Self::ViewingDesktop => "viewing-desktop",
            Self::SadpTool => "sadp-tool",
            Self::Scanner => "scanner",
            Self::PortalVisitor => "portal-visitor",
            Self::LampGateway => "lamp-gateway",
            Self::TimeBorrower => "time-borrower",
            Self::NameLookalike => "name-lookalike",
            Self::FalseMaker => "false-maker",
            Self::RandomLookalike => "random-lookalike",
            Self::MqttTest => "mqtt-test",
            Self::OtherEtherType => "other-ether-type",
            Self::NameServer => "name-server",
            Self::Router => "router",
            Self::Spoofer(SpoofKind::SadpReplies) => "sadp-spoofer",
            Self::Spoofer(SpoofKind::Mac) => "mac-spoofer",
            Self::Spoofer(SpoofKind::Address) => "address-spoofer",
            Self::Ordinary => "ordinary",
        }
    }
}

impl FleetTruth {
    /// The vendor units, with their indices.
    pub fn units(&self) -> impl Iterator<Item = (usize, &HostTruth, &UnitTruth)> {
        self.hosts
            .iter()
            .enumerate()
            .filter_map(|(index, host)| Some((index, host, host.unit.as_ref()?)))
    }

    /// The hosts with that hardware address: one, or two where a spoofer has taken it.
    pub fn with_mac(&self, mac: MacAddr) -> impl Iterator<Item = &HostTruth> {
        self.hosts.iter().filter(move |host| host.macs.contains(&mac))
    }

    /// The hosts that have had that address.
    pub fn with_address(&self, ip: IpAddr) -> impl Iterator<Item = &HostTruth> {
        self.hosts.iter().filter(move |host| host.addresses.iter().any(|held| held.ip == ip))
    }
}

impl HostTruth {
    /// Tells whether a passive observer could have known this vendor unit: it gave two kinds of evidence, of which
    /// one is specific to the vendor, or more. False for every other host.
    #[must_use]
    pub fn is_findable(&self) -> bool {
        self.unit.is_some()
            && self.evidence.len() >= 2
            && self.evidence.iter().any(EvidenceKind::is_specific)
    }

    /// The address that it held last on its first interface.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        let first = self.macs.first()?;
        self.addresses.iter().rev().find(|held| held.mac == *first).map(|held| held.ip)
    }
}
