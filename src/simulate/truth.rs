//! What is true of the household, and what its frames so far add up to.
//!
//! Comes in: each frame as it is handed out, with who began its flow. Goes out: sums that a test may
//! compare with what the program concluded. It reads addresses only, never an application.

use std::net::IpAddr;

use super::outbox::Parties;
use super::site::site_at;
use super::station::{STATIONS, Station};
use crate::net::{LocalNets, MacAddr, Perimeter};

/// The truth about a household, up to the frame that was handed out last.
#[derive(Debug, Clone)]
pub struct Truth {
    /// Every host at home, cameras or not.
    pub devices: Vec<DeviceTruth>,
    /// Frames handed out.
    pub frames: u64,
    /// Flows whose first frame was handed out. A flow is a 5-tuple in both directions; none of them
    /// comes back after it was silent for so long that a flow table forgets it.
    pub flows: u64,
    /// Bytes of IP, headers included, over all frames.
    pub ip_bytes: u64,
    /// Requests from outside that try CVE-2017-7921 on the camera.
    pub exploit_attempts: u64,
    /// Presses of the doorbell.
    pub doorbell_presses: u64,
    local_nets: LocalNets,
}

/// One host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceTruth {
    /// What it is called here.
    pub name: &'static str,
    /// Hardware address.
    pub mac: MacAddr,
    /// IPv4 address.
    pub ip: IpAddr,
    /// IPv6 address, for a host that has one.
    pub ipv6: Option<IpAddr>,
    /// Brand, for a device that the program is to find; `None` for every other host.
    pub vendor: Option<&'static str>,
    /// Maker behind another brand.
    pub oem_of: Option<&'static str>,
    /// `camera`, `recorder`, `doorbell` or `unknown`; true also of a camera that is not to be found.
    pub kind: &'static str,
    /// Model as the network shows it.
    pub model: Option<&'static str>,
    /// Short serial (nine characters).
    pub serial: Option<&'static str>,
    /// Version and build as the network shows them.
    pub firmware: Option<&'static str>,
    /// Servers outside that it has exchanged frames with, in the order of first contact.
    pub clouds: Vec<CloudTruth>,
    /// Flows that began outside.
    pub inbound: ByteTruth,
    /// Flows that it began to the outside.
    pub outbound: ByteTruth,
    /// Flows within the house, multicast and broadcast included.
    pub internal: ByteTruth,
    /// IP bytes that it sent while it had no address yet (DHCP from 0.0.0.0); in none of the above.
    pub unaddressed_sent: u64,
}

/// A server outside, as one host uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudTruth {
    /// Name; `None` where no name was ever looked up.
    pub domain: Option<&'static str>,
    /// Address.
    pub address: IpAddr,
    /// Whose cloud; `None` for a server that is no vendor's.
    pub vendor: Option<&'static str>,
    /// Role, in the words of the contract.
    pub role: &'static str,
    /// Region, in the words of the contract.
    pub region: &'static str,
    /// `device`, `app` or `both`; `None` for a server that is no vendor's.
    pub speaker: Option<&'static str>,
    /// IP bytes exchanged.
    pub bytes: ByteTruth,
    /// Flows with it.
    pub flows: u64,
}

/// IP bytes, headers included, as the host sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteTruth {
    /// Sent by the host.
    pub sent: u64,
    /// Received by the host; what goes to a group or to all is received by nobody here.
    pub received: u64,
}

impl ByteTruth {
    const fn add(&mut self, sends: bool, bytes: u64) {
        if sends {
            self.sent += bytes;
        } else {
            self.received += bytes;
        }
    }
}

impl Truth {
    pub(crate) fn new() -> Self {
        Self {
            devices: STATIONS.iter().map(DeviceTruth::new).collect(),
            frames: 0,
            flows: 0,
            ip_bytes: 0,
            exploit_attempts: 0,
            doorbell_presses: 0,
            local_nets: LocalNets::default(),
        }
    }

    /// The host of that name.
    #[must_use]
    pub fn device(&self, name: &str) -> Option<&DeviceTruth> {
        self.devices.iter().find(|device| device.name == name)
    }

    /// Counts a frame that is handed out; `parties` is `None` for one without IP.
    pub(crate) fn count(&mut self, parties: Option<&Parties>) {
        self.frames += 1;
        let Some(parties) = parties else { return };
        self.flows += u64::from(parties.begins_flow);
        self.ip_bytes += parties.ip_bytes;
        let (initiator, responder) = parties.initiator_and_responder();
        let perimeter = self.local_nets.perimeter(initiator, responder);
        for device in &mut self.devices {
            let unaddressed = parties.source.is_unspecified() && device.mac == parties.source_mac;
            if unaddressed {
                device.unaddressed_sent += parties.ip_bytes;
            } else if device.has(parties.source) {
                device.count(perimeter, parties, parties.destination, true);
            } else if device.has(parties.destination) {
                device.count(perimeter, parties, parties.source, false);
            }
        }
    }
}

impl DeviceTruth {
    fn new(station: &Station) -> Self {
        Self {
            name: station.name,
            mac: station.mac,
            ip: IpAddr::V4(station.ip),
            ipv6: station.ipv6.map(IpAddr::V6),
            vendor: station.vendor,
            oem_of: station.oem_of,
            kind: station.kind,
            model: station.model,
            serial: station.serial,
            firmware: station.sadp.map(|reply| reply.software),
            clouds: Vec::new(),
            inbound: ByteTruth::default(),
            outbound: ByteTruth::default(),
            internal: ByteTruth::default(),
            unaddressed_sent: 0,
        }
    }

    fn has(&self, address: IpAddr) -> bool {
        self.ip == address || self.ipv6 == Some(address)
    }

    fn count(&mut self, perimeter: Perimeter, parties: &Parties, peer: IpAddr, sends: bool) {
        match perimeter {
            Perimeter::Inbound => self.inbound.add(sends, parties.ip_bytes),
            Perimeter::Outbound => self.outbound.add(sends, parties.ip_bytes),
            Perimeter::Internal | Perimeter::Transit => self.internal.add(sends, parties.ip_bytes),
        }
        let Some(site) = site_at(peer) else { return };
        if !self.clouds.iter().any(|cloud| cloud.address == peer) {
            self.clouds.push(CloudTruth {
                domain: site.domain,
                address: site.address,
                vendor: site.vendor,
                role: site.role,
                region: site.region,
                speaker: site.speaker,
                bytes: ByteTruth::default(),
                flows: 0,
            });
        }
        if let Some(cloud) = self.clouds.iter_mut().find(|cloud| cloud.address == peer) {
            cloud.bytes.add(sends, parties.ip_bytes);
            cloud.flows += u64::from(parties.begins_flow);
        }
    }
}
