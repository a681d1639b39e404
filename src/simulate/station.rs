//! The hosts of the household: addresses, and what they truly are.
//!
//! Comes in: nothing. Goes out: constants. Vendor devices have address blocks that the IEEE assigned
//! to Hikvision and EZVIZ; the others have locally administered addresses or other makers' blocks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::dhcp_message::LeasePlan;
use super::vendor_message::SadpReply;
use crate::net::MacAddr;

/// One host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Station {
    /// What people call it.
    pub(crate) name: &'static str,
    /// Hardware address.
    pub(crate) mac: MacAddr,
    /// Address that it leases.
    pub(crate) ip: Ipv4Addr,
    /// Second address, of IPv6.
    pub(crate) ipv6: Option<Ipv6Addr>,
    /// Name that it gives when it leases.
    pub(crate) hostname: &'static str,
    /// Vendor class that it gives when it leases.
    pub(crate) vendor_class: &'static str,
    /// The brand, when it is a device that the program looks for.
    pub(crate) vendor: Option<&'static str>,
    /// The maker behind another brand.
    pub(crate) oem_of: Option<&'static str>,
    /// Kind, in the words of the contract.
    pub(crate) kind: &'static str,
    /// Model as it appears on the network.
    pub(crate) model: Option<&'static str>,
    /// Short serial, nine characters.
    pub(crate) serial: Option<&'static str>,
    /// What it answers to a SADP inquiry.
    pub(crate) sadp: Option<SadpReply<'static>>,
}

impl Station {
    pub(crate) const fn plain(
        name: &'static str,
        mac: [u8; 6],
        host: u8,
        hostname: &'static str,
    ) -> Self {
        Self {
            name,
            mac: MacAddr(mac),
            ip: Ipv4Addr::new(192, 168, 1, host),
            ipv6: None,
            hostname,
            vendor_class: "dhcpcd",
            vendor: None,
            oem_of: None,
            kind: "unknown",
            model: None,
            serial: None,
            sadp: None,
        }
    }

    /// The host's end of a flow over IPv4.
    pub(crate) const fn end(&self, port: u16) -> End {
        self.seat().end(port)
    }

    /// The host's addresses on the segment.
    pub(crate) const fn seat(&self) -> Seat {
        Seat { mac: self.mac, ip: self.ip }
    }
}

/// The hardware address and the IPv4 address of one interface of a host at home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Hardware address.
    pub(crate) mac: MacAddr,
    /// IPv4 address.
    pub(crate) ip: Ipv4Addr,
}

impl Seat {
    /// The end of a flow over IPv4.
    pub(crate) const fn end(&self, port: u16) -> End {
        End { mac: self.mac, socket: SocketAddr::new(IpAddr::V4(self.ip), port) }
    }
}

/// One end of a flow on our segment: what is outside has the router's hardware address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// Hardware address on the segment.
    pub(crate) mac: MacAddr,
    /// Address and port.
    pub(crate) socket: SocketAddr,
}

/// What the router at home leases.
pub(crate) const HOME: LeasePlan =
    LeasePlan { server: ROUTER.seat(), mask: Ipv4Addr::new(255, 255, 255, 0), resolver: ROUTER.ip };

/// Gateway, resolver and DHCP server.
pub(crate) const ROUTER: Station =
    Station::plain("router", [0x02, 0x52, 0x4f, 0x55, 0x54, 0x01], 1, "router");

/// Hikvision camera.
pub(crate) const CAMERA: Station = Station {
    vendor_class: "udhcp 1.23.1",
    vendor: Some("hikvision"),
    kind: "camera",
    model: Some("DS-2CD2385G1-I"),
    serial: Some("G40512876"),
    sadp: Some(SadpReply {
        device_type: 141_945,
        description: "DS-2CD2385G1-I",
        device_sn: "DS-2CD2385G1-I20200414AAWRG40512876",
        software: "V5.6.2build 190701",
        oem: "N/A",
    }),
    ..Station::plain("camera", [0x58, 0x50, 0xed, 0x10, 0x20, 0x30], 64, "DS-2CD2385G1-I")
};

/// Hikvision recorder.
pub(crate) const RECORDER: Station = Station {
    vendor_class: "udhcp 1.23.1",
    vendor: Some("hikvision"),
    kind: "recorder",
    model: Some("DS-7608NI-I2"),
    serial: Some("J21467035"),
    sadp: Some(SadpReply {
        device_type: 73_732,
        description: "DS-7608NI-I2",
        device_sn: "DS-7608NI-I220220519CCRRJ21467035WCVU",
        software: "V4.62.210build 221226",
        oem: "N/A",
    }),
    ..Station::plain("recorder", [0x44, 0xa6, 0x42, 0x11, 0x22, 0x33], 65, "DS-7608NI-I2")
};

/// EZVIZ doorbell. It has no SADP; its serial shows in registration and control only.
pub(crate) const DOORBELL: Station = Station {
    vendor_class: "udhcp 1.23.1",
    vendor: Some("ezviz"),
    kind: "doorbell",
    serial: Some("E23456789"),
    ..Station::plain("doorbell", [0x20, 0xbb, 0xbc, 0x44, 0x55, 0x66], 66, "ezviz-db1")
};

/// Annke camera, made by Hikvision.
pub(crate) const REBRANDED: Station = Station {
    vendor_class: "udhcp 1.23.1",
    vendor: Some("annke"),
    oem_of: Some("hikvision"),
    kind: "camera",
    model: Some("ANNKE C500"),
    serial: Some("K80361924"),
    sadp: Some(SadpReply {
        device_type: 155_650,
        description: "ANNKE C500",
        device_sn: "C50020221103AAWRK80361924",
        software: "V5.7.1build 211203",
        oem: "ANNKE",
    }),
    ..Station::plain("rebranded", [0x44, 0xa6, 0x42, 0x77, 0x88, 0x99], 67, "ipcamera")
};

/// A camera of another maker, with a locally administered address.
pub(crate) const OTHER_CAMERA: Station = Station {
    kind: "camera",
    ..Station::plain("other-camera", [0x06, 0x0c, 0x41, 0x4d, 0x00, 0x05], 68, "front-yard")
};

/// A laptop that browses, and looks for cameras once.
pub(crate) const LAPTOP: Station = Station {
    ipv6: Some(Ipv6Addr::new(0xfd42, 0x6869, 0x6b, 1, 0, 0, 0, 0x20)),
    ..Station::plain("laptop", [0x00, 0x00, 0x5e, 0x00, 0x53, 0x20], 32, "laptop")
};

/// A phone with the vendor's app and a random address.
pub(crate) const PHONE: Station = Station {
    vendor_class: "android-dhcp-14",
    ..Station::plain("phone", [0xda, 0xa1, 0x19, 0x3c, 0x5e, 0x7f], 33, "phone")
};

/// Everyone at home, in the order of the truth's table.
pub(crate) const STATIONS: [Station; 8] =
    [ROUTER, CAMERA, RECORDER, DOORBELL, REBRANDED, OTHER_CAMERA, LAPTOP, PHONE];
