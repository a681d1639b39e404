//! Who lives in the household, and the servers outside, as the incidents need them.
//!
//! Comes in: nothing. Goes out: constants. The devices of [`CURRENT`] are those of the household with firmware built after
//! every fix that is published; addresses outside are from documentation ranges (RFC 5737).

use std::net::{IpAddr, Ipv4Addr};

use crate::net::MacAddr;
use crate::simulate::site::Site;
use crate::simulate::station::{self, OTHER_CAMERA, PHONE, REBRANDED, ROUTER, Seat, Station};
use crate::simulate::vendor_message::SadpReply;

/// Version and build after every published fix.
pub(crate) const FIXED_BUILD: &str = "V5.8.21build 251010";
/// A build before the fixes of CVE-2021-36260 (June 2021) and CVE-2025-66177 (August 2025, builds before 250807).
pub(crate) const OLD_BUILD: &str = "V5.5.0build 170725";

/// The vendor devices that always live here, and the laptop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cast {
    pub(crate) camera: &'static Station,
    pub(crate) recorder: &'static Station,
    pub(crate) doorbell: &'static Station,
    pub(crate) laptop: &'static Station,
    pub(crate) phone: &'static Station,
    /// A rebranded camera and one of another maker, where they live here too.
    pub(crate) guests: &'static [&'static Station],
}

/// The household's own.
pub(crate) const HOUSEHOLD: Cast = Cast {
    camera: &station::CAMERA,
    recorder: &station::RECORDER,
    doorbell: &station::DOORBELL,
    laptop: &station::LAPTOP,
    phone: &PHONE,
    guests: &[&REBRANDED, &OTHER_CAMERA],
};

/// The same with current firmware, and no guests.
pub(crate) const CURRENT: Cast = Cast {
    camera: &CAMERA,
    recorder: &RECORDER,
    doorbell: &station::DOORBELL,
    laptop: &station::LAPTOP,
    phone: &PHONE,
    guests: &[],
};

const fn with_build(host: Station, software: &'static str) -> Station {
    let sadp = match host.sadp {
        Some(reply) => Some(SadpReply { software, ..reply }),
        None => None,
    };
    Station { sadp, ..host }
}

pub(crate) const CAMERA: Station = with_build(station::CAMERA, FIXED_BUILD);
pub(crate) const RECORDER: Station = with_build(station::RECORDER, "V4.84.105build 250929");

/// The camera after an update.
pub(crate) const UPDATED_CAMERA: Station = with_build(station::CAMERA, "V5.8.30build 251120");

/// A second camera, which comes when the household is known.
pub(crate) const NEWCOMER: Station = Station {
    vendor_class: "udhcp 1.23.1",
    vendor: Some("hikvision"),
    kind: "camera",
    model: Some("DS-2CD2143G2-I"),
    serial: Some("L31290857"),
    sadp: Some(SadpReply {
        device_type: 141_945,
        description: "DS-2CD2143G2-I",
        device_sn: "DS-2CD2143G2-I20250311AAWRL31290857",
        software: FIXED_BUILD,
        oem: "N/A",
    }),
    ..Station::plain("newcomer", [0x58, 0x50, 0xed, 0x31, 0x29, 0x08], 69, "DS-2CD2143G2-I")
};

/// It, long not updated.
pub(crate) const OLD_NEWCOMER: Station = with_build(NEWCOMER, OLD_BUILD);

/// The rebranded camera with current firmware.
pub(crate) const CURRENT_REBRANDED: Station = with_build(REBRANDED, "V5.8.21build 251010");

/// A guest's computer.
pub(crate) const VISITOR: Station =
    Station::plain("visitor", [0x00, 0x00, 0x5e, 0x00, 0x53, 0x61], 61, "visitor");

/// A disk at home, to which cameras send pictures.
pub(crate) const DISK: Station =
    Station::plain("disk", [0x00, 0x00, 0x5e, 0x00, 0x53, 0x62], 62, "disk");

/// The owner's choice of time servers.
pub(crate) const OWNERS_TIME: Site = server("ntp1.example.net", [203, 0, 113, 51], 123);
pub(crate) const OWNERS_OTHER_TIME: Site = server("ntp2.example.net", [203, 0, 113, 52], 123);

/// A name that nobody here has spoken to.
pub(crate) const UNKNOWN_NAME: Site = server("collect.example.org", [203, 0, 113, 90], 443);

/// The resolver of somebody else.
pub(crate) const FOREIGN_RESOLVER: Seat =
    Seat { mac: ROUTER.mac, ip: Ipv4Addr::new(198, 51, 100, 53) };

/// The same over TLS (RFC 7858).
pub(crate) const RESOLVER_OVER_TLS: Site =
    Site { domain: None, ..server("", [198, 51, 100, 53], 853) };

/// Control server of Hikvision devices; its address comes in the registration.
pub(crate) const HIK_CONTROL: Site = Site {
    domain: None,
    ..Site::vendors("", [198, 51, 100, 31], 8_820, ["hikvision", "control", "unknown", "device"])
};

/// A host at home that is not there, by number.
pub(crate) const fn vacant(number: u8) -> Seat {
    Seat {
        mac: MacAddr([0x00, 0x00, 0x5e, 0x00, 0x53, number]),
        ip: Ipv4Addr::new(192, 168, 1, number),
    }
}

/// The same server at another address.
pub(crate) const fn moved(site: &Site, address: [u8; 4]) -> Site {
    let [a, b, c, d] = address;
    Site { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), ..*site }
}

const fn server(name: &'static str, host: [u8; 4], port: u16) -> Site {
    let [a, b, c, d] = host;
    Site::ordinary(name, IpAddr::V4(Ipv4Addr::new(a, b, c, d)), port)
}
