//! Who is in a fleet.
//!
//! Comes in: a seed and a plan. Goes out: the hosts and the truth about them, index by index. What a host is
//! depends on the seed and the plan alone.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use super::dialect::Dialect;
use super::evidence::EvidenceSet;
use super::host::{GATEWAY, Host, OtherDevice, RESOLVER};
use super::maker::{
    FALSE_HIKVISION, HIKSTORAGE, MODULE, ORDINARY, RASPBERRY, address_in, random_address,
};
use super::other_maker::{OTHER_MODELS, OTHER_RECORDER};
use super::plan::{FleetPlan, MOST_HOSTS};
use super::truth::{AddressTruth, FleetRole, FleetTruth, HostTruth, SpoofKind};
use crate::net::{MacAddr, Timestamp};
use crate::simulate::prng::Prng;
use crate::simulate::station::Seat;

/// The roles with a fixed number of hosts that stand before the vendor units.
const FIRST: [(FleetRole, usize); 7] = [
    (FleetRole::Router, 1),
    (FleetRole::NameServer, 1),
    (FleetRole::SadpTool, 1),
    (FleetRole::Scanner, 1),
    (FleetRole::HomeAssistant, 2),
    (FleetRole::ViewingDesktop, 2),
    (FleetRole::OtherRecorder, 2),
];
/// The roles with a fixed number of hosts that stand behind them.
const THEN: [(FleetRole, usize); 11] = [
    (FleetRole::PortalVisitor, 2),
    (FleetRole::LampGateway, 2),
    (FleetRole::TimeBorrower, 4),
    (FleetRole::NameLookalike, 6),
    (FleetRole::FalseMaker, 5),
    (FleetRole::RandomLookalike, 2),
    (FleetRole::MqttTest, 2),
    (FleetRole::OtherEtherType, 1),
    (FleetRole::Spoofer(SpoofKind::SadpReplies), 1),
    (FleetRole::Spoofer(SpoofKind::Mac), 1),
    (FleetRole::Spoofer(SpoofKind::Address), 1),
];
/// Of the hosts that are left, how many in a hundred are cameras of other makers, and how many phones with the
/// vendor's app.
const CAMERA_PERCENT: usize = 18;
const PHONE_PERCENT: usize = 12;

/// The hosts of a fleet, and the truth about them.
#[derive(Debug)]
pub(crate) struct Cast {
    /// The hosts.
    pub(crate) hosts: Vec<Host>,
    /// The truth, in the same order.
    pub(crate) truth: FleetTruth,
    /// Source of all that the cast draws.
    pub(crate) prng: Prng,
    /// What it was made from.
    pub(crate) plan: FleetPlan,
    /// When everything begins.
    pub(crate) start: Timestamp,
    macs: BTreeSet<MacAddr>,
    serials: BTreeSet<String>,
    next_host: u32,
}

impl Cast {
    /// Draws a fleet.
    pub(crate) fn draw(seed: u64, start: Timestamp, plan: FleetPlan) -> Self {
        let mut this = Self {
            hosts: Vec::new(),
            truth: FleetTruth { hosts: Vec::new(), forged: Vec::new(), frames: 0 },
            prng: Prng::new(seed ^ 0x00f1_ee70),
            plan,
            start,
            macs: BTreeSet::new(),
            serials: BTreeSet::new(),
            // Behind the fixed addresses.
            next_host: u32::from(RESOLVER) + 8,
        };
        let total = plan.hosts.min(MOST_HOSTS);
        this.add_all(&FIRST);
        this.add_units();
        this.add_all(&THEN);
        let rest = total.saturating_sub(this.hosts.len());
        let cameras = rest * CAMERA_PERCENT / 100;
        let phones = rest * PHONE_PERCENT / 100;
        let ordinary = rest - cameras - phones;
        this.add_all(&[
            (FleetRole::OtherCamera, cameras),
            (FleetRole::AppPhone, phones),
            (FleetRole::Ordinary, ordinary),
        ]);
        this
    }

    /// An address that no host has had.
    pub(crate) fn address(&mut self) -> Ipv4Addr {
        let address = Ipv4Addr::from(self.next_host);
        self.next_host += 1;
        // Some octets are reserved for broadcast by careless devices; nobody gets them.
        if matches!(address.octets(), [_, _, _, 0 | 255]) { self.address() } else { address }
    }

    /// A hardware address in one of the blocks, or a random one where there is none, that nobody has.
    pub(crate) fn mac(&mut self, blocks: &[u32]) -> MacAddr {
        loop {
            let mac = if blocks.is_empty() {
                random_address(&mut self.prng)
            } else {
                address_in(&mut self.prng, blocks)
            };
            if self.macs.insert(mac) {
                return mac;
            }
        }
    }

    /// A short serial that nobody has: a letter and eight digits.
    pub(crate) fn serial(&mut self) -> String {
        loop {
            let letter = self.pick(&['B', 'C', 'D', 'E', 'F', 'G', 'J', 'K', 'L']);
            let serial = format!("{letter}{:08}", self.prng.below(100_000_000));
            if self.serials.insert(serial.clone()) {
                return serial;
            }
        }
    }

    /// One of `choices`.
    pub(crate) fn pick<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        let at = usize::try_from(self.prng.below(choices.len() as u64)).unwrap_or(0);
        choices.get(at).copied().unwrap_or_default()
    }

    /// Adds a host; gives its index.
    pub(crate) fn add(&mut self, host: Host, truth: HostTruth) -> usize {
        self.hosts.push(host);
        self.truth.hosts.push(truth);
        self.hosts.len() - 1
    }

    /// What the truth says of a new host with these interfaces.
    pub(crate) fn truth_of(&self, role: FleetRole, name: String, seats: &[Seat]) -> HostTruth {
        let hold = |seat: &Seat| AddressTruth {
            mac: seat.mac,
            ip: IpAddr::V4(seat.ip),
            since: self.start,
            until: None,
        };
        HostTruth {
            name,
            role,
            unit: None,
            macs: seats.iter().map(|seat| seat.mac).collect(),
            random_mac: seats.iter().any(|seat| seat.mac.is_locally_administered()),
            addresses: seats.iter().map(hold).collect(),
            evidence: EvidenceSet::NONE,
        }
    }

    fn add_all(&mut self, roles: &[(FleetRole, usize)]) {
        for (role, number) in roles {
            for index in 0..*number {
                self.add_other(*role, index);
            }
        }
    }

    fn add_other(&mut self, role: FleetRole, index: usize) {
        let other = if role == FleetRole::OtherCamera {
            OTHER_MODELS.get(index % OTHER_MODELS.len())
        } else {
            (role == FleetRole::OtherRecorder).then_some(&OTHER_RECORDER)
        };
        let (blocks, hostname, vendor_class) = self.dress(role, index);
        let blocks = other.map_or(blocks, |model| model.blocks);
        let mac = self.mac(blocks);
        let ip = if role == FleetRole::Router {
            GATEWAY
        } else if role == FleetRole::NameServer {
            RESOLVER
        } else {
            self.address()
        };
        let seat = Seat { mac, ip };
        let serial = format!("{:010X}", self.prng.below(1 << 40));
        let dialect = Dialect::draw(&mut self.prng, self.plan.mutation);
        let name = format!("{}-{index:03}", role.as_label());
        let truth = self.truth_of(role, name, &[seat]);
        let host = Host {
            seats: vec![seat],
            hostname: other.map_or(hostname, |model| model.model.to_owned()),
            vendor_class,
            dialect,
            unit: None,
            other: other.map(|model| OtherDevice { model, serial }),
        };
        self.add(host, truth);
    }

    /// Address blocks (none for a random address), host name and vendor class of a host that is no device.
    fn dress(&mut self, role: FleetRole, index: usize) -> (&'static [u32], String, &'static str) {
        let ordinary = role == FleetRole::Ordinary;
        let phone = role == FleetRole::AppPhone || ordinary && index.is_multiple_of(5);
        if phone {
            (&[], format!("phone-{index}"), "android-dhcp-14")
        } else if role == FleetRole::RandomLookalike {
            (&HIKSTORAGE, String::new(), "android-dhcp-14")
        } else if role == FleetRole::FalseMaker {
            (&FALSE_HIKVISION, format!("macbook-{index}"), "")
        } else if role == FleetRole::HomeAssistant {
            (&RASPBERRY, "homeassistant".to_owned(), "dhcpcd")
        } else if role == FleetRole::NameServer {
            (&RASPBERRY, "pi-hole".to_owned(), "dhcpcd")
        } else if matches!(role, FleetRole::OtherCamera | FleetRole::LampGateway) {
            (&ORDINARY, "gateway".to_owned(), "udhcp 1.23.1")
        } else if ordinary && index % 11 == 1 {
            // Ordinary machines with the modules that some of the vendor's units have.
            (&MODULE, format!("laptop-{index}"), "MSFT 5.0")
        } else if ordinary {
            let name = self.pick(&["desktop", "printer", "tv", "sensor", "nas"]);
            (&ORDINARY, format!("{name}-{index}"), "dhcpcd")
        } else {
            (&ORDINARY, format!("host-{index}"), "MSFT 5.0")
        }
    }
}
