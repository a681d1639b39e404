//! The servers that a device uses between two boots.
//!
//! Comes in: a kind and a pool of addresses. Goes out: endpoints. Names and ports are the published ones; addresses are
//! rented anew at each boot.

use super::address_pool::AddressPool;
use super::resident::EstateKind;
use crate::simulate::cloud::{Endpoint, RECORDER_ACCESS};
use crate::simulate::prng::Prng;
use crate::simulate::tag::{FlowRole, Tag};

/// Where EZVIZ devices register, in Europe, anywhere and in China.
const EZVIZ_REGISTRATIONS: [&str; 3] =
    ["litedev.eu.ezvizlife.com", "litedev.ezvizlife.com", "litedev.ys7.com"];
/// Gateways of the older generation.
const OLD_GATEWAYS: [&str; 3] = ["dev.us.ezviz7.com", "dev.ezviz7.com", "dev.ezvizlife.com"];
/// Where notices go.
const ALARMS: [&str; 2] = ["alarmeu.ezvizlife.com", "alarmus.ezvizlife.com"];

/// A device's servers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Servers {
    /// Where it registers: LBS, or the gateway of the older generation.
    pub(crate) registration: Endpoint,
    /// Its control server; the address comes in the registration.
    pub(crate) control: Endpoint,
    /// Its two STUN servers.
    pub(crate) stun: [Endpoint; 2],
    /// The server that brings peers together.
    pub(crate) p2p: Endpoint,
    /// Storage of snapshots and clips.
    pub(crate) storage: Endpoint,
    /// Where notices go.
    pub(crate) push: Endpoint,
    /// Time.
    pub(crate) time: Endpoint,
    /// Firmware.
    pub(crate) firmware: Endpoint,
    /// Dynamic DNS.
    pub(crate) ddns: Endpoint,
}

impl Servers {
    /// Rents the servers of a device.
    pub(crate) fn rent(
        prng: &mut Prng,
        pool: &mut AddressPool,
        kind: EstateKind,
        control_port: u16,
    ) -> Self {
        use EstateKind as K;
        let vendor = kind.vendor();
        let mut at = |role, name, port, vendor| Endpoint {
            address: pool.rent(),
            port,
            tag: Tag { role, vendor, name },
        };
        let (role, names, port): (_, &[&'static str], _) = match kind {
            K::HikCamera | K::HikRecorder => (FlowRole::Registration, &[RECORDER_ACCESS], 8666),
            K::OldGeneration => (FlowRole::Gateway, &OLD_GATEWAYS, 8555),
            K::EzvizCamera
            | K::EzvizDoorbell
            | K::EzvizBattery
            | K::Phone
            | K::Laptop
            | K::OtherCamera
            | K::Console
            | K::TunnelHost
            | K::TimeHost => (FlowRole::Registration, &EZVIZ_REGISTRATIONS, 8666),
        };
        let mut one_of = |names: &[&'static str]| {
            let number = usize::try_from(prng.below(names.len() as u64)).unwrap_or(0);
            names.get(number).copied()
        };
        let (name, alarm) = (one_of(names), one_of(&ALARMS));
        let stun_ports = if prng.below(3) == 0 { [31_007, 6002] } else { [6002, 6003] };
        Self {
            registration: at(role, name, port, vendor),
            control: at(FlowRole::Control, None, control_port, vendor),
            stun: stun_ports.map(|port| at(FlowRole::Stun, None, port, vendor)),
            p2p: at(FlowRole::P2pServer, None, 6000, vendor),
            storage: at(FlowRole::Storage, Some("alarm.eu.s3.amazonaws.com"), 443, Some("ezviz")),
            push: at(FlowRole::Push, alarm, 7400, Some("ezviz")),
            time: at(FlowRole::VendorTime, Some("time.ys7.com"), 123, Some("ezviz")),
            firmware: at(
                FlowRole::Firmware,
                Some("www.hikvisioneurope.com"),
                80,
                Some("hikvision"),
            ),
            ddns: at(FlowRole::Ddns, Some("www.hiddns.com"), 80, Some("hikvision")),
        }
    }
}
